"""
What the forecast of a campaign starts from, as the store and the settings know it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dialer.campaign import ZONES_JOIN, Campaign, CampaignState
from dialer.crew import WHOM, crew_written, sample_call
from dialer.forecast import Due, Group, History, Load
from dialer.job import State
from dialer.limits import Limits
from dialer.retry import Backoff, BackoffTable
from dialer.route import Route
from dialer.store import Store
from dialer.store import contacts as listed
from dialer.store.progress import Progress, Step
from dialer.workload import Workload
from schedules.errors import HoursError
from schedules.windows import Window, intersect
from schedules.zones import zone_of

#: What lets a campaign run; anything else stops it.
_GO: Final = ("start", "resume")
#: A campaign that was started a shorter time ago has not shown anything yet.
_TELLING: Final = timedelta(minutes=1)
#: Up to so many waiting jobs are asked when they are due; more are taken to be due now.
_ASKED: Final = 2000
#: Moments at which jobs become due are told apart as far as this.
_GRAIN: Final = timedelta(minutes=1)
#: A delay of a campaign's own is kept, and spread by a tenth (`dialer.redial`); a backoff waits
#: three quarters of its longest on average.
_AS_BACKOFF: Final = 1.05 / 0.75


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Reads what a campaign's forecast needs.

    Attributes:
        store: The store.
        routes: The accounts by name.
        max_tries: Tries of a contact where its campaign does not say.
        backoffs: The waits of `[retry]`.
    """

    store: Store
    routes: Mapping[str, Route]
    max_tries: int
    backoffs: BackoffTable

    def of(self, campaign: Campaign, progress: Progress, now: datetime) -> tuple[Load, History]:
        """
        Return what is left of a campaign, and what its hours so far saw.

        Args:
            campaign: Its account is one of the routes.
            progress: How far it is now.
            now: The store's time.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        store, route = self.store, self.routes[campaign.account]
        limits = store.accounts.standing(campaign.account, route.limits, now=now).limits
        rate = min(limits.calls_per_second, campaign.calls_per_second or float("inf"))
        history = self._history(campaign, now)
        counts = progress.counts
        load = Load(
            now=now,
            ends=campaign.ends,
            groups=self._groups(campaign, history, now),
            rate=rate,
            # What is on the wire has no end yet, and soon will.
            ready=counts[State.READY] + counts[State.DIALING],
            due=self._due(campaign.name, counts[State.SCHEDULED], now),
            share=self._share(campaign, now),
            max_live=_max_live(campaign, limits, Workload.of(campaign, store)),
            call_length=call_length(campaign, limits.assumed_call),
            max_tries=campaign.max_tries or self.max_tries,
            backoffs=_backoffs(campaign, self.backoffs),
            not_same_day=campaign.not_same_day,
        )
        return load, history

    def _history(self, campaign: Campaign, now: datetime) -> History:
        """Read its hours since it is as it is: what was before an edit says nothing of now."""
        edited, hours = self.store.campaigns.lately(campaign.name)
        ran = _running(self.store.campaigns.steps(campaign.name), now)
        nothing = History(edited=edited)
        if not hours or not ran:
            return nothing
        since = max(filter(None, (ran[0][0], campaign.starts, edited)))
        return History(hours, since, edited) if now - since >= _TELLING else nothing

    def _groups(self, campaign: Campaign, history: History, now: datetime) -> list[Group]:
        since = history.since or now
        first = max(now, campaign.starts or now)
        ran = _running(self.store.campaigns.steps(campaign.name), now)
        running = [*ran, (first, campaign.ends)]
        return [
            Group(
                windows=intersect(self._windows(campaign, group, since), running),
                waiting=group.rows - group.fed,
                zone=zone_of((group.zones or campaign.time_zone).split(ZONES_JOIN)[0]),
            )
            for group in self.store.contacts.groups(campaign.name)
        ]

    def _windows(self, campaign: Campaign, group: listed.Group, since: datetime) -> list[Window]:
        if since >= campaign.ends:
            return []
        own = self.routes[campaign.account].hours.calendar
        try:
            return (own & campaign.calendar(group.zones)).windows(since, campaign.ends)
        except HoursError:
            # What nobody can know is closed.
            return []

    def _due(self, campaign: str, count: int, now: datetime) -> list[Due]:
        if not 0 < count <= _ASKED:
            return [Due(now, count)] if count else []
        jobs = self.store.jobs.select(State.SCHEDULED, campaign=campaign)
        minutes = Counter(max(timedelta(0), (job.due or now) - now) // _GRAIN for job in jobs)
        return [Due(now + minute * _GRAIN, many) for minute, many in sorted(minutes.items())]

    def _share(self, campaign: Campaign, now: datetime) -> float:
        others = sum(
            other.weight
            for name in self.store.campaigns.names()
            if name != campaign.name and (other := self._beside(name, campaign.account, now))
        )
        return campaign.weight / (campaign.weight + others)

    def _beside(self, name: str, account: str, now: datetime) -> Campaign | None:
        """Return a campaign if it wants calls of *account* now."""
        progress = self.store.campaigns.progress(name)
        if progress.account != account or progress.state is not CampaignState.RUNNING:
            return None
        if not progress.open or progress.ends <= now:
            return None
        other = self.store.campaigns.get(name)
        return None if other.starts and other.starts > now else other


def _running(steps: Iterable[Step], now: datetime) -> list[Window]:
    """
    When a campaign ran until *now*, by what was decided about it.
    """
    ran: list[Window] = []
    since: datetime | None = None
    for step in steps:
        if step.verb in _GO:
            since = since or step.at
        elif since is not None:
            ran.append((since, step.at))
            since = None
    if since is not None:
        ran.append((since, now))
    return [(start, end) for start, end in ran if start < end]


def agents_in(campaign: Campaign) -> int:
    """
    Count the agents or numbers that every call rings first; 0 where its rows say whom.
    """
    if not WHOM.isdisjoint(campaign.columns):
        return 0
    return len(crew_written(str(campaign.call["from"]), str(campaign.call.get("fromType", ""))))


def call_length(campaign: Campaign, assumed: timedelta) -> timedelta:
    """
    Say how long a call counts as going on: its rings, and what it may talk.

    Args:
        campaign: Whose.
        assumed: The talk of a call that no timeLimit ends.
    """
    call = sample_call(campaign)
    if call is None:
        return assumed
    return call.longest_ring() + (call.talk_limit or assumed)


def _max_live(campaign: Campaign, limits: Limits, workload: Workload) -> float:
    return _least((limits.max_live_calls, campaign.max_live_calls, workload.places))


def _least(bounds: Iterable[float]) -> float:
    return min((bound for bound in bounds if bound), default=0)


def _backoffs(campaign: Campaign, usual: BackoffTable) -> BackoffTable:
    own = {}
    for name, delay in campaign.delays.items():
        longest = delay * _AS_BACKOFF
        own[str(name)] = Backoff(longest, 1.0, longest)
    return {**usual, **own}
