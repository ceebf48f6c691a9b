"""
The world of a sandbox: accounts, their people and sounds, limits, habits.

A `World` never changes; `Sandbox.use` puts another in its place. It is built in
Python or read from JSON with the same field names, and an unknown name is an error.
"""

import math
import random
import re
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

Mode = Literal["live", "developer"]
DndFilter = Literal["", "from", "to", "both"]
TenDigits = Annotated[str, Field(pattern=r"^[2-9][0-9]{9}$")]

#: z-score of the 99th percentile, to turn a p99 into the sigma of a lognormal.
_Z99: Final = 2.3263478740408408

_UNITS: Final = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}
_WRITTEN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")


def parse_duration(value: object) -> timedelta:
    """Duration of a `timedelta` or a text; ValueError for a negative one or a bare number."""
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ValueError("a duration may not be negative")
        return value
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a duration such as "250ms", "30s", "5m" or "24h"')
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def write_duration(value: timedelta) -> str:
    """Text that `parse_duration` reads again."""
    return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


#: A length of time as people write it in JSON: "250ms", "30s", "5m", "24h".
Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]


class Frozen(BaseModel):
    """Model that never changes and refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Agent(Frozen):
    """One agent: logins by web and by phone, readiness to take a call, and the own CLI."""

    web_login: bool = True
    call_login: bool = True
    available: bool = True
    cli: str = ""


class Group(Frozen):
    """A group of agents of the same account, rung in this order."""

    members: tuple[str, ...] = Field(min_length=1)


class Campaign(Frozen):
    """
    Rules of one campaign token.

    Attributes:
        multi_value: Whether `from` and `to` may hold more than one value.
        default_mode: Of a request that names none; the vendor's is live.
        dnd_filter: Legs checked against the DND list where the request names none, as set in
            the vendor's panel.
    """

    multi_value: bool = False
    default_mode: Mode = "live"
    dnd_filter: DndFilter = "to"


class Limits(Frozen):
    """
    Limits of one account; None is no limit.

    Attributes:
        calls_per_second: Long-run rate of requests, after *burst* at once.
        concurrent_legs: Legs that may be up together; a call has two until it ends.
        over_rate: Answer above the rate: an HTTP status, *over_code*, or a silent wait.
        over_legs: Answer above the legs.
        retry_after: Sent with 429 and 503 when set; whole seconds on the wire.
    """

    calls_per_second: float | None = Field(default=None, ge=0.001)
    burst: int = Field(default=1, ge=1)
    concurrent_legs: int | None = Field(default=None, ge=0)
    over_rate: Literal["429", "503", "code", "slow"] = "429"
    over_legs: Literal["429", "503", "code"] = "429"
    over_code: str = "1999"
    retry_after: Duration | None = None


class Account(Frozen):
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


class Latency(Frozen):
    """Time before the first byte: lognormal; "250ms" and "4s" are a guess at the real API's."""

    median: Duration = timedelta(0)
    p99: Duration = timedelta(0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.p99 and not timedelta(0) < self.median <= self.p99:
            raise ValueError("p99: must not be below median, and median must be above zero")
        return self

    def draw(self, rng: random.Random) -> timedelta:
        """One delay; without a p99 always the median."""
        if not self.p99:
            return self.median
        sigma = math.log(self.p99 / self.median) / _Z99
        return self.median * rng.lognormvariate(0, sigma)


class Habits(Frozen):
    """
    Behaviour of the people on the phone, and speed of the switch.

    Attributes:
        from_answers: Chance that one ring of this leg is answered; so for the other.
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


class World(Frozen):
    """
    Everything one sandbox starts from.

    Attributes:
        accounts: By `user_id`.
        dnd: Numbers on the do-not-disturb register.
        dnd_param: Name of the filter parameter, which the vendor does not document.
        max_values: Most values in `from` or in `to`.
        call_id_key: `callId` as seen on the wire, or `callid` as on the vendor's page.
        developer_call_id: Whether an accepted developer request gets a call id.
        shuffle_order: Draw the order of the rules behind the credentials: the vendor's is unknown.
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
        """World of a JSON text; ValueError with a line for each broken rule, naming the field."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ValueError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """Fields and the rules they broke, without the values that were sent."""
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
