"""
Before a campaign starts: how many of its contacts will be rung, and why not the others.

Each contact that will not be rung has one reason, the first that applies, as
`begin` would find it:

    invalid       its call breaks a rule
    hours         calling hours leave no moment before the end
    time          the rate does not reach it before the end
    do_not_call   it is on a list
    cap           one such call may ring more often than a customer may be rung
    customer      it was called too recently, or too often, until the end

It holds while lists, holds and hours stay as they are. The rate counts as the
campaign's alone, and every attempt as successful: `dialer.forecast` says how
likely that is.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from dialer import series
from dialer.campaign import Campaign
from dialer.errors import InvalidCall
from dialer.hours import OpeningHours
from dialer.moment import rough
from dialer.route import Route
from dialer.shape import Shape, Shapes
from dialer.store import Store
from dialer.store.blocks import Listed
from dialer.store.contacts import Group
from dialer.store.customers import Allowed
from dialer.turn import values_of
from schedules.errors import HoursError
from schedules.windows import Window

#: What is asked of the store at once.
_BATCH = 200
#: Longer than any ring.
_BEYOND = timedelta(days=1)
#: Rows that are shown for a reason.
_EXAMPLES = 5
#: Reasons in the order in which they are listed.
REASONS = ("invalid", "do_not_call", "cap", "customer", "hours", "time")


@dataclass(frozen=True, slots=True)
class Preflight:
    """
    What is going to happen to a list.

    Attributes:
        rows: Contacts looked at: those that are no jobs yet.
        will_ring: Those that will be rung.
        reasons: How many will not, by their one reason; in the order of `REASONS`.
        examples: The first rows of each reason.
        warnings: What an operator should know before the start.
        first: When the first of them may be rung; None for never.
    """

    rows: int
    will_ring: int
    reasons: Mapping[str, int]
    examples: Mapping[str, tuple[int, ...]]
    warnings: tuple[str, ...]
    first: datetime | None


@dataclass
class _Tally:
    rung: int = 0
    first: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[int, ...]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, row: int, reason: str) -> None:
        self.reasons[reason] += 1
        if self.reasons[reason] <= _EXAMPLES:
            self.examples[reason] = (*self.examples.get(reason, ()), row)

    def ring(self, at: datetime) -> None:
        self.rung += 1
        self.first = min(at, self.first or at)


def preflight(store: Store, campaign: Campaign, route: Route, now: datetime) -> Preflight:
    """
    Look at every contact of a campaign that is no job yet, without changing anything.

    Args:
        store: Where it is.
        campaign: The campaign.
        route: Its account.
        now: The store's time.

    Raises:
        StoreUnavailable: The store did not answer.
    """
    limits = store.accounts.standing(campaign.account, route.limits, now=now).limits
    rate = min(limits.calls_per_second, campaign.calls_per_second or limits.calls_per_second)
    tally = _Tally()
    start = max(now, campaign.starts or now)
    groups = store.contacts.groups(campaign.name)
    crew = _crew(store, campaign, groups, limits.assumed_call)
    if crew and crew.per_second < rate:
        rate = crew.per_second
        tally.warnings.append(crew.warning)
    for group in groups:
        windows = _windows(campaign, group, route, start)
        timetable = _Timetable(windows, timedelta(seconds=1 / rate), campaign.ends)
        for contact, shape, allowed in _asked(store, campaign, group, route):
            _judge(tally, timetable, contact.row, shape.lead if shape else None, allowed)
    rows = tally.rung + sum(tally.reasons.values())
    return Preflight(
        rows=rows,
        will_ring=tally.rung,
        reasons={name: tally.reasons[name] for name in REASONS if tally.reasons[name]},
        examples=tally.examples,
        warnings=(*_warnings(campaign, route, tally), *tally.warnings),
        first=tally.first,
    )


class _Timetable:
    """The starts that hours and rate allow one zone group, taken one after the other."""

    def __init__(self, windows: list[Window], step: timedelta, ends: datetime) -> None:
        self._windows = windows
        self._step = step
        self._ends = ends
        self._next = windows[0][0] if windows else None

    def fits(self, lead: timedelta, since: datetime | None = None) -> datetime | None:
        """Find the first start from *since*, or the next free one, that hours allow."""
        at = since or self._next
        if at is None:
            return None
        place = max(0, bisect_right(self._windows, at, key=lambda window: window[0]) - 1)
        for opens, closes in self._windows[place:]:
            first = max(opens, at)
            if first + lead < closes:
                return first if first < self._ends else None
        return None

    def ever_fits(self, lead: timedelta) -> bool:
        """Say whether hours allow any start at all, were the rate no bound."""
        return bool(self._windows) and self.fits(lead, self._windows[0][0]) is not None

    def take(self, at: datetime) -> None:
        """Use a start up."""
        self._next = max(at, self._next or at) + self._step


def _judge(
    tally: _Tally, timetable: _Timetable, row: int, lead: timedelta | None, allowed: Allowed
) -> None:
    if lead is None:
        tally.refuse(row, "invalid")
        return
    at = timetable.fits(lead)
    if at is None:
        tally.refuse(row, "time" if timetable.ever_fits(lead) else "hours")
    elif allowed.since is None:
        tally.refuse(row, allowed.rule)
    elif not allowed.rule or allowed.since <= at:
        timetable.take(at)
        tally.ring(at)
    elif later := timetable.fits(lead, allowed.since):
        tally.ring(later)
    else:
        tally.refuse(row, "customer")


def _windows(campaign: Campaign, group: Group, route: Route, start: datetime) -> list[Window]:
    """When both account and campaign are open for a zone group, from *start* to beyond the end."""
    if start >= campaign.ends:
        return []
    try:
        calendar = campaign.calendar(group.zones)
        if isinstance(route.hours, OpeningHours):
            calendar &= route.hours.calendar
        # The end bounds starts; rings may follow it, as far as hours allow.
        return calendar.windows(start, campaign.ends + _BEYOND)
    except HoursError:
        # What nobody can know is closed.
        return []


def _asked(
    store: Store, campaign: Campaign, group: Group, route: Route
) -> Iterator[tuple[Listed, Shape | None, Allowed]]:
    rest, shapes = _waiting(store, campaign, group), Shapes(campaign)
    while batch := list(islice(rest, _BATCH)):
        found = [_shape(shapes, campaign, contact) for contact in batch]
        customers = [(shape.numbers, shape.rings) if shape else ((), ()) for shape in found]
        answers = store.customers.allow_contacts(
            campaign.account, customers, route.customer, campaign.customer_rules
        )
        yield from zip(batch, found, answers, strict=True)


def _waiting(store: Store, campaign: Campaign, group: Group) -> Iterator[Listed]:
    """The contacts of a group behind its cursor."""
    return islice(store.contacts.rows(campaign.name, group), group.fed, None)


def _shape(shapes: Shapes, campaign: Campaign, contact: Listed) -> Shape | None:
    try:
        return shapes.of(values_of(campaign, contact), contact.row)
    except InvalidCall:
        return None


@dataclass(frozen=True, slots=True)
class _Crew:
    """How many calls the agents who are rung first can take, and the sentence that says so."""

    per_second: float
    warning: str


def _crew(
    store: Store, campaign: Campaign, groups: Sequence[Group], assumed_call: timedelta
) -> _Crew | None:
    """Reckon it by the first contact, where the same agents are rung in every call."""
    if "from" in campaign.columns or not groups:
        return None
    first = next(_waiting(store, campaign, groups[0]), None)
    shape = _shape(Shapes(campaign), campaign, first) if first else None
    per_agent = campaign.agent_limit(str(campaign.call.get("fromType", "Number")).title())
    if shape is None or not per_agent:
        return None
    agents = len(str(campaign.call["from"]).split(","))
    length = shape.length if shape.limited else shape.length + assumed_call
    per_second = agents * per_agent / length.total_seconds()
    return _Crew(
        per_second,
        f"{agents} of those who are rung first, {per_agent} at a time, each call taken to last"
        f" {rough(length)}: about {per_second * 3600:.0f} calls an hour. A timeLimit, more agents"
        " or another --live-per-agent change that",
    )


def _warnings(campaign: Campaign, route: Route, tally: _Tally) -> Iterator[str]:
    if route.mode == "developer":
        yield f"account {route.account} is in developer mode: the API will ring nobody"
    yield from series.warnings(_caller_ids(campaign), campaign.purpose)
    if tally.reasons["hours"] and not tally.rung:
        yield "calling hours leave no moment at all before its end"


def _caller_ids(campaign: Campaign) -> tuple[str, ...]:
    fixed = campaign.call.get("fromCLI")
    return (*campaign.caller_ids, str(fixed)) if fixed else campaign.caller_ids
