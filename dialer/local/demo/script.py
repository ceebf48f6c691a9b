"""The demo's calls, the faults they meet, and the state in which each must end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from dialer.domain.job.job import State
from dialer.sandbox.faults import Fault, When
from dialer.sandbox.world import Account, Agent, Campaign, Habits, World

USER_ID: Final = "00000001"
TOKEN: Final = "sandbox-token-not-secret"  # noqa: S105 - the sandbox's, and it says so
#: The agent who comes to work late.
AGENT: Final = "31"
#: Longer than the demo's wire.deadline: the client gives up first.
SILENCE: Final = timedelta(seconds=8)
#: Shorter than it: long enough to be killed in, answered when one is not.
SLOWNESS: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Scene:
    """
    Calls to which the same thing happens, and the state in which every one of them must end.

    Attributes:
        name: Begins the key of each of its calls.
        fault: Played by the sandbox for each; None for an honest answer.
        once: Whether only for the first request of each call.
        after: How long after the enqueueing they may be dialled.
    """

    name: str
    calls: int
    ends: State
    fault: Fault | None = None
    once: bool = False
    after: timedelta = timedelta(0)

    def numbers(self) -> list[str]:
        """The customers' numbers; made up."""
        first = SCENES.index(self) * 1000
        return [f"90000{first + nth:05d}" for nth in range(1, self.calls + 1)]

    def keys(self) -> list[str]:
        """The keys of its calls, in the order of the numbers."""
        return [f"{self.name}-{nth}" for nth in range(1, self.calls + 1)]


def _code(code: str) -> Fault:
    return Fault(do="code", code=code)


PLAIN: Final = Scene("plain", 110, State.PLACED)
#: Answered slowly, so that a worker can be killed while their requests are open.
SLOW: Final = Scene("slow", 8, State.PLACED, Fault(do="slow_first_byte", hold=SLOWNESS))
#: Put on the do-not-call list after they were enqueued.
UNWANTED: Final = Scene("unwanted", 3, State.SKIPPED, after=timedelta(seconds=4))
#: On the provider's own register: the API refuses them by its own rules.
REGISTERED: Final = Scene("registered", 3, State.DEAD)
#: Made by an agent who is not there yet.
AGENTS: Final = Scene("agent", 3, State.PLACED)
#: Refused for a reason that stops the whole account until a person looks.
STOPPING: Final = Scene(
    "stopping", 1, State.PLACED, _code("1015"), once=True, after=timedelta(seconds=7)
)

SCENES: Final = (
    PLAIN,
    SLOW,
    Scene("retried", 6, State.PLACED, _code("1501"), once=True),
    Scene("hopeless", 3, State.DEAD, _code("1501")),
    REGISTERED,
    Scene("rung-then-dropped", 3, State.UNCONFIRMED, Fault(do="place_then_drop")),
    Scene("dropped-unrung", 3, State.UNCONFIRMED, Fault(do="drop_before_place")),
    Scene("silent", 2, State.UNCONFIRMED, Fault(do="slow_first_byte", hold=SILENCE)),
    Scene("too-fast", 1, State.PLACED, Fault(do="status", status=429, place=False), once=True),
    AGENTS,
    UNWANTED,
    STOPPING,
)


def lines(now: datetime) -> list[str]:
    """File of calls, one JSON object a line, scenes well mixed; times count from *now* (aware)."""
    made = [json.dumps(order) for scene in SCENES for order in _orders(scene, now)]
    Random(len(made)).shuffle(made)  # noqa: S311 - the same mixture every time
    return made


def _orders(scene: Scene, now: datetime) -> Iterator[dict[str, Any]]:
    for key, number in zip(scene.keys(), scene.numbers(), strict=True):
        order: dict[str, Any] = {"key": key, "from": "8000000001", "to": number}
        if scene is AGENTS:
            order |= {"from": AGENT, "fromType": "Agent"}
        if scene is SLOW:
            order["priority"] = 7
        if scene.after:
            order["not_before"] = (now + scene.after).isoformat()
        yield order


def faults() -> Iterator[Fault]:
    """Faults of the sandbox, each rule for one customer."""
    for scene in SCENES:
        if scene.fault is not None:
            for number in scene.numbers():
                when = When(numbers=frozenset({number}), times=1 if scene.once else None)
                yield scene.fault.model_copy(update={"when": when})


def world(*, agent_is_there: bool) -> World:
    """The provider's side: quick people, one account, one agent."""
    return World(
        accounts={
            USER_ID: Account(
                campaigns={TOKEN: Campaign()},
                agents={AGENT: Agent(available=agent_is_there)},
            )
        },
        dnd=frozenset(REGISTERED.numbers()),
        habits=Habits(picks_up=(0, 0.01), talk=(timedelta(0), timedelta(seconds=0.1))),
    )


def scene_of(key: str) -> Scene:
    """Scene that a job's key belongs to."""
    name = key.rpartition("-")[0]
    return next(scene for scene in SCENES if scene.name == name)
