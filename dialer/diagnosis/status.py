"""The whole system at a glance, as `dialer status` shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from dialer.diagnosis.explain import Explanation
from dialer.diagnosis.facts_reader import Explainer
from dialer.domain.account.account import Route
from dialer.domain.account.standing import Standing
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.progress import Progress, Step
from dialer.domain.doorbell import WaitingDoorbells
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.scope import EVERYTHING, account_scope, campaign_scope
from dialer.domain.job.job import State
from dialer.domain.server import FULL, ClockStep
from dialer.store.redis.epochs import recent
from dialer.store.redis.failures import sound

#: So many campaigns are shown; the rest is counted.
MOST_CAMPAIGNS = 10
#: Of so many, the newest, it is known whether they are over.
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
        mode: "developer" or "live", in the settings here.
        zone: IANA name.
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
        standing: Its state as a person sees it, as `standing` says.
        holds: The holds that stop it as a whole: its own, its account's, and
            those on everything.
        paused: The step that paused it; None where it is not paused.
    """

    progress: Progress
    standing: str
    holds: tuple[Hold, ...]
    paused: Step | None

    @property
    def over(self) -> bool:
        """Whether none of its contacts is rung any more, as it is defined now."""
        return self.standing in ("cancelled", "finished", "ended")


@dataclass(frozen=True, slots=True)
class Overview:
    """
    The system at one moment.

    Attributes:
        accounts: The accounts in the settings, by name.
        oldest_ready: The job that has been ready longest, explained.
        unconfirmed: Unconfirmed jobs by age, with the names of `AGES` and "older".
        campaigns: Those that were started and not cancelled, at most `MOST_CAMPAIGNS`:
            oldest first, but those that are over last.
        fullness: The share of the store's memory that is used; 0.0 for no limit.
        step: The last step of the store's clock, of this day.
        doorbells: None when the broker does not answer.
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
    step: ClockStep | None
    doorbells: WaitingDoorbells | None

    @property
    def full(self) -> bool:
        """Whether nothing is taken or begun; live workers cannot be heard of then either."""
        return self.fullness >= FULL


def overview(explainer: Explainer, doorbells: WaitingDoorbells | None) -> Overview:
    """
    Look at everything once; *doorbells* are None when the broker does not answer.

    Raises:
        StoreUnavailable, StoreRefused: The store could not be read.
    """
    store = explainer.store
    now, holds = store.now(), store.holds.all()
    oldest, open_ones = store.jobs.oldest_ready(), store.campaigns.under_way()
    looks = (partial(_campaign, explainer, name, now, holds) for name in open_ones[-_LOOKED_AT:])
    campaigns = list(sound(looks))
    campaigns.sort(key=lambda one: one.over)
    return Overview(
        now=now,
        states=store.jobs.counts(),
        accounts=accounts(explainer, now, holds),
        holds=holds,
        oldest_ready=next(sound([partial(explainer.job, oldest)]), None) if oldest else None,
        workers=store.doorbells.live(now),
        unconfirmed=_ages(explainer, now),
        campaigns=campaigns[:MOST_CAMPAIGNS],
        more_campaigns=max(0, len(open_ones) - MOST_CAMPAIGNS),
        fullness=store.fullness(),
        step=recent(store.epochs.read().step, now),
        doorbells=doorbells,
    )


def standing(progress: Progress, starts: datetime | None, now: datetime) -> str:
    """Say a campaign's state as a person sees it: the operator's, finished, ended or starts."""
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
    """Look at every account of the settings; *holds* are all there are."""
    routes = sorted(explainer.routes.items())
    return tuple(_view(explainer, route, now, holds) for _, route in routes)


def _view(explainer: Explainer, route: Route, now: datetime, holds: Sequence[Hold]) -> AccountView:
    calendar, scopes = route.hours.calendar, (account_scope(route.account), EVERYTHING)
    return AccountView(
        name=route.account,
        mode=route.mode,
        zone=calendar.rules[0].zone,
        standing=explainer.store.accounts.standing(route.account, route.limits),
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
    paused = progress.state is CampaignState.PAUSED
    return CampaignView(
        progress=progress,
        standing=standing(progress, starts, now),
        holds=tuple(hold for hold in holds if hold.scope in scopes),
        paused=next(iter(campaigns.steps(name)[-1:]), None) if paused else None,
    )


def _ages(explainer: Explainer, now: datetime) -> dict[str, int]:
    jobs, counted, ages = explainer.store.jobs, 0, {}
    for name, age in AGES:
        younger = jobs.entered_since(State.UNCONFIRMED, now - age)
        ages[name] = max(0, younger - counted)
        counted = younger
    total = jobs.counts()[State.UNCONFIRMED]
    return {**ages, "older": max(0, total - counted)}
