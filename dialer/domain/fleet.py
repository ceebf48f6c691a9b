"""The fleet: live worker processes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: How far a worker's wall clock may be from the store's.
CLOCK_TOLERANCE: Final = timedelta(seconds=2)


#: A worker that has not been heard of for so long is gone.
WORKER_GONE = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """
    An account whose API a worker cannot connect to.

    Attributes:
        since: The first attempt that failed; None when unknown.
        why: What became of the last.
    """

    account: str
    since: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """
    A worker process that was heard of within `WORKER_GONE`.

    Attributes:
        name: Unique among live processes.
        capacity: Calls it can carry at once; 0 while its settings are not those of the
            fleet, or it takes no doorbells.
        settings: The fingerprint of its settings.
        heard: When it last announced itself, by the store's clock.
        skew: How far its wall clock was ahead of the store's then; None when unknown.
        takes: Whether it takes doorbells out of the broker.
        unreachable: Accounts that it has calls for and cannot reach.
    """

    name: str
    host: str
    pid: int
    capacity: int
    settings: str
    heard: datetime
    skew: timedelta | None
    takes: bool = True
    unreachable: tuple[Unreachable, ...] = ()
