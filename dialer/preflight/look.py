"""
The turns of all contacts of a campaign, played ahead.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import islice

from dialer.campaign import Campaign
from dialer.crew import POOL
from dialer.errors import InvalidCall
from dialer.job import State
from dialer.limits import Limits
from dialer.number import abroad
from dialer.preflight import bounds, words
from dialer.preflight.pace import Pace
from dialer.preflight.queue import Queue, Shaped
from dialer.preflight.tally import REASONS, Tally
from dialer.preflight.timetable import Timetable
from dialer.route import Route
from dialer.shape import Shape, Shapes
from dialer.store import Store
from dialer.store.contacts import Group
from dialer.store.customers import Allowed
from dialer.turn import values_of
from dialer.workload import Workload


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


def preflight(
    store: Store,
    campaign: Campaign,
    route: Route,
    now: datetime,
    *,
    start_by: timedelta = timedelta(0),
) -> Preflight:
    """
    Look at every contact of a campaign that is no job yet, without changing anything.

    One that is paused or held is looked at as if it went on now, with a warning.

    Args:
        store: Where it is.
        campaign: The campaign.
        route: Its account.
        now: The store's time.
        start_by: How long after its slot a request may leave.

    Raises:
        CampaignRefused: It was cancelled or has ended: nobody will be rung.
        StoreUnavailable: The store did not answer.
    """
    progress = store.campaigns.progress(campaign.name)
    if refused := words.over(campaign, progress.state, now):
        raise refused
    looker = _Looker(store, campaign, route)
    limits = store.accounts.standing(campaign.account, route.limits, now=now).limits
    groups = store.contacts.groups(campaign.name)
    start = max(now, campaign.starts or now)
    tally = Tally()
    queues = [
        looker.queue(
            group, Timetable.of(campaign, group.zones, route, start, start_by), tally, limits
        )
        for group in groups
    ]
    sample = looker.sample(groups)
    workload = Workload.of(campaign, store)
    ready = progress.counts[State.READY] * [sample.lasts(limits.assumed_call)] if sample else []
    _play(queues, bounds.pace(campaign, limits, workload), start, campaign.ends, ahead=ready)
    warnings = [
        *words.stops(store, campaign, progress, looker.pool(sample)),
        *words.habits(campaign, progress, route),
        *bounds.warnings(campaign, limits, workload, sample),
        *words.abroad(campaign, looker.abroad),
    ]
    if tally.reasons["hours"] and not tally.rung:
        warnings.append("calling hours leave no moment at all before its end")
    return Preflight(
        rows=tally.rung + sum(tally.reasons.values()),
        will_ring=tally.rung,
        reasons={name: tally.reasons[name] for name in REASONS if tally.reasons[name]},
        examples=tally.examples,
        warnings=tuple(warnings),
        first=tally.first,
    )


def _play(
    queues: Sequence[Queue],
    pace: Pace,
    clock: datetime,
    ends: datetime,
    *,
    ahead: Sequence[timedelta],
) -> None:
    """
    Let the zone groups take turns: whoever is open has as many as the others.

    Args:
        queues: The zone groups.
        pace: When calls may start.
        clock: The first moment.
        ends: When the campaign ends.
        ahead: How long the calls last that come before all of these: they are jobs already.
    """
    asleep = []
    for nth, queue in enumerate(queues):
        turn = queue.next_turn(clock)
        if turn is None:
            queue.close(ends)
        else:
            asleep.append((turn, nth))
    heapify(asleep)
    if asleep:
        clock = asleep[0][0]
    for lasts in ahead:
        clock = pace.slot(clock)
        pace.take(clock, lasts)
    awake: deque[int] = deque()
    while awake or asleep:
        clock = pace.slot(clock if awake else max(clock, asleep[0][0]))
        while asleep and asleep[0][0] <= clock:
            awake.append(heappop(asleep)[1])
        nth = awake.popleft()
        queue = queues[nth]
        turn = _turn(queue, pace, clock)
        if turn is None:
            queue.close(ends)
        elif turn <= clock:
            awake.append(nth)
        else:
            heappush(asleep, (turn, nth))


def _turn(queue: Queue, pace: Pace, clock: datetime) -> datetime | None:
    """Let a zone group have its turn if it has one now, and say when the next one is."""
    if queue.next_turn(clock) == clock:
        length = queue.take_turn(clock)
        if length is not None:
            pace.take(clock, length)
    return queue.next_turn(clock)


class _Looker:
    """
    Reads what a campaign's contacts are.

    Attributes:
        abroad: Rows of those in other countries that have been read.
    """

    def __init__(self, store: Store, campaign: Campaign, route: Route) -> None:
        self._store = store
        self._campaign = campaign
        self._route = route
        self._shapes = Shapes(campaign)
        self.abroad: list[int] = []

    def queue(self, group: Group, timetable: Timetable, tally: Tally, limits: Limits) -> Queue:
        """Return the contacts of a group behind its cursor."""
        return Queue(
            self._noted(self._waiting(group)),
            count=group.rows - group.fed,
            timetable=timetable,
            ask=self._ask,
            tally=tally,
            assumed_call=limits.assumed_call,
        )

    def sample(self, groups: Sequence[Group]) -> Shape | None:
        """Return how the first contact's call rings; None where nobody waits, or it is invalid."""
        for group in groups:
            for _, shape in islice(self._waiting(group), 1):
                return shape
        return None

    def pool(self, sample: Shape | None) -> str | None:
        """Say whom all calls ring first; None where rows say whom."""
        return sample.pool if sample and POOL.isdisjoint(self._campaign.columns) else None

    def _noted(self, waiting: Iterator[Shaped]) -> Iterator[Shaped]:
        for row, shape in waiting:
            if shape and any(map(abroad, shape.numbers)):
                self.abroad.append(row)
            yield row, shape

    def _waiting(self, group: Group) -> Iterator[Shaped]:
        rows = self._store.contacts.rows(self._campaign.name, group)
        for contact in islice(rows, group.fed, group.rows):
            try:
                yield contact.row, self._shapes.of(values_of(self._campaign, contact), contact.row)
            except InvalidCall:
                yield contact.row, None

    def _ask(self, contacts: Sequence[Shaped]) -> Sequence[Allowed]:
        asked = [(shape.numbers, shape.rings) if shape else ((), ()) for _, shape in contacts]
        return self._store.customers.allow_contacts(
            self._campaign.account, asked, self._route.customer, self._campaign.customer_rules
        )
