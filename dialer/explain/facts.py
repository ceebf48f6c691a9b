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
from dialer.store.ahead import Ahead
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
        windows: When it may dial, sorted, in UTC.
        known: How far ahead they are known.
        why_closed: The calendar's reasons when it is closed now; else empty.
        zone: IANA name of its zone.
    """

    mode: str
    standing: Standing
    windows: tuple[tuple[datetime, datetime], ...]
    known: datetime
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
        row: The contact's number in the list; 0 once it is a job.
        before: Contacts that come first; 0 once it is a job.
        before_crew: Of these, those that ring nobody first but whom it rings first.
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
    before_crew: int
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
        ahead: Ready jobs that come first.
        workers: The live workers.
        lease: How long an attempt is a worker's.
        quarantine: How long after an attempt it may not be rung again.
        campaign: Its campaign; None for a direct call.
        fullness: Which share of the store's memory is used.
    """

    job: Job
    now: datetime
    holds: Sequence[Hold]
    suppressed: Sequence[Suppressed]
    account: AccountFacts | None
    customer: Allowed | None
    pool_until: datetime | None
    ahead: Ahead
    workers: Sequence[LiveWorker]
    lease: timedelta
    quarantine: timedelta
    campaign: CampaignFacts | None = None
    fullness: float = 0.0

    @property
    def calls_per_second(self) -> float | None:
        """How fast its queue moves: the account's rate now, or its campaign's if that is less."""
        if self.account is None:
            return None
        rate = self.account.standing.limits.calls_per_second * self.account.standing.rate_share
        return min(rate, (self.campaign and self.campaign.calls_per_second) or rate)

    @property
    def listed(self) -> bool:
        """Whether it is a contact that is no job yet."""
        return self.campaign is not None and self.campaign.row > 0

    @property
    def first(self) -> int:
        """Jobs and contacts that come first."""
        return self.ahead.first + (self.campaign.before if self.campaign else 0)

    @property
    def same_crew(self) -> int:
        """Those of them that ring nobody first but whom it rings first."""
        return self.ahead.crew + (self.campaign.before_crew if self.campaign else 0)

    @property
    def begins(self) -> datetime:
        """When those who come first may begin, as far as that stops them all; hours aside."""
        moments: list[datetime | None] = []
        if self.account is not None:
            standing = self.account.standing
            moments.append(standing.next_slot)
            moments.append(standing.next_probe if standing.breaker == "open" else None)
        if self.campaign is not None:
            moments += [self.campaign.starts, self.campaign.standing.next_slot]
        return max(filter(None, [self.now, *moments]))

    @property
    def crew_begins(self) -> datetime:
        """The same for those of them that wait for the people whom the job rings first."""
        return max(self.begins, self.pool_until or self.begins)

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
        reckoned: Whether that depends on others who come first: then it is
            the moment before which it is hardly rung.
        zone: The zone in which a person reads the times.
        now: When all this was found.
        note: What stands in no way and is good to know; "" for nothing.
        waiting: Whether it is a contact that is no job yet; `job` is then what it will become.
    """

    job: Job
    reasons: tuple[Reason, ...]
    next: datetime | None
    zone: str
    now: datetime
    note: str = ""
    waiting: bool = False
    reckoned: bool = False
