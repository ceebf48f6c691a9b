"""
What the sandbox believes to exist: accounts, their people and sounds, limits, habits.

A `World` never changes; `Sandbox.use` puts another in its place. It is built in
Python or read from JSON with the same field names, and an unknown name is an error.
"""

import math
import random
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialer.sandbox.duration import Duration

Mode = Literal["live", "developer"]
DndFilter = Literal["", "from", "to", "both"]
TenDigits = Annotated[str, Field(pattern=r"^[2-9][0-9]{9}$")]

#: z-score of the 99th percentile, to turn a p99 into the sigma of a lognormal.
_Z99: Final = 2.3263478740408408


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agent(_Part):
    """One agent: whether logged in by web and by phone, willing to take a call, and the own CLI."""

    web_login: bool = True
    call_login: bool = True
    available: bool = True
    cli: str = ""


class Group(_Part):
    """A group of agents of the same account, rung in this order."""

    members: tuple[str, ...] = Field(min_length=1)


class Campaign(_Part):
    """
    What a campaign token allows.

    Attributes:
        multi_value: Whether `from` and `to` may hold more than one value.
        default_mode: The mode of a request that names none; the vendor's is live.
        dnd_filter: The legs checked against the DND list when the request does
            not say; as set in the vendor's panel.
    """

    multi_value: bool = False
    default_mode: Mode = "live"
    dnd_filter: DndFilter = "to"


class Limits(_Part):
    """
    How much the vendor takes of one account; None is no limit.

    Attributes:
        calls_per_second: Long-run rate of requests, after *burst* at once.
        concurrent_legs: Legs that may be up together; a call has two until it ends.
        over_rate: What a request over the rate gets: an HTTP status, the answer
            *over_code*, or a silent wait until there is room.
        over_legs: What a request over the legs gets.
        retry_after: Sent with 429 and 503 when set; whole seconds on the wire.
    """

    calls_per_second: float | None = Field(default=None, ge=0.001)
    burst: int = Field(default=1, ge=1)
    concurrent_legs: int | None = Field(default=None, ge=0)
    over_rate: Literal["429", "503", "code", "slow"] = "429"
    over_legs: Literal["429", "503", "code"] = "429"
    over_code: str = "1999"
    retry_after: Duration | None = None


class Account(_Part):
    """One `user_id`: campaign tokens, agents, groups, announcements, CLIs, limits."""

    campaigns: dict[str, Campaign] = Field(repr=False)
    agents: dict[str, Agent] = {}
    groups: dict[str, Group] = {}
    announcements: frozenset[str] = frozenset()
    clis: frozenset[str] = frozenset()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _members_exist(self) -> Self:
        for name, group in self.groups.items():
            if missing := [agent for agent in group.members if agent not in self.agents]:
                raise ValueError(f"groups.{name}.members: no such agent: {', '.join(missing)}")
        return self


class Latency(_Part):
    """
    How long the vendor thinks before its first byte; lognormal, zero by default.

    Measurements of the real API are not public: "250ms" and "4s" are a guess.
    """

    median: Duration = timedelta(0)
    p99: Duration = timedelta(0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.p99 and not timedelta(0) < self.median <= self.p99:
            raise ValueError("p99: must not be below median, and median must be above zero")
        return self

    def draw(self, rng: random.Random) -> timedelta:
        """Draw one delay; without a p99 it is always the median."""
        if not self.p99:
            return self.median
        sigma = math.log(self.p99 / self.median) / _Z99
        return self.median * rng.lognormvariate(0, sigma)


class Habits(_Part):
    """
    How the people on the phone behave, and how long the switch takes.

    Attributes:
        from_answers: Chance that one ring of the first leg is answered.
        to_answers: Same for the second leg.
        picks_up: Earliest and latest moment of picking up, as shares of the ring time.
        talk: Shortest and longest talk.
        setup: From the request to the first ring.
        retry_pause: Silence between two rounds of ringing.
    """

    from_answers: float = Field(default=1.0, ge=0, le=1)
    to_answers: float = Field(default=1.0, ge=0, le=1)
    picks_up: tuple[float, float] = (0.2, 0.8)
    talk: tuple[Duration, Duration] = (timedelta(seconds=20), timedelta(seconds=60))
    setup: Duration = timedelta(0)
    retry_pause: Duration = timedelta(0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= self.picks_up[0] <= self.picks_up[1] < 1:
            raise ValueError("picks_up: two shares in order, at least 0 and below 1")
        if self.talk[0] > self.talk[1]:
            raise ValueError("talk: the shortest talk comes first")
        return self


class World(_Part):
    """
    Everything one sandbox starts from.

    Attributes:
        accounts: By `user_id`.
        dnd: Ten-digit numbers on the do-not-disturb register.
        dnd_param: Name of the filter parameter, which the vendor does not document.
        max_values: Most values in `from` or in `to`.
        call_id_key: `callId` as seen on the wire, or `callid` as on the vendor's page.
        developer_call_id: Whether an accepted developer request gets a call id.
        shuffle_order: Apply the rules behind the credentials in a drawn order:
            the vendor's order is unknown, so no client may lean on it.
        seed: Makes every draw of the sandbox repeatable.
    """

    accounts: dict[str, Account]
    dnd: frozenset[TenDigits] = frozenset()
    dnd_param: str = "dndFilter"
    max_values: int = Field(default=5, ge=1)
    call_id_key: Literal["callId", "callid"] = "callId"
    developer_call_id: bool = True
    shuffle_order: bool = False
    seed: int = 0
    latency: Latency = Latency()
    habits: Habits = Habits()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        Read a world from JSON.

        Raises:
            ValueError: One line for each rule that is broken, naming the field.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ValueError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """Say which fields broke which rules, without repeating what was sent."""
    return "\n".join(
        f"{'.'.join(map(str, item['loc'])) or 'JSON'}: {item['msg']}" for item in error.errors()
    )


#: What `World` the sandbox starts with: ids that cannot be mistaken for real ones.
DEFAULT_WORLD: Final = World(
    accounts={
        "00000001": Account(
            campaigns={
                "sandbox-token-not-secret": Campaign(),
                "sandbox-token-many-values": Campaign(multi_value=True),
            },
            agents={
                "11": Agent(cli="00000000011"),
                "12": Agent(),
                "13": Agent(web_login=False, call_login=False, available=False),
            },
            groups={"21": Group(members=("11", "12")), "22": Group(members=("13",))},
            announcements=frozenset({"1000000001_1.wav", "1000000001_2.wav"}),
            clis=frozenset({"00000000001"}),
        ),
    },
)
