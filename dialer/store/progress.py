"""
How far a campaign is: what the store says of it at one moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.campaign import CampaignState
from dialer.errors import StoreRefused
from dialer.job import State
from dialer.store.server import instant


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a campaign is.

    Attributes:
        name: The campaign.
        state: What was decided about it.
        account: Its account.
        rows: Contacts in its list.
        fed: Those that have become jobs.
        counts: Its jobs by state; they add up to `fed`.
        skipped: Those that are skipped by the first reason: do_not_call, cap (one
            call rings too often), customer (called too recently or too often
            until the end), deadline, time (ready, but not reached).
        created: When it was defined.
        changed: When it was last changed or steered, by whom, and why.
        changed_by: See `changed`.
        reason: See `changed`.
        ends: Its end.
        version: Counts its changes and what was decided about it.
        forgotten: When its list was forgotten; None while it is there.
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
    forgotten: datetime | None = None
    mode: str = ""

    @property
    def waiting(self) -> int:
        """Contacts that are no jobs yet."""
        return self.rows - self.fed

    @property
    def queued(self) -> int:
        """Its jobs that wait: scheduled or ready."""
        return self.counts[State.SCHEDULED] + self.counts[State.READY]

    @property
    def open(self) -> int:
        """Contacts whose call may still be made: waiting, scheduled, ready or dialing."""
        jobs = (State.SCHEDULED, State.READY, State.DIALING)
        return self.waiting + sum(self.counts[state] for state in jobs)


def progress_of(name: str, record: Mapping[str, str]) -> Progress:
    """
    Read the record of a campaign.

    Raises:
        StoreRefused: It was not written by this program.
    """
    created, changed = instant(record["created_us"]), instant(record["changed_us"])
    ends = instant(record["ends_us"])
    if created is None or changed is None or ends is None:
        raise StoreRefused(f"campaign {name} has no times: it was not written by this program")
    return Progress(
        name=name,
        state=CampaignState(record["state"]),
        account=record["account"],
        rows=int(record["rows"]),
        fed=int(record["fed"]),
        counts={state: int(record.get(f"n:{state}", 0)) for state in State},
        skipped={
            name.removeprefix("s:"): int(count)
            for name, count in sorted(record.items())
            if name.startswith("s:")
        },
        created=created,
        changed=changed,
        changed_by=record["changed_by"],
        reason=record["reason"],
        ends=ends,
        version=int(record["version"]),
        forgotten=instant(record.get("forgotten_us")),
        mode=record.get("mode", ""),
    )


@dataclass(frozen=True, slots=True)
class CampaignStanding:
    """
    A campaign's own limits, and how much of them is used at one moment.

    Attributes:
        next_slot: When its own rate allows the next call; None without one.
        posting: Its requests on the wire.
        max_posting: How many it may have; 0 for no bound of its own.
        live: Its calls that may be going on.
        max_live: How many it may have; 0 for no bound of its own.
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
    def agents_until(self) -> datetime | None:
        """When one of its agents is free for a call; None when one is."""
        over = len(self.talking) - self.places
        return self.talking[over] if self.places and over >= 0 else None


@dataclass(frozen=True, slots=True)
class Step:
    """
    One decision about a campaign.

    Attributes:
        at: When.
        verb: start, pause, resume or cancel.
        who: Who decided it.
        reason: Why; "" for nothing said.
    """

    at: datetime
    verb: str
    who: str
    reason: str
