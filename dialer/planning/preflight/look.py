"""The look before a start: the contacts of a campaign, read and played ahead."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from dialer.domain.account.account import Route
from dialer.domain.call.customer import Allowed
from dialer.domain.call.number import abroad, looks_rounded
from dialer.domain.campaign.bounds import Bounds
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.contact import Group
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.job import State
from dialer.errors import InvalidCall
from dialer.planning.preflight import words
from dialer.planning.preflight.queue import Queue, Row
from dialer.planning.preflight.result import Preflight, Tally
from dialer.planning.preflight.timetable import Timetable
from dialer.planning.preflight.turns import Pace, play
from dialer.planning.workload import Workload
from dialer.store import Store


def preflight(
    store: Store,
    campaign: Campaign,
    route: Route,
    now: datetime,
    *,
    start_by: timedelta = timedelta(0),
    peers: Sequence[str] = (),
) -> Preflight:
    """
    Look at every contact of a campaign that is no job yet, without changing anything.

    One that is paused or held is looked at as if it went on now, with a warning.
    A request may leave *start_by* after its slot; *peers* are the accounts that
    share the user id of its own, none for it alone.

    Raises:
        CampaignRefused: It was cancelled or has ended: none is rung.
        StoreUnavailable: The store did not answer.
    """
    progress = store.campaigns.progress(campaign.name)
    if refused := words.refusal(campaign, progress.state, now):
        raise refused
    look = _Look(store, campaign, route, now)
    groups, start = store.contacts.groups(campaign.name), max(now, campaign.starts or now)
    workload, length = Workload.of(campaign, store), look.length(groups)
    own_rate, own_live = campaign.calls_per_second, campaign.max_live_calls
    bounds = Bounds.of(look.limits, own_rate, own_live, workload.places)
    queues = [look.queue(group, start, start_by) for group in groups]
    ready = progress.counts[State.READY] * [length] if length else []
    play(queues, Pace(bounds), start, campaign.ends, ahead=ready)
    return look.found(
        *look.stops(progress, peers or [route.account]),
        *words.rehearsal(campaign, progress, route.mode),
        *words.unfit_caller_ids(campaign),
        *look.caps(),
        *words.narrow(campaign, bounds, workload, length),
    )


class _Look:
    """Reader of one campaign, with its findings."""

    def __init__(self, store: Store, campaign: Campaign, route: Route, now: datetime) -> None:
        self._store = store
        self._campaign = campaign
        self._route = route
        self._now = now
        self._calls = CallFactory(campaign)
        self._tally = Tally()
        self._abroad: list[int] = []
        self._rounded: list[int] = []
        self.limits = store.accounts.standing(campaign.account, route.limits).limits

    def queue(self, group: Group, start: datetime, start_by: timedelta) -> Queue:
        """Return the contacts of a group behind its cursor."""
        return Queue(
            self._noted(self._waiting(group)),
            count=group.waiting,
            timetable=Timetable(self._campaign, group.zones, self._route, start, start_by),
            ask=self._ask,
            tally=self._tally,
            assumed_call=self.limits.assumed_call,
        )

    def length(self, groups: Sequence[Group]) -> timedelta | None:
        """Say how long the first contact's call lasts; None where there is none."""
        for group in groups:
            for _, call in islice(self._waiting(group), 1):
                return call.lasts(self.limits.assumed_call) if call else None
        return None

    def stops(self, progress: Progress, peers: Sequence[str]) -> Iterator[str]:
        """Name the pause and the holds that a person must end before any contact is rung."""
        if progress.state is CampaignState.PAUSED:
            steps = self._store.campaigns.steps(self._campaign.name)
            yield words.paused(self._campaign, steps[-1] if steps else None)
        yield from words.held(self._campaign, self._store.holds.all(), peers)

    def caps(self) -> Iterator[str]:
        """Say from when the caps of its customers count, where they cannot look back enough."""
        for rules in (self._route.customer, self._campaign.customer_rules):
            since = self._store.customers.counted_from(rules, self._now)
            if text := rules.counted_in_words(since):
                yield text

    def found(self, *warnings: str) -> Preflight:
        """Return the counts, with warnings before those of the list itself."""
        tally = self._tally
        own = [
            *words.abroad(self._campaign, self._abroad),
            *words.rounded(self._campaign, self._rounded, tally.looked_at),
        ]
        if tally.reasons["hours"] and not tally.rung:
            own.append("calling hours leave no moment at all before its end")
        return tally.result((*warnings, *own))

    def _noted(self, waiting: Iterator[Row]) -> Iterator[Row]:
        for row, call in waiting:
            numbers = call.numbers if call else ()
            if any(map(abroad, numbers)):
                self._abroad.append(row)
            if any(map(looks_rounded, numbers)):
                self._rounded.append(row)
            yield row, call

    def _waiting(self, group: Group) -> Iterator[Row]:
        for contact in self._store.contacts.waiting(self._campaign.name, group):
            try:
                yield contact.row, self._calls.profile(contact.values, contact.row)
            except InvalidCall:
                yield contact.row, None

    def _ask(self, contacts: Sequence[Row]) -> Sequence[Allowed]:
        asked = [(call.numbers, call.rings) if call else ((), ()) for _, call in contacts]
        return self._store.customers.allow_contacts(
            self._campaign.account, asked, self._route.customer, self._campaign.customer_rules
        )
