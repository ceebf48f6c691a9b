"""
The feeder: keeps the lanes of running campaigns filled just ahead of the dialling.

Any number of feeders may run, at any time: what has been fed is decided by the
cursor in the store. It also writes the hours of each campaign's contacts, and
takes out what waits in campaigns that were cancelled or have ended.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from dialer.campaign import Campaign, CampaignState
from dialer.crew import shared_pool
from dialer.errors import DialerError, StoreUnavailable
from dialer.hours import OpeningHours
from dialer.route import Route
from dialer.store import Store
from dialer.store.contacts import Group
from dialer.store.jobs import BATCH
from dialer.store.progress import Progress
from dialer.turn import new_turn
from schedules.errors import HoursError
from schedules.windows import Window, intersect

log = logging.getLogger(__name__)

#: Campaigns looked at in one round.
_CAMPAIGNS = 1000
#: Jobs made in one round; a round must end before the next one is due.
_JOBS = 10_000
#: The longest until a campaign is looked at again: its hours must not become stale.
_REST = timedelta(hours=6)
#: How long written hours hold though nobody looks.
_STALE = timedelta(hours=24)
#: Periods of the tick that the ready jobs of a lane shall last for.
_PERIODS = 3
#: Jobs of a zone group that may wait for their customers or agents beside those.
_MOST_WAITING = 10_000
#: More of them may wait while no more than this share of the memory is used.
_ROOMY = 0.5
#: Jobs that are kept ready at the slowest rate.
_AT_LEAST = 20
_SWEEP = 500
#: Calendars whose windows are remembered.
_CALENDARS = 1000
_FAR = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Open:
    """A zone group that may be rung, and how long it still may."""

    group: Group
    latest: timedelta


class Feeder:
    """
    Looks after campaigns, each when it is due.

    Args:
        store: The store.
        routes: The accounts by name.
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
    ) -> None:
        self._store = store
        self._routes = routes
        self._period = period
        self._retention = retention
        self._settings = settings
        self._hours: dict[str, OpeningHours] = {}

    def tick(self) -> int:
        """
        Look at the campaigns that are due, at most `_CAMPAIGNS` of them.

        One that cannot be looked at keeps no other from it.

        Returns:
            How many jobs were made.

        Raises:
            StoreUnavailable: The round broke off; the next one goes on where it stopped.
        """
        made, apart = 0, self._store.bells.apart(self._settings)
        for name in self._store.feeding.due(self._store.server.time(), _CAMPAIGNS):
            if made >= _JOBS:
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
        """
        Do what a campaign needs now, and say when it is to be looked at next.

        Returns:
            How many jobs were made.
        """
        return self._look(name, apart=self._store.bells.apart(self._settings))

    def _look(self, name: str, *, apart: bool) -> int:
        store, now = self._store, self._store.server.time()
        progress = store.campaigns.progress(name)
        made, again = 0, None
        if progress.state is CampaignState.CANCELLED or progress.ends <= now:
            again = self._end(progress, now, keep=apart)
        elif apart:
            return 0
        elif progress.state is CampaignState.RUNNING:
            # After its record: a definition that is newer is looked at again.
            made, again = self._run(store.campaigns.get(name), progress, now)
        elif progress.state is CampaignState.PAUSED and progress.queued:
            again = progress.ends
        store.feeding.look_again(progress, again, period=self._period)
        return made

    def _later(self, name: str) -> None:
        progress = self._store.campaigns.progress(name)
        again = self._store.server.time() + self._period
        self._store.feeding.look_again(progress, again, period=self._period)

    def _end(self, progress: Progress, now: datetime, *, keep: bool) -> datetime | None:
        """Take out what waits in a campaign that is over; long after, forget its list."""
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
        self, campaign: Campaign, progress: Progress, now: datetime
    ) -> tuple[int, datetime | None]:
        route = self._routes.get(campaign.account)
        if route is None:
            log.warning("campaign=%s waits: no account %s here", campaign.name, campaign.account)
            return 0, now + self._period
        groups = self._store.contacts.groups(campaign.name)
        hours = {group.number: self._opening_hours(campaign, group) for group in groups}
        written = {number: one.windows(now) for number, one in hours.items()}
        if not self._store.feeding.write_hours(campaign.name, progress, written, _STALE):
            return 0, now  # somebody changed it meanwhile
        if campaign.starts and campaign.starts > now:
            return 0, min(campaign.starts, now + _REST)
        if not progress.open:
            return 0, None
        own = route.hours.spans(now)
        windows = {number: intersect(one.spans(now), own) for number, one in hours.items()}
        unfed = [group for group in groups if group.fed < group.rows]
        looks = [now + _REST, campaign.ends]
        looks += [_next_look(windows[group.number], now, self._period) for group in unfed]
        made = self._fill(campaign, progress, route, _open(unfed, windows, now, self._period))
        return made, min(looks)

    def _fill(
        self, campaign: Campaign, progress: Progress, route: Route, groups: list[_Open]
    ) -> int:
        """Fill the lanes of the groups that are open; they share what the rate allows."""
        if not groups:
            return 0
        target = ceil(self._target(campaign, route) / len(groups))
        # Where all wait for the same agents, more is of no use while these are busy.
        pool = shared_pool(campaign)
        at_hand = self._store.feeding.at_hand(campaign.account, campaign.name, pool)
        made = 0
        for one in groups:
            group = one.group
            # Jobs whose agents are busy or whose customers must wait are no work at hand, but not
            # without end: contacts are small in their list, and large as jobs.
            room = self._room(target, group)
            want = min(target - at_hand.get(group.number, 0), room, _JOBS - made)
            made += self._feed(campaign, progress, route, one, want)
        return made

    def _feed(
        self, campaign: Campaign, progress: Progress, route: Route, one: _Open, want: int
    ) -> int:
        group, made = one.group, 0
        while made < want:
            some, behind = self._store.contacts.read(campaign.name, group, min(BATCH, want - made))
            mode = progress.mode or route.mode
            jobs = [new_turn(campaign, contact, group.number, mode) for contact in some]
            if not jobs or one.latest < max(job.ring_lead for job in jobs):
                # So near its close they would only be put off.
                break
            if not self._store.feeding.feed(
                campaign.name, group, behind, jobs, version=progress.version, mode=mode
            ):
                break
            made += len(jobs)
            group = group.fed_to(behind)
        return made

    def _room(self, target: int, group: Group) -> int:
        room = target + _MOST_WAITING - group.queued
        if room < target and self._store.server.fullness() < _ROOMY:
            return target
        return room

    def _target(self, campaign: Campaign, route: Route) -> int:
        now = self._store.server.time()
        standing = self._store.accounts.standing(campaign.account, route.limits, now=now)
        rate = standing.limits.calls_per_second
        if campaign.calls_per_second:
            rate = min(rate, campaign.calls_per_second)
        return ceil(rate * self._period.total_seconds() * _PERIODS) + _AT_LEAST

    def _opening_hours(self, campaign: Campaign, group: Group) -> OpeningHours:
        calendar = campaign.calendar(group.zones)
        if len(self._hours) > _CALENDARS:
            self._hours.clear()
        return self._hours.setdefault(calendar.digest, OpeningHours(calendar))


def _open(
    groups: list[Group], windows: Mapping[str, list[Window]], now: datetime, period: timedelta
) -> list[_Open]:
    """The groups that are open by the next look, with the time they have left from now."""
    return [
        _Open(group, closes - max(now, opens))
        for group in groups
        for opens, closes in _upcoming(windows[group.number], now)
        if opens <= now + period
    ]


def _upcoming(windows: list[Window], now: datetime) -> list[Window]:
    return [window for window in windows if now < window[1]][:1]


def _next_look(windows: list[Window], now: datetime, period: timedelta) -> datetime:
    openings = [max(opens - period, now + period) for opens, closes in windows if closes > now]
    return min(openings, default=_FAR)
