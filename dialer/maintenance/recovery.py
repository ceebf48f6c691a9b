"""Recovery after a restore: a hold on everything, and what may have been dialled meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.progress import Progress
from dialer.domain.holds.owners import RECOVER, WITNESS
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.job.job import Job, State
from dialer.store import Store
from dialer.store.account_index import AccountIndex
from dialer.store.holds import Holds
from dialer.store.redis.connection import connect
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.server import Server


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


def hold_after_damage(url: str) -> None:
    """
    Hold everything under `witness` in a store whose file was cut off, until it is recovered.

    Raises:
        StoreUnavailable, StoreRefused: Do it again before any call begins.
    """
    server = Server(connect(url))
    try:
        last = AccountIndex(server).last_moment()
        reason = (
            "the server's file was damaged, and calls made since its end would be made again:"
            " dialer recover --who NAME"
        )
        Holds(server).set(EVERYTHING, owner=WITNESS, who="dialer up", reason=reason)
        Epochs(server).lose(last)
    finally:
        server.close()


def recover(store: Store, *, who: str) -> Recovery:
    """
    Hold everything under `recover`, and take over from `witness`.

    The store begins another epoch, so that no machine's high-water mark stops it again.
    Doing it again while the hold stands changes nothing but who and when.

    Raises:
        StoreUnavailable, StoreRefused: Do it again; what was held stays held.
    """
    now, epoch = store.now(), store.epochs.read()
    ours = store.holds.of(EVERYTHING, RECOVER)
    theirs = store.holds.of(EVERYTHING, WITNESS)
    if ours:
        copy = epoch.copy
    else:
        copy = (epoch.lost if theirs else None) or store.account_index.last_moment()
        reason = "a copy may have been restored: dialer recover says what to look at first"
        store.holds.set(EVERYTHING, owner=RECOVER, who=who, reason=reason)
        store.await_leaving()
    store.epochs.renew(copy)
    store.holds.release(EVERYTHING, owner=WITNESS, who=who, reason="taken over by recover")
    noticed = min((hold.since for hold in ours + theirs if hold.since), default=now)
    return Recovery(copy, noticed)


def suspects(store: Store, recovery: Recovery) -> Iterator[Job]:
    """
    Yield the jobs that wait here and may have been dialled already.

    These are all that are ready or scheduled for a time that is over, without
    those that were made after the recovery began.
    """
    now = store.now()
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
    for progress in store.campaigns.every():
        open_ = progress.state is not CampaignState.CANCELLED
        if open_ and progress.waiting and progress.created <= recovery.noticed:
            yield progress
