"""
After a restore: stop everything, and find what may have been dialled in the lost time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dialer.campaign import CampaignState
from dialer.job import Job, State
from dialer.owners import RECOVER, WITNESS
from dialer.store import Store
from dialer.store.census import Census
from dialer.store.eras import Eras
from dialer.store.holds import EVERYTHING, Hold
from dialer.store.progress import Progress


@dataclass(frozen=True, slots=True)
class Recovery:
    """
    A recovery that has begun; everything is held.

    Attributes:
        copy: The last moment that the store remembers; None for an empty one.
        noticed: When it was first held; jobs made later are none of the copy's.
    """

    copy: datetime | None
    noticed: datetime


def recover(store: Store, *, who: str) -> Recovery:
    """
    Hold everything under `recover`, and take over from `witness`.

    The store begins another era, so that no machine's tidemark stops it again.
    Doing it again while the hold stands changes nothing but who and when.

    Raises:
        StoreUnavailable, StoreRefused: Do it again; what was held stays held.
    """
    eras, now = Eras(store.server), store.server.time()
    standing = [hold for hold in store.holds.all() if hold.scope == EVERYTHING]
    ours = [hold for hold in standing if hold.owner == RECOVER]
    theirs = [hold for hold in standing if hold.owner == WITNESS]
    era = eras.read()
    if ours:
        copy = era.copy
    else:
        copy = (era.lost if theirs else None) or Census(store.server).last_moment()
        reason = "a copy may have been restored: dialer recover says what to look at first"
        store.holds.set(EVERYTHING, owner=RECOVER, who=who, reason=reason)
    eras.renew(copy)
    store.holds.release(EVERYTHING, owner=WITNESS, who=who, reason="taken over by recover")
    return Recovery(copy, _first(ours + theirs, now))


def suspects(store: Store, recovery: Recovery) -> Iterator[Job]:
    """
    Yield the jobs that wait to be dialled here and may have been dialled already.

    These are all that are ready, and those that were scheduled for a time
    that is over; jobs that were made after the recovery began are left out.
    """
    now = store.server.time()
    for state in (State.READY, State.SCHEDULED):
        for job in store.jobs.select(state):
            if job.created <= recovery.noticed and (job.due is None or job.due <= now):
                yield job


def unfinished(store: Store, recovery: Recovery) -> Iterator[Progress]:
    """
    Yield the campaigns of the copy that could have gone on in the lost time.

    Contacts that are no jobs yet in the copy may have become jobs since, and
    been dialled: here they would become jobs again.
    """
    for name in store.campaigns.names():
        progress = store.campaigns.progress(name)
        open_ = progress.state is not CampaignState.CANCELLED
        if open_ and progress.waiting and progress.created <= recovery.noticed:
            yield progress


def _first(holds: list[Hold], now: datetime) -> datetime:
    return min((hold.since for hold in holds if hold.since), default=now)
