"""Inputs of a forecast, from the store and the settings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dialer.domain.account.account import Route, peers_of
from dialer.domain.call.agents import crew_written
from dialer.domain.campaign.agents import WHOM
from dialer.domain.campaign.bounds import Bounds
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.contact_hours import contact_windows
from dialer.domain.campaign.progress import Progress, Step
from dialer.domain.campaign.stops import stops
from dialer.domain.holds.owners import BREAKER
from dialer.domain.holds.words import named, set_by
from dialer.domain.job.backoff import Backoff, BackoffTable
from dialer.domain.job.job import State
from dialer.planning.forecast import Due, History, Load, LoadGroup
from dialer.planning.workload import Workload
from dialer.store import Store
from dialer.text.masking import mask
from schedules.windows import Window, intersect
from schedules.zones import ZONES_JOIN, zone_of

#: Steps that let a campaign run; any other stops it.
_GO: Final = ("start", "resume")
#: A campaign that was started a shorter time ago has not shown anything yet.
_TELLING: Final = timedelta(minutes=1)
#: Up to so many waiting jobs are asked when they are due; more are taken to be due now.
_ASKED: Final = 2000
#: Moments at which jobs become due are told apart as far as this.
_GRAIN: Final = timedelta(minutes=1)
#: A delay of a campaign's own is kept and spread by a tenth (`redial.py`); a backoff waits
#: three quarters of its longest on average.
_AS_BACKOFF: Final = 1.05 / 0.75


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Reader of what a campaign's forecast needs.

    Attributes:
        max_tries: Tries of a contact where its campaign does not say.
        backoffs: The waits of `[retry]`.
    """

    store: Store
    routes: Mapping[str, Route]
    max_tries: int
    backoffs: BackoffTable

    def of(self, campaign: Campaign, progress: Progress, now: datetime) -> tuple[Load, History]:
        """
        Return the rest of a campaign at the store's time, and its hours so far.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        store, route = self.store, self.routes[campaign.account]
        limits = store.accounts.standing(campaign.account, route.limits).limits
        agents = Workload.of(campaign, store).places
        own_rate, own_live = campaign.calls_per_second, campaign.max_live_calls
        bounds = Bounds.of(limits, own_rate, own_live, agents)
        ran = _running(store.campaigns.steps(campaign.name), now)
        history = self._history(campaign, ran, now)
        counts = progress.counts
        load = Load(
            now=now,
            ends=campaign.ends,
            groups=self._groups(campaign, ran, history.since or now, now),
            rate=bounds.rate,
            # What is on the wire has no end yet, and soon will.
            ready=counts[State.READY] + counts[State.DIALING],
            due=self._due(campaign.name, counts[State.SCHEDULED], now),
            share=self._share(campaign, now),
            max_live=bounds.most,
            call_length=call_length(campaign, limits.assumed_call),
            max_tries=campaign.max_tries or self.max_tries,
            backoffs=_backoffs(campaign, self.backoffs),
            not_same_day=campaign.not_same_day,
            held=self._held(campaign, peers_of(self.routes, route)),
        )
        return load, history

    def _held(self, campaign: Campaign, peers: Sequence[str]) -> list[str]:
        """Name the holds that stop it or some of its calls until a person releases them, masked."""
        return [
            mask(f"{named(hold.scope)} is held by {set_by(hold)}: {hold.reason}")
            for hold in self.store.holds.all()
            if hold.owner != BREAKER and stops(hold, campaign, peers)
        ]

    def _history(self, campaign: Campaign, ran: Sequence[Window], now: datetime) -> History:
        """Read the hours since the last edit: those before are no evidence."""
        edited, hours = self.store.campaigns.lately(campaign.name)
        if hours and ran:
            since = max(filter(None, (ran[0][0], campaign.starts, edited)))
            if now - since >= _TELLING:
                return History(hours, since, edited)
        return History(edited=edited)

    def _groups(
        self, campaign: Campaign, ran: Sequence[Window], since: datetime, now: datetime
    ) -> list[LoadGroup]:
        first = max(now, campaign.starts or now)
        running = [*ran, (first, campaign.ends)]
        own = self.routes[campaign.account].hours.calendar
        return [
            LoadGroup(
                windows=intersect(
                    contact_windows(own, campaign, group.zones, since, campaign.ends), running
                ),
                waiting=group.waiting,
                zone=zone_of((group.zones or campaign.time_zone).split(ZONES_JOIN)[0]),
            )
            for group in self.store.contacts.groups(campaign.name)
        ]

    def _due(self, campaign: str, count: int, now: datetime) -> list[Due]:
        if not 0 < count <= _ASKED:
            return [Due(now, count)] if count else []
        jobs = self.store.jobs.select(State.SCHEDULED, campaign=campaign)
        minutes = Counter(max(timedelta(0), (job.due or now) - now) // _GRAIN for job in jobs)
        return [Due(now + minute * _GRAIN, many) for minute, many in sorted(minutes.items())]

    def _share(self, campaign: Campaign, now: datetime) -> float:
        running = [
            self.store.campaigns.get(one.name)
            for one in self.store.campaigns.every()
            if one.name != campaign.name
            and one.account == campaign.account
            and one.state is CampaignState.RUNNING
            and one.open
            and one.ends > now
        ]
        others = sum(one.weight for one in running if not one.starts or one.starts <= now)
        return campaign.weight / (campaign.weight + others)


def _running(steps: Iterable[Step], now: datetime) -> list[Window]:
    """Return the windows until *now* in which a campaign ran, by the decisions about it."""
    ran: list[Window] = []
    since: datetime | None = None
    for at, runs in [*((step.at, step.verb in _GO) for step in steps), (now, False)]:
        if runs:
            since = since or at
        elif since is not None:
            ran.append((since, at))
            since = None
    return [(start, end) for start, end in ran if start < end]


def agents_in(campaign: Campaign) -> int:
    """Count the agents or numbers that every call rings first; 0 where its rows say whom."""
    if not WHOM.isdisjoint(campaign.columns):
        return 0
    return len(crew_written(str(campaign.call["from"]), str(campaign.call.get("fromType", ""))))


def call_length(campaign: Campaign, assumed: timedelta) -> timedelta:
    """Say how long a call counts as going on: rings and talk, *assumed* where no timeLimit is."""
    call = CallFactory(campaign).sample()
    return call.lasts(assumed) if call else assumed


def _backoffs(campaign: Campaign, usual: BackoffTable) -> BackoffTable:
    delays = {str(name): delay * _AS_BACKOFF for name, delay in campaign.delays.items()}
    return {**usual, **{name: Backoff(delay, 1.0, delay) for name, delay in delays.items()}}
