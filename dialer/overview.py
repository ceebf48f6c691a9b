"""
The whole system at a glance: what `dialer status` shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.campaign import CampaignState
from dialer.explain import Explanation
from dialer.facts import Explainer
from dialer.job import State
from dialer.route import Route
from dialer.store.accounts import Standing
from dialer.store.bells import LiveWorker
from dialer.store.holds import EVERYTHING, Hold, account_scope, campaign_scope
from dialer.store.progress import Progress, Step
from dialer.store.server import FULL

#: So many campaigns are shown; the rest is counted.
MOST_CAMPAIGNS = 10
#: Of so many, the newest, it is known whether anybody of them is still to be rung.
_LOOKED_AT = 100
#: Unconfirmed jobs are counted by age: younger than each of these, then the rest.
AGES: tuple[tuple[str, timedelta], ...] = (
    ("under_10m", timedelta(minutes=10)),
    ("under_1h", timedelta(hours=1)),
    ("under_1d", timedelta(days=1)),
)


@dataclass(frozen=True, slots=True)
class AccountView:
    """
    One account at a glance.

    Attributes:
        name: Its name.
        mode: "developer" or "live", in the settings here.
        zone: IANA name of its zone.
        standing: Its limits and how much of them is used.
        holds: The holds that stop it: its own, and those on everything.
        open: Whether calling hours are open now.
        next_change: When that changes; None when it does not within a year.
    """

    name: str
    mode: str
    zone: str
    standing: Standing
    holds: tuple[Hold, ...]
    open: bool
    next_change: datetime | None

    @property
    def rate_allowed(self) -> float:
        """Calls per second the meter allows now, a cut included."""
        return self.standing.limits.calls_per_second * self.standing.rate_share


@dataclass(frozen=True, slots=True)
class CampaignView:
    """
    One campaign at a glance.

    Attributes:
        progress: How far it is.
        standing: Its state as a person sees it, as `standing` says.
        holds: The holds that stop it as a whole: its own, its account's, and
            those on everything.
        paused: Who paused it, and why; None where it is not paused.
    """

    progress: Progress
    standing: str
    holds: tuple[Hold, ...]
    paused: Step | None

    @property
    def over(self) -> bool:
        """Whether nobody of it is rung any more, as it is defined now."""
        return self.standing in ("cancelled", "finished", "ended")


@dataclass(frozen=True, slots=True)
class Overview:
    """
    The system at one moment.

    Attributes:
        now: The store's time.
        states: How many jobs are in each state.
        accounts: The accounts in the settings, by name.
        holds: Every hold.
        oldest_ready: The job that has been ready longest, explained.
        workers: The live workers.
        unconfirmed: How many unconfirmed jobs are of which age, by the names
            of `AGES` and "older".
        campaigns: Those that were started and not cancelled, at most `MOST_CAMPAIGNS`:
            oldest first, but those that are over last.
        more_campaigns: How many more there are.
        fullness: Which share of the store's memory is used; 0.0 for no limit.
    """

    now: datetime
    states: Mapping[State, int]
    accounts: tuple[AccountView, ...]
    holds: Sequence[Hold]
    oldest_ready: Explanation | None
    workers: Sequence[LiveWorker]
    unconfirmed: Mapping[str, int]
    campaigns: Sequence[CampaignView]
    more_campaigns: int
    fullness: float

    @property
    def full(self) -> bool:
        """Whether nothing is taken or begun; live workers cannot be heard of then either."""
        return self.fullness >= FULL


def overview(explainer: Explainer) -> Overview:
    """
    Look at everything once.

    Raises:
        StoreUnavailable, StoreRefused: The store could not be read.
    """
    store = explainer.store
    now, holds = store.server.time(), store.holds.all()
    oldest, open_ones = store.jobs.oldest_ready(), store.campaigns.under_way()
    campaigns = [_campaign(explainer, name, now, holds) for name in open_ones[-_LOOKED_AT:]]
    campaigns.sort(key=lambda one: one.over)
    return Overview(
        now=now,
        states=store.jobs.counts(),
        accounts=accounts(explainer, now, holds),
        holds=holds,
        oldest_ready=explainer.job(oldest) if oldest else None,
        workers=store.bells.live(now),
        unconfirmed=_ages(explainer, now),
        campaigns=campaigns[:MOST_CAMPAIGNS],
        more_campaigns=max(0, len(open_ones) - MOST_CAMPAIGNS),
        fullness=store.server.fullness(),
    )


def standing(progress: Progress, starts: datetime | None, now: datetime) -> str:
    """
    Say a campaign's state as a person sees it: the operator's word, finished, ended or starts.

    Args:
        progress: How far it is.
        starts: Nobody is rung before; None for no such bound.
        now: The store's time.
    """
    if progress.state is CampaignState.CANCELLED:
        return str(progress.state)
    running = progress.state is CampaignState.RUNNING
    if running and progress.rows and not progress.open:
        return "finished"
    if progress.ends <= now:
        return "ended"
    if running and starts and starts > now:
        return "starts"
    return str(progress.state)


def accounts(explainer: Explainer, now: datetime, holds: Sequence[Hold]) -> tuple[AccountView, ...]:
    """
    Look at every account of the settings.

    Args:
        explainer: Where they are, and the store.
        now: The store's time.
        holds: Every hold.
    """
    return tuple(
        _view(explainer, route, now, holds) for _, route in sorted(explainer.routes.items())
    )


def _view(explainer: Explainer, route: Route, now: datetime, holds: Sequence[Hold]) -> AccountView:
    calendar, scopes = route.hours.calendar, (account_scope(route.account), EVERYTHING)
    return AccountView(
        name=route.account,
        mode=route.mode,
        zone=calendar.rules[0].zone,
        standing=explainer.store.accounts.standing(route.account, route.limits, now=now),
        holds=tuple(hold for hold in holds if hold.scope in scopes),
        open=calendar.is_open(now),
        next_change=calendar.next_change(now),
    )


def _campaign(
    explainer: Explainer, name: str, now: datetime, holds: Sequence[Hold]
) -> CampaignView:
    campaigns = explainer.store.campaigns
    progress, starts = campaigns.progress(name), campaigns.get(name).starts
    scopes = (EVERYTHING, account_scope(progress.account), campaign_scope(name))
    return CampaignView(
        progress=progress,
        standing=standing(progress, starts, now),
        holds=tuple(hold for hold in holds if hold.scope in scopes),
        paused=_paused(explainer, progress),
    )


def _paused(explainer: Explainer, progress: Progress) -> Step | None:
    if progress.state is not CampaignState.PAUSED:
        return None
    return next(iter(explainer.store.campaigns.steps(progress.name)[-1:]), None)


def _ages(explainer: Explainer, now: datetime) -> dict[str, int]:
    jobs, counted, ages = explainer.store.jobs, 0, {}
    for name, age in AGES:
        younger = jobs.entered_since(State.UNCONFIRMED, now - age)
        ages[name] = max(0, younger - counted)
        counted = younger
    total = jobs.counts()[State.UNCONFIRMED]
    return {**ages, "older": max(0, total - counted)}
