"""
When the next call may start, as far as rates and places go.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush


class Meter:
    """
    Calls that start one interval after the other.

    Args:
        per_second: How many each second.
        burst: How many may start at once after a quiet time.
    """

    def __init__(self, per_second: float, burst: int = 1) -> None:
        self._interval = timedelta(seconds=1 / per_second)
        self._ahead = (burst - 1) * self._interval
        self._arrival: datetime | None = None

    def slot(self, at: datetime) -> datetime:
        """Find the first moment from *at* on at which a call may start."""
        return max(at, self._arrival - self._ahead) if self._arrival else at

    def take(self, at: datetime, length: timedelta) -> None:
        """Start a call."""
        del length
        self._arrival = max(at, self._arrival or at) + self._interval


class Places:
    """
    Calls of which only so many may be going on.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: list[datetime] = []

    def slot(self, at: datetime) -> datetime:
        """Find the first moment from *at* on at which a call may start; time does not go back."""
        while self._ends and self._ends[0] <= at:
            heappop(self._ends)
        return self._ends[0] if len(self._ends) >= self._most else at

    def take(self, at: datetime, length: timedelta) -> None:
        """Start a call that goes on for *length*."""
        heappush(self._ends, at + length)


class Pace:
    """
    The starts that every bound allows.

    Args:
        bounds: Each of them.
    """

    def __init__(self, bounds: Sequence[Meter | Places]) -> None:
        self._bounds = bounds

    def slot(self, at: datetime) -> datetime:
        """Find the first moment from *at* on at which a call may start."""
        before = None
        while before != at:
            before = at
            for bound in self._bounds:
                at = bound.slot(at)
        return at

    def take(self, at: datetime, length: timedelta) -> None:
        """Start a call that goes on for *length*."""
        for bound in self._bounds:
            bound.take(at, length)
