"""Pages of jobs, newest first by when they were made."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

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
    jobs: Iterable[Job], window: Window, count: int, sees: Callable[[Job], bool]
) -> list[Job]:
    """
    Return the next page; it is short only where the list ends.

    The place of a job is that of its making, which never changes: while pages are read, one
    that fits all the time is on exactly one of them. All of *jobs* are read for each page.
    """
    fitting = (job for job in jobs if window.holds(job) and sees(job))
    return nlargest(count, fitting, key=place_of)


def place_of(job: Job) -> tuple[datetime, str]:
    """Return what the list is ordered by."""
    return job.created, job.id
