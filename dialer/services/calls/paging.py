"""Pages of jobs, newest first by when they were made."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from dialer.domain.job.job import Job


@dataclass(frozen=True, slots=True)
class Window:
    """
    Which jobs of a list a page shows; None bounds nothing.

    Attributes:
        since: Made then or later.
        until: Made before.
        after: Place of the last job of the page before: when it was made, and its id.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, str] | None = None

    def holds(self, job: Job) -> bool:
        """Say whether a job is on this page or a later one."""
        return (
            (self.since is None or job.created >= self.since)
            and (self.until is None or job.created < self.until)
            and (self.after is None or place_of(job) < self.after)
        )


def newest(
    jobs: Iterable[Job],
    window: Window,
    count: int,
    sees: Callable[[Job], bool],
    *,
    by_entry: bool = False,
) -> list[Job]:
    """
    Return the next page; it is short only where the list ends.

    The place of a job is that of its making, which never changes: while pages are read, one
    that fits all the time is on exactly one of them. All of *jobs* are read, unless they come
    *by_entry*, those first that entered their state last: then as many as the page needs.
    """
    found: list[tuple[tuple[datetime, str], int, Job]] = []
    for nth, job in enumerate(jobs):
        # What entered its state before that was made before it, and so were all that follow.
        if by_entry and (
            (window.since is not None and job.entered < window.since)
            or (len(found) == count and job.entered < found[0][0][0])
        ):
            break
        if window.holds(job) and sees(job):
            heappush(found, (place_of(job), nth, job))
            if len(found) > count:
                heappop(found)
    return [job for *_, job in sorted(found, reverse=True)]


def place_of(job: Job) -> tuple[datetime, str]:
    """Return what the list is ordered by."""
    return job.created, job.id
