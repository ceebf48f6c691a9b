"""Facts of one job at one moment, and the explanation that follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.account.limits import pace
from dialer.domain.account.standing import Standing
from dialer.domain.call.customer import Allowed, Suppressed
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.progress import CampaignStanding, Step
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.hold import Hold
from dialer.domain.job.job import Job
from dialer.domain.job.lane import Ahead
from dialer.text.moment import local


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """
    Facts of the account a job is dialled through.

    Attributes:
        mode: "developer" or "live", in the settings here.
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
    Facts of the campaign a job or a contact belongs to.

    Attributes:
        decided: The step that led to its state; None for a draft.
        row: The contact's number in the list; 0 once it is a job.
        before: Contacts ahead of it; 0 once it is a job.
        before_same_agents: Contacts ahead that wait for no other agents than this one.
        hours_known: Whether the store has been told the hours of the contact's
            zone group; `begin` takes it as closed otherwise.
        behind: Whether its job was made by a definition that was changed since.
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
    before_same_agents: int
    hours_known: bool
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Facts that decide whether one job may be rung, at one moment.

    Attributes:
        now: The store's time.
        suppressed: The do-not-call entries of its customer, for its account.
        account: None where the settings here do not name it.
        customer: From when its customers may be called; None where the
            account is not known here.
        pool_until: Until when its pool is left alone; None for no pool.
        ahead: Ready jobs ahead of it.
        quarantine: How long after an attempt it may not be rung again.
        campaign: None for a direct call.
        fullness: The share of the store's memory that is used.
        peers: The accounts that share its account's user id: a hold on an agent of one
            is one of all. Empty for its account alone.
        second: Whom its `to` rings, as the last part of a lane; "" for numbers.
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
    peers: Sequence[str] = ()
    second: str = ""

    @property
    def listed(self) -> bool:
        """Whether it is a contact that is no job yet."""
        return self.campaign is not None and self.campaign.row > 0

    @property
    def first(self) -> int:
        """Jobs and contacts ahead of it."""
        return self.ahead.first + (self.campaign.before if self.campaign else 0)

    @property
    def same_agents(self) -> int:
        """Jobs and contacts ahead that wait for no other agents than this one."""
        return self.ahead.crew + (self.campaign.before_same_agents if self.campaign else 0)

    @property
    def begins(self) -> datetime:
        """Earliest start of the jobs and contacts ahead, hours aside."""
        moments: list[datetime | None] = []
        if self.account is not None:
            standing = self.account.standing
            moments.append(standing.next_slot)
            moments.append(standing.next_probe if standing.breaker == "open" else None)
        if self.campaign is not None:
            moments += [self.campaign.starts, self.campaign.standing.next_slot]
        return max(filter(None, [self.now, *moments]))

    @property
    def same_agents_begin(self) -> datetime:
        """The same for those of `same_agents`."""
        return max(self.begins, self.pool_until or self.begins)

    @property
    def zone(self) -> str:
        """The zone in which a person reads the answer."""
        return self.account.zone if self.account else "UTC"

    def at(self, moment: datetime) -> str:
        """Write a moment for a person."""
        return local(moment, self.zone)


def written_rate(standing: Standing) -> str:
    """Write how fast an account may dial now: "2/s, cut to 50%"."""
    rate = pace(standing.limits.calls_per_second)
    return rate if standing.rate_share == 1 else f"{rate}, cut to {standing.rate_share:.0%}"


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One barrier in the way.

    Attributes:
        name: A stable word: state, hold, breaker, hours, do_not_call, …
        text: One sentence for a person, without numbers or tokens.
        until: When it ends by itself; None when it does not, or nobody knows.
        step: The command or the change that ends it; "" for none.
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
        reasons: Barriers in a fixed order; empty when it goes with the next free slot.
        next: The next moment at which it may be rung, as far as the reasons
            end by themselves; None when it cannot be known or never comes.
        reckoned: Whether that depends on others ahead: then it is
            the moment before which it is hardly rung.
        zone: The zone in which a person reads the times.
        note: Good to know, and no barrier; "" for nothing.
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
