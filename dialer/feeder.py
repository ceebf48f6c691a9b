"""
The feeder: keeps the lanes of running campaigns filled just ahead of the dialling.

Any number of feeders may run, at any time: what has been fed is decided by the
cursor in the store. It also writes the hours of each campaign's contacts, and
takes out what waits in campaigns that were cancelled or have ended.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil

from dialer.campaign import Campaign, CampaignState
from dialer.hours import OpeningHours
from dialer.route import Route
from dialer.store import Store
from dialer.store.contacts import Group
from dialer.store.jobs import BATCH
from dialer.store.progress import Progress
from dialer.turn import new_turn
from schedules.windows import Window

log = logging.getLogger(__name__)

#: Campaigns looked at in one round.
_CAMPAIGNS = 100
#: Jobs made in one round; a round must end before the next one is due.
_JOBS = 10_000
#: The longest until a campaign is looked at again: its hours must not become stale.
_REST = timedelta(hours=6)
#: How long written hours hold though nobody looks.
_STALE = timedelta(hours=24)
#: Periods of the tick that the ready jobs of a lane shall last for.
_PERIODS = 3
#: Jobs of a campaign that may wait for their customers or agents beside those.
_MOST_WAITING = 10_000
_SWEEP = 500
#: Calendars whose windows are remembered.
_CALENDARS = 1000
_FAR = datetime(2200, 1, 1, tzinfo=UTC)


class Feeder:
    """
    Looks after campaigns, each when it is due.

    Args:
        store: The store.
        routes: The accounts by name.
        period: The beat's period.
    """

    def __init__(self, store: Store, routes: Mapping[str, Route], *, period: timedelta) -> None:
        self._store = store
        self._routes = routes
        self._period = period
        self._hours: dict[str, OpeningHours] = {}

    def tick(self) -> int:
        """
        Look at the campaigns that are due, at most `_CAMPAIGNS` of them.

        Returns:
            How many jobs were made.

        Raises:
            StoreUnavailable, StoreRefused: The round broke off; the next one
                goes on where it stopped.
        """
        made = 0
        for name in self._store.campaigns.due(self._store.server.time(), _CAMPAIGNS):
            if made >= _JOBS:
                break
            made += self.look(name)
        return made

    def look(self, name: str) -> int:
        """
        Do what a campaign needs now, and say when it is to be looked at next.

        Returns:
            How many jobs were made.
        """
        store, now = self._store, self._store.server.time()
        # In this order: a definition that is newer than its record is looked at again.
        progress, campaign = store.campaigns.progress(name), store.campaigns.get(name)
        made, again = 0, None
        if progress.state is CampaignState.CANCELLED or campaign.ends <= now:
            again = self._sweep(name, now)
        elif progress.state is CampaignState.RUNNING:
            made, again = self._run(campaign, progress, now)
        store.campaigns.look_again(progress, again, period=self._period)
        return made

    def _sweep(self, name: str, now: datetime) -> datetime | None:
        left = 1
        moved = _SWEEP
        while moved == _SWEEP:
            moved, left = self._store.contacts.sweep(name, _SWEEP)
        return now + self._period if left else None

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
        if not self._store.campaigns.write_hours(campaign.name, progress, written, _STALE):
            return 0, now  # somebody changed it meanwhile
        if campaign.starts and campaign.starts > now:
            return 0, min(campaign.starts, now + _REST)
        if not progress.open:
            return 0, None
        rate = self._store.accounts.standing(
            campaign.account, route.limits, now=now
        ).limits.calls_per_second
        made, looks = 0, [now + _REST, campaign.ends]
        for group in groups:
            windows = hours[group.number].spans(now)
            if group.fed < group.rows:
                if _opens_by(windows, now, now + self._period):
                    want = self._wanted(campaign, group, progress, rate)
                    made += self._feed(campaign, group, route, want)
                looks.append(_next_look(windows, now, self._period))
        return made, min(looks)

    def _feed(
        self,
        campaign: Campaign,
        group: Group,
        route: Route,
        want: int,
    ) -> int:
        made = 0
        while made < want:
            some, behind = self._store.contacts.read(campaign.name, group, min(BATCH, want - made))
            jobs = [new_turn(campaign, contact, group.number, route) for contact in some]
            if not jobs or not self._store.contacts.feed(campaign.name, group, behind, jobs):
                break
            made += len(jobs)
            group = group.fed_to(behind)
        return made

    def _wanted(self, campaign: Campaign, group: Group, progress: Progress, rate: float) -> int:
        if campaign.calls_per_second:
            rate = min(rate, campaign.calls_per_second)
        target = ceil(rate * self._period.total_seconds() * _PERIODS) + 20
        awake = self._store.contacts.awake(campaign.account, campaign.name)
        # Jobs whose agents are busy or whose customers must wait are no work at hand, but not
        # without end: contacts are small in their list, and large as jobs.
        room = target + _MOST_WAITING - progress.queued
        return max(0, min(target - awake.get(group.number, 0), room))

    def _opening_hours(self, campaign: Campaign, group: Group) -> OpeningHours:
        calendar = campaign.calendar(group.zones)
        if len(self._hours) > _CALENDARS:
            self._hours.clear()
        return self._hours.setdefault(calendar.digest, OpeningHours(calendar))


def _opens_by(windows: list[Window], now: datetime, soon: datetime) -> bool:
    return any(opens <= soon and now < closes for opens, closes in windows)


def _next_look(windows: list[Window], now: datetime, period: timedelta) -> datetime:
    openings = [max(opens - period, now + period) for opens, closes in windows if closes > now]
    return min(openings, default=_FAR)
