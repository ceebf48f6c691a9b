"""
What is known of one job at one moment, and what follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.campaign import CampaignState
from dialer.job import Job
from dialer.moment import local
from dialer.store.accounts import Standing
from dialer.store.bells import LiveWorker
from dialer.store.customers import Allowed
from dialer.store.holds import Hold
from dialer.store.progress import CampaignStanding, Step
from dialer.store.suppression import Suppressed


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """
    What holds for the account a job is dialled through.

    Attributes:
        mode: "developer" or "live", in the settings here.
        standing: Its limits and how much of them is used.
        windows: When it may dial in the next days, sorted, in UTC.
        why_closed: The calendar's reasons when it is closed now; else empty.
        zone: IANA name of its zone.
    """

    mode: str
    standing: Standing
    windows: tuple[tuple[datetime, datetime], ...]
    why_closed: tuple[str, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """
    What holds for the campaign a job or a contact belongs to.

    Attributes:
        name: The campaign.
        state: What was decided about it.
        decided: When that was, by whom and why; None for a draft.
        starts: Nobody is rung before; None for no such bound.
        ends: No attempt starts from here on.
        calls_per_second: Its own rate; None for the account's.
        standing: Its own limits and how much of them is used.
        row: The contact's number in the list.
        before: Contacts that come first; 0 once it is a job.
        hours_known: Whether the store has been told the hours of the contact's
            zone group; `begin` takes it as closed otherwise.
    """

    name: str
    state: CampaignState
    decided: Step | None
    starts: datetime | None
    ends: datetime
    calls_per_second: float | None
    standing: CampaignStanding
    row: int
    before: int
    hours_known: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything that decides whether one job may be rung, at one moment.

    Attributes:
        job: The job.
        now: The store's time.
        holds: Every hold there is.
        suppressed: The do-not-call entries of its customer, for its account.
        account: Its account; None where the settings here know none.
        customer: From when its customers may be called; None where the
            account is not known here.
        pool_until: Until when its pool is left alone; None for no pool.
        ahead: Ready jobs of the account that come first.
        workers: The live workers.
        lease: How long an attempt is a worker's.
        quarantine: How long after an attempt it may not be rung again.
        campaign: Its campaign; None for a direct call.
    """

    job: Job
    now: datetime
    holds: Sequence[Hold]
    suppressed: Sequence[Suppressed]
    account: AccountFacts | None
    customer: Allowed | None
    pool_until: datetime | None
    ahead: int
    workers: Sequence[LiveWorker]
    lease: timedelta
    quarantine: timedelta
    campaign: CampaignFacts | None = None

    @property
    def calls_per_second(self) -> float | None:
        """How fast its queue moves: the account's rate now, or its campaign's if that is less."""
        if self.account is None:
            return None
        rate = self.account.standing.limits.calls_per_second * self.account.standing.rate_share
        return min(rate, (self.campaign and self.campaign.calls_per_second) or rate)

    @property
    def zone(self) -> str:
        """The zone in which a person reads the answer."""
        return self.account.zone if self.account else "UTC"

    def at(self, moment: datetime) -> str:
        """Write a moment for a person."""
        return local(moment, self.zone)


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One thing that stands in the way.

    Attributes:
        name: A stable word: state, hold, breaker, hours, do_not_call, …
        text: One sentence for a person, without numbers or tokens.
        until: When it ends by itself; None when it does not, or nobody knows.
        step: The command or the change that ends it; "" where there is none.
    """

    name: str
    text: str
    until: datetime | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Why a job is where it is.

    Attributes:
        job: The job.
        reasons: What stands in its way, the order fixed; empty when nothing
            does and it goes with the next free slot.
        next: The next moment at which it may be rung, as far as the reasons
            end by themselves; None when it cannot be known or never comes.
        zone: The zone in which a person reads the times.
        note: What stands in no way and is good to know; "" for nothing.
        waiting: Whether it is a contact that is no job yet; `job` is then what it will become.
    """

    job: Job
    reasons: tuple[Reason, ...]
    next: datetime | None
    zone: str
    note: str = ""
    waiting: bool = False
