"""
What preflight needs of each call of a list, without making every one of them.

Rows mostly differ in their customer's number alone. A call with another plain
number rings as often and as long, so one call stands for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dialer.campaign import Campaign
from dialer.number import canonical

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """
    How one call rings.

    Attributes:
        numbers: Its customer's numbers, E.164.
        rings: How often each of them may ring.
        lead: The longest time until the last ring of the customer begins.
        pool: Whom `from` waits for, "" for a plain number.
        length: The longest it rings, and then talks where that is limited.
        limited: Whether its talk is limited.
    """

    numbers: tuple[str, ...]
    rings: tuple[int, ...]
    lead: timedelta
    pool: str
    length: timedelta
    limited: bool

    def lasts(self, assumed_call: timedelta) -> timedelta:
        """Say how long the call counts as going on; *assumed_call* is the talk without a limit."""
        return self.length if self.limited else self.length + assumed_call


class Shapes:
    """
    Finds the shapes of a campaign's calls.

    Args:
        campaign: Whose calls.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._template = campaign.template
        kind = str(campaign.call.get("toType", "Number")).lower()
        self._alike = campaign.customer == "to" and "to" in campaign.columns and kind == "number"
        self._known: dict[tuple[object, ...], tuple[Shape, tuple[str, ...]]] = {}

    def of(self, values: Mapping[str, str], row: int) -> Shape:
        """
        Return the shape of one row's call.

        Args:
            values: Wire name -> what its column holds.
            row: Its number in the list.

        Raises:
            InvalidCall: The call breaks a rule.
        """
        if not self._alike:
            return self._made(values, row)[0]
        rest = tuple(value for name, value in values.items() if name != "to")
        known = self._known.get(rest)
        if known is not None:
            shape, others = known
            try:
                number = canonical(values["to"])
            except ValueError:
                return self._made(values, row)[0]
            if number not in others:
                return Shape(
                    (number,), shape.rings, shape.lead, shape.pool, shape.length, shape.limited
                )
        shape, others = self._made(values, row)
        if len(shape.numbers) == 1 and len(self._known) < _MOST:
            self._known[rest] = shape, others
        return shape

    def _made(self, values: Mapping[str, str], row: int) -> tuple[Shape, tuple[str, ...]]:
        call, customer = self._template.call(values, row=row), self._campaign.customer
        talk = call.talk_limit
        shape = Shape(
            numbers=call.protected(customer),
            rings=call.rings(customer),
            lead=call.ring_lead(customer),
            pool=call.pool,
            length=call.longest_ring() + (talk or timedelta(0)),
            limited=talk is not None,
        )
        return shape, call.from_
