"""Progress of a campaign: its contacts and jobs, and the decisions about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.job.job import State


@dataclass(frozen=True, slots=True)
class Progress:
    """
    A campaign at one moment.

    Attributes:
        rows: Contacts in its list.
        fed: Those that have become jobs in their turn.
        early: Those that have become jobs ahead of it.
        counts: Its jobs by state; they add up to these two.
        skipped: Those that are skipped by the first reason: do_not_call, cap (one
            call rings too often), customer (called too recently or too often
            until the end), deadline, time (ready, but not reached).
        created: When it was defined.
        changed: When it was last changed or steered, by `changed_by`, for `reason`.
        ends: Its end.
        version: Counts its definitions; decisions about it change none.
        called: Counts arrivals of waiting jobs that only the feeder ends: made by an older
            definition, or of a campaign that is over.
        renewed: Whether all its open jobs are made by this definition.
        forgotten: When its list was forgotten; None while any of it is there.
        mode: "developer" or "live", as its account was when its first contact became
            a job; "" before that. It is that of all its contacts.
    """

    name: str
    state: CampaignState
    account: str
    rows: int
    fed: int
    counts: Mapping[State, int]
    skipped: Mapping[str, int]
    created: datetime
    changed: datetime
    changed_by: str
    reason: str
    ends: datetime
    version: int = 0
    called: int = 0
    renewed: bool = True
    forgotten: datetime | None = None
    mode: str = ""
    early: int = 0

    @property
    def revision(self) -> str:
        """Changes with each definition and each decision, and with nothing else."""
        return f"{self.version}-{round(self.changed.timestamp() * 1_000_000)}"

    @property
    def waiting(self) -> int:
        """Contacts that are no jobs yet."""
        return self.rows - self.fed - self.early

    @property
    def queued(self) -> int:
        """Its jobs that wait: scheduled or ready."""
        return self.counts[State.SCHEDULED] + self.counts[State.READY]

    @property
    def open(self) -> int:
        """Contacts whose call may still be made: waiting, scheduled, ready or dialing."""
        jobs = (State.SCHEDULED, State.READY, State.DIALING)
        return self.waiting + sum(self.counts[state] for state in jobs)


@dataclass(frozen=True, slots=True)
class CampaignStanding:
    """
    A campaign's own limits, and how much of them is used at one moment.

    Attributes:
        next_slot: When its own rate allows the next call; None without one.
        posting: Its requests on the wire.
        max_posting: Their limit; 0 for no bound of its own.
        live: Its calls that may be going on.
        max_live: Their limit; 0 for no bound of its own.
        live_until: When the first of them is surely over.
        places: How many calls the agents of a lane may have going on; 0 for no bound.
        talking: When each of those they have is surely over, the first one first.
    """

    next_slot: datetime | None
    posting: int
    max_posting: int
    live: int
    max_live: int
    live_until: datetime | None
    places: int
    talking: Sequence[datetime]

    @property
    def full(self) -> bool:
        """Whether as many of its calls are going on as may."""
        return 0 < self.max_live <= self.live

    @property
    def agents_until(self) -> datetime | None:
        """When one of its agents is free for a call; None when one is."""
        over = len(self.talking) - self.places
        return self.talking[over] if self.places and over >= 0 else None


@dataclass(frozen=True, slots=True)
class Step:
    """
    One decision about a campaign.

    Attributes:
        verb: start, pause, resume or cancel.
        reason: "" where none was given.
    """

    at: datetime
    verb: str
    who: str
    reason: str
