"""
A factory of the calls of a campaign's contacts, made from its template.

Rows mostly differ in a plain phone number alone, and no rule depends on which number that
is, but that both sides differ. So a call that was found valid stands for all of them: of
the next row like it only the number is read.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, Self

from dialer.domain.call.agents import numbers_pool
from dialer.domain.call.call import ClickToCall, Customer
from dialer.domain.call.frame import as_content
from dialer.domain.call.leg import SIDES, Side
from dialer.domain.call.number import canonical
from dialer.domain.campaign.agents import POOL
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.job.metadata import METADATA
from dialer.errors import InvalidCall

#: Calls that are remembered; more in one list means that they do not repeat.
_MOST: Final = 4096
#: Stand-ins for the sides that a column fills.
_NOBODY: Final[Mapping[str, str]] = {"from": "+919000099998", "to": "+919000099999"}
_TO: Final = frozenset({"to", "toType"})


class Profile(NamedTuple):
    """
    One call, as far as it matters before it is dialled.

    Attributes:
        sides: The numbers that each side rings, E.164; none for agents and groups.
        ring_lead: The longest time until the last ring of the customer begins.
        longest_ring: The longest time until both talk, queues included.
        talk_limit: Talk after which it ends; None where nothing ends it.
        also: Agents rung second, as the last part of a lane; "" for numbers.
        mode: "developer" or "live"; None where its account decides.
        named: Agents or the group rung first, as the last part of a lane; "" for numbers.
        each: How often one number of each protected side may ring.
        parameters: All that is set, by wire name; numbers as in a call like it.
    """

    sides: Mapping[Side, tuple[str, ...]]
    ring_lead: timedelta
    longest_ring: timedelta
    talk_limit: timedelta | None
    also: str
    mode: str | None
    named: str
    each: Mapping[Side, int]
    parameters: dict[str, Any]

    @classmethod
    def of(cls, call: ClickToCall, customer: Customer) -> Self:
        """Return the profile of a call of which *customer* is protected."""
        return cls(
            sides={side: call.protected(side) for side in SIDES},
            ring_lead=call.ring_lead(customer),
            longest_ring=call.longest_ring(),
            talk_limit=call.talk_limit,
            also=call.also,
            mode=call.mode,
            named=call.pool,
            each={
                side: max(call.rings(side), default=0)
                for side in SIDES
                if customer in (side, "both")
            },
            parameters=call.parameters(),
        )

    @property
    def numbers(self) -> tuple[str, ...]:
        """The customer's numbers, E.164."""
        return tuple(self._rings)

    @property
    def rings(self) -> tuple[int, ...]:
        """How often each of `numbers` may ring."""
        return tuple(self._rings.values())

    @property
    def _rings(self) -> dict[str, int]:
        return {one: each for side, each in self.each.items() for one in self.sides[side]}

    @property
    def pool(self) -> str:
        """Agents or numbers rung first, as the last part of a lane."""
        return self.named or numbers_pool(self.sides["from"])

    @property
    def content(self) -> str:
        """The call as JSON (`ClickToCall.content`)."""
        numbers: dict[str, Any] = {side: ones for side, ones in self.sides.items() if ones}
        return as_content(self.parameters | numbers)

    def lasts(self, assumed_call: timedelta) -> timedelta:
        """Return how long the call counts as going on; *assumed_call* is a talk without a limit."""
        return self.longest_ring + (self.talk_limit or assumed_call)


class CallFactory:
    """
    Makes the calls of one campaign's contacts, and remembers those that stand for others.

    Args:
        check: Raises `InvalidCall` for a further rule; of calls that are alike one is asked.
    """

    def __init__(
        self, campaign: Campaign, check: Callable[[ClickToCall], None] | None = None
    ) -> None:
        self.campaign = campaign
        self._template = template = campaign.template
        self._check = check
        places = {
            name: place
            for place, name in enumerate(template.names)
            if not name.startswith(METADATA)
        }
        self._plain = [(side, places[side]) for side in SIDES if self._is_plain(side)]
        plain = [side for side, _ in self._plain]
        self._others = [place for name, place in places.items() if name not in plain]
        self._known: dict[tuple[object, ...], Profile] = {}

    def profile(self, values: Sequence[str], row: int) -> Profile:
        """
        Return the call of one contact.

        Args:
            values: Of its columns, in the order of `Template.names`.
            row: Its number in the list; chooses the caller id.

        Raises:
            InvalidCall: One or more rules are broken; all are named by parameter.
        """
        cli = row % len(self._template.caller_ids) if self._template.caller_ids else 0
        key = (cli, *[values[place] for place in self._others])
        known = self._known.get(key)
        return (known and self._alike(known, values)) or self._made(key, values, row)

    def sample(self) -> Profile | None:
        """Return a contact's call with made-up columns; None where further columns are needed."""
        values = [self._stand_in(name) for name in self._template.names]
        try:
            return self.profile(values, 0)
        except InvalidCall:
            return None

    def shared_pools(self) -> tuple[str | None, str | None]:
        """Pools that all its calls ring first and second; None where rows differ, or unknown."""
        call, columns = self.sample(), self.campaign.columns
        if call is None:
            return None, None
        second = (not call.also and "toType" not in columns) or _TO.isdisjoint(columns)
        first = call.pool if POOL.isdisjoint(columns) else None
        return first, call.also if second else None

    def _is_plain(self, side: Side) -> bool:
        """The column may hold numbers; ids of agents repeat, and tell calls apart."""
        return side in self._template.columns and self._kind(side) == "number"

    def _kind(self, side: str) -> str:
        return str(self._template.fixed.get(f"{side}Type", "Number")).lower()

    def _stand_in(self, name: str) -> str:
        number = _NOBODY.get(name, "")
        return number if not number or self._kind(name) == "number" else number[-1]

    def _alike(self, known: Profile, values: Sequence[str]) -> Profile | None:
        """Return a known call with this row's numbers; None where only the rules can tell."""
        try:
            plain = {side: (canonical(values[place]),) for side, place in self._plain}
        except ValueError:  # it is several, or none
            return None
        sides = {**known.sides, **plain}
        if not set(sides["from"]).isdisjoint(sides["to"]):
            return None
        return known._replace(sides=sides)

    def _made(self, key: tuple[object, ...], values: Sequence[str], row: int) -> Profile:
        call = self._template.call(dict(zip(self._template.names, values, strict=True)), row=row)
        if self._check:
            self._check(call)
        made = Profile.of(call, self.campaign.customer)
        if len(self._known) >= _MOST:
            self._known.clear()
        # One number is like another, but neither like two numbers nor like an agent.
        if all(len(made.sides[side]) == 1 for side, _ in self._plain):
            self._known[key] = made
        return made
