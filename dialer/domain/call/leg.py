"""
A leg: one side of a call, its numbers or agents, and how often and how long it rings.

The sums are upper bounds. A ring is taken to last its whole time, each ring to need
five seconds of setting up, a group to use its whole queue.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from dialer.domain.call.number import wire
from dialer.domain.call.parameters import LegType, Login, Parameters, Strategy

Side = Literal["from", "to"]
SIDES: Final[tuple[Side, Side]] = ("from", "to")

#: Between the decision to ring and the ring; ours, the vendor states none.
RING_SETUP: Final = timedelta(seconds=5)

#: What the vendor documents for a group without queueTimeout.
QUEUE_DEFAULT: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Leg:
    """
    The parameters of one side; built by `leg_of`.

    Attributes:
        side: "from" or "to"; also the wire name of `values`.
        queue: The longest wait of a Group for a member; zero for other types.
    """

    side: Side
    values: tuple[str, ...]
    type: LegType
    strategy: Strategy | None
    ring_time: timedelta
    retry_count: int
    web_login: Login
    call_login: Login
    queue: timedelta

    @property
    def numbers(self) -> tuple[str, ...]:
        """The E.164 numbers this side rings; none for agents and groups."""
        return self.values if self.type == "Number" else ()

    @property
    def wire_values(self) -> str:
        """The values as they are sent: joined by commas, numbers without "+"."""
        return ",".join(map(wire, self.values) if self.type == "Number" else self.values)

    @property
    def rings(self) -> int:
        """Rings that can follow each other: retries, times values rung one by one."""
        in_turn = 1 if self.strategy == "TO_ALL" else len(self.values)
        return (self.retry_count + 1) * in_turn

    @property
    def span(self) -> timedelta:
        """Longest time from the first set-up to the end of the last ring."""
        return self.queue + self.rings * (RING_SETUP + self.ring_time)

    @property
    def last_ring(self) -> timedelta:
        """Longest time from the first set-up until the last ring could begin."""
        return self.span - self.ring_time

    @property
    def pool(self) -> str:
        """
        Agents of this side, as "agent:12,13/web=yes/call=na"; "" for numbers.

        The same agents in another order are the same pool.
        """
        if self.type == "Number":
            return ""
        ids = ",".join(sorted(self.values, key=lambda one: (len(one), one)))
        return f"{self.type.lower()}:{ids}/web={self.web_login}/call={self.call_login}"


def leg_of(call: Parameters, side: Side) -> Leg:
    """Return the *side* of *call*, with the vendor's defaults filled in."""

    def given(name: str) -> Any:
        return getattr(call, f"{side}_{name}")

    queue = timedelta()
    if given("type") == "Group":
        queue = timedelta(seconds=call.queue_timeout) if call.queue_timeout else QUEUE_DEFAULT
    return Leg(
        side=side,
        values=call.from_ if side == "from" else call.to,
        type=given("type"),
        strategy=given("strategy"),
        ring_time=timedelta(seconds=given("ring_time")),
        retry_count=given("retry_count"),
        web_login=given("web_login") or "na",
        call_login=given("call_login") or "na",
        queue=queue,
    )
