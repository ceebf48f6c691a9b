"""
The feeder: keeps the lanes of running campaigns filled just ahead of the dialling.

Any number of feeders may run, at any time: the cursor in the store decides what
has been fed. They also write the hours of each campaign's contacts, make jobs
anew whose campaign was changed, and sweep campaigns that were cancelled or have ended.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil

from dialer.domain.account.account import Route
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.campaign.bounds import Bounds
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.contact import Group
from dialer.domain.campaign.contact_job import new_turn
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.ids import campaign_of
from dialer.domain.job.new_job import BATCH
from dialer.errors import DialerError, StoreDamaged, StoreUnavailable
from dialer.feeding.openings import ZoneOpening, openings
from dialer.feeding.rerender import remake
from dialer.store import Store
from schedules.calendar import Calendar
from schedules.errors import HoursError
from schedules.windows import Window, intersect

log = logging.getLogger("dialer.feeder")

#: Campaigns looked at in one round.
_CAMPAIGNS = 1000
#: Jobs made in one round; a round must end before the next one is due.
_JOBS = 10_000
#: The longest until a campaign is looked at again: its hours must not become stale.
_REST = timedelta(hours=6)
#: How long written hours hold without another look.
_STALE = timedelta(hours=24)
#: Periods of the tick that the ready jobs of a lane shall last for.
_PERIODS = 3
#: Jobs of a zone group that may wait for their customers or agents beside those.
_MOST_WAITING = 10_000
#: More of them may wait while no more than this share of the memory is used.
_ROOMY = 0.5
#: Jobs that are kept ready at the slowest rate.
_AT_LEAST = 20
_SWEEP = 100
#: Calendars whose windows are remembered.
_CALENDARS = 10_000
#: The longest that one round takes, and one campaign in it; the next one goes on from there.
_ROUND, _LOOK = timedelta(seconds=5), timedelta(seconds=2)
#: Groups whose hours are written at once.
_GROUPS = 500


class Feeder:
    """
    Looks after campaigns, each when it is due.

    Args:
        period: The beat's period.
        retention: How long the list of a campaign that is over is kept.
        settings: The fingerprint of the settings; while live workers dial with others
            nothing is fed, hours are not written and lists not forgotten. "" is not compared.
    """

    def __init__(
        self,
        store: Store,
        routes: Mapping[str, Route],
        *,
        period: timedelta,
        retention: timedelta = timedelta(days=30),
        settings: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._routes = routes
        self._period = period
        self._retention = retention
        self._settings = settings
        self._monotonic = monotonic
        self._hours: dict[Calendar, OpeningHours] = {}
        self._reached: dict[str, int] = {}  # where the next look at many groups goes on

    def tick(self) -> int:
        """
        Look at the campaigns that are due, and return how many jobs were made.

        One that cannot be looked at keeps no other from it.

        Raises:
            StoreUnavailable: The round broke off; the next one goes on where it stopped.
        """
        made, apart = 0, self._store.doorbells.apart(self._settings)
        end = self._monotonic() + _ROUND.total_seconds()
        for name in self._store.feeding.due(self._store.now(), _CAMPAIGNS):
            if made >= _JOBS or self._monotonic() > end:
                break
            try:
                made += self._look(name, apart=apart)
            except StoreUnavailable:
                raise
            except Exception as error:
                # Full, written by a newer version, in a zone that this machine does not know …
                expected = isinstance(error, DialerError | HoursError)
                log.warning("campaign=%s waits: %s", name, error, exc_info=not expected)
                self._later(name)
        return made

    def look(self, name: str) -> int:
        """Do what a campaign needs now, and return how many jobs were made."""
        return self._look(name, apart=self._store.doorbells.apart(self._settings))

    def look_at_jobs(self, ids: Iterable[str]) -> None:
        """Look at the campaigns of jobs that wait again: corrections since then count for them."""
        for name in set(map(campaign_of, ids)) - {""}:
            self.look(name)

    def _look(self, name: str, *, apart: bool) -> int:
        store, now = self._store, self._store.now()
        store.campaigns.wake(name)
        progress = store.campaigns.progress(name)
        made, again, renewed = 0, None, False
        if progress.state is CampaignState.CANCELLED or progress.ends <= now:
            again = self._end(progress, now, keep=apart)
        elif apart:
            return 0
        elif progress.state is not CampaignState.DRAFT:
            # After its record: a definition that is newer is looked at again.
            calls = CallFactory(store.campaigns.get(name))
            renewed = self._renew(calls, progress)
            if progress.state is CampaignState.RUNNING:
                made, again = self._run(calls, progress, now)
            elif progress.queued:
                again = progress.ends
            again = again if renewed else now + self._period
        store.feeding.look_again(progress, again, period=self._period, renewed=renewed)
        return made

    def _renew(self, calls: CallFactory, progress: Progress) -> bool:
        """Make waiting jobs anew by a changed definition; False when more are left."""
        route = self._routes.get(calls.campaign.account)
        if route is None:
            return False
        return remake(self._store, calls, progress, progress.mode or route.mode)

    def _later(self, name: str) -> None:
        again = self._store.now() + self._period
        with suppress(StoreDamaged):  # then the next round looks at it first
            progress = self._store.campaigns.progress(name)
            self._store.feeding.look_again(progress, again, period=self._period)

    def _end(self, progress: Progress, now: datetime, *, keep: bool) -> datetime | None:
        """Sweep a campaign that is over; long after, forget its list."""
        left, moved = 1, _SWEEP
        while moved == _SWEEP:
            moved, left = self._store.feeding.sweep(progress.name, _SWEEP)
        if left:
            return now + self._period
        if progress.forgotten:
            return None
        cancelled = progress.state is CampaignState.CANCELLED
        over = (progress.changed if cancelled else progress.ends) + self._retention
        if over > now or keep:
            return max(over, now + self._period)
        self._store.contacts.forget(progress.name, who="retention", after=self._retention)
        return None

    def _run(
        self, calls: CallFactory, progress: Progress, now: datetime
    ) -> tuple[int, datetime | None]:
        campaign = calls.campaign
        route = self._routes.get(campaign.account)
        if route is None:
            log.warning("campaign=%s waits: no account %s here", campaign.name, campaign.account)
            return 0, now + self._period
        every = self._store.contacts.groups(campaign.name)
        groups, hours = self._groups(campaign, every, now)
        for first in range(0, len(groups), _GROUPS):
            some = dict(list(hours.items())[first : first + _GROUPS])
            if not self._store.feeding.write_hours(campaign.name, progress, some, _STALE):
                return 0, now  # it was changed meanwhile
        if campaign.starts and campaign.starts > now:
            return 0, min(campaign.starts, now + _REST)
        if not progress.open and progress.fed == progress.rows:
            return 0, None
        own = route.hours.windows(now)
        windows = {number: intersect(spans, own) for number, spans in hours.items()}
        unfed = [group for group in groups if group.fed < group.rows]
        found, period = openings(unfed, windows, now), self._period
        looks = [now + _REST, campaign.ends, *(one.next_look(now, period) for one in found)]
        looks += [now] if len(groups) < len(every) else []
        soon = [one for one in found if one.opens <= now + period]
        return self._fill(calls, progress, route, soon), min(looks)

    def _groups(
        self, campaign: Campaign, groups: Sequence[Group], now: datetime
    ) -> tuple[list[Group], dict[str, Sequence[Window]]]:
        """Compute the hours of zone groups: of all, or of as many as there is time for, in turn."""
        end = self._monotonic() + _LOOK.total_seconds()
        first = self._reached.pop(campaign.name, 0)
        some: list[Group] = []
        hours: dict[str, Sequence[Window]] = {}
        for group in [*groups[first:], *groups[:first]]:
            if some and self._monotonic() > end:
                self._reached[campaign.name] = (first + len(some)) % len(groups)
                break
            some.append(group)
            hours[group.number] = self._opening_hours(campaign, group).windows(now)
        return some, hours

    def _fill(
        self, calls: CallFactory, progress: Progress, route: Route, groups: list[ZoneOpening]
    ) -> int:
        """Fill the lanes of the groups that are open; they share what the rate allows."""
        if not groups:
            return 0
        campaign = calls.campaign
        target = ceil(self._target(campaign, route) / len(groups))
        # Where all wait for the same agents, more is of no use while these are busy.
        pool, _ = calls.shared_pools()
        at_hand = self._store.feeding.at_hand(
            campaign.account, campaign.name, [one.group for one in groups], pool
        )
        made = 0
        for one in groups:
            group = one.group
            # Jobs whose agents are busy or whose customers must wait are no work at hand, but not
            # without end: contacts are small in their list, and large as jobs.
            room = self._room(target, group)
            want = min(target - at_hand.get(group.number, 0), room, _JOBS - made)
            made += self._feed(calls, progress, route, one, want)
        return made

    def _feed(
        self, calls: CallFactory, progress: Progress, route: Route, one: ZoneOpening, want: int
    ) -> int:
        group, name, made = one.group, calls.campaign.name, 0
        while made < want:
            some, behind = self._store.contacts.read(name, group, min(BATCH, want - made))
            mode = progress.mode or route.mode
            jobs = [new_turn(calls, contact, group.number, mode) for contact in some]
            if not jobs or one.left < max(job.ring_lead for job in jobs):
                # So near its close they would only be put off.
                break
            if not self._store.feeding.feed(
                name, group, behind, jobs, version=progress.version, mode=mode
            ):
                break
            made += len(jobs)
            group = group.fed_to(behind)
        return made

    def _room(self, target: int, group: Group) -> int:
        room = target + _MOST_WAITING - group.queued
        if room < target and self._store.fullness() < _ROOMY:
            return target
        return room

    def _target(self, campaign: Campaign, route: Route) -> int:
        standing = self._store.accounts.standing(campaign.account, route.limits)
        rate = Bounds.of(standing.limits, campaign.calls_per_second).rate
        return ceil(rate * self._period.total_seconds() * _PERIODS) + _AT_LEAST

    def _opening_hours(self, campaign: Campaign, group: Group) -> OpeningHours:
        calendar = campaign.calendar(group.zones)
        if len(self._hours) > _CALENDARS:
            self._hours.clear()
        return self._hours.setdefault(calendar, OpeningHours(calendar))
