"""The open time ahead, as stretches in which the same groups are open."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from schedules.windows import Window, merge


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time, in seconds after now, in which the groups at the places *open* are open."""

    start: float
    end: float
    open: tuple[int, ...]


def stretches(windows: Sequence[Sequence[Window]], now: datetime, ends: datetime) -> list[Stretch]:
    """Return the open time of [now, ends) in order, from one list of windows for each group."""
    changes: dict[float, list[tuple[int, bool]]] = {}
    for place, some in enumerate(windows):
        for first, last in merge(some):
            start, end = max(first, now), min(last, ends)
            if start < end:
                changes.setdefault((start - now).total_seconds(), []).append((place, True))
                changes.setdefault((end - now).total_seconds(), []).append((place, False))
    made: list[Stretch] = []
    is_open: set[int] = set()
    before = 0.0
    for at in sorted(changes):
        if is_open and at > before:
            made.append(Stretch(before, at, tuple(sorted(is_open))))
        for place, opens in changes[at]:
            (is_open.add if opens else is_open.discard)(place)
        before = at
    return made


class Days:
    """Where the days of one zone begin, between two moments."""

    def __init__(self, now: datetime, ends: datetime, zone: tzinfo) -> None:
        day, last = now.astimezone(zone).date(), ends.astimezone(zone).date()
        self._begin: list[float] = []
        while day <= last + timedelta(days=1):
            midnight = datetime.combine(day, time(), zone)
            self._begin.append((midnight - now).total_seconds())
            day += timedelta(days=1)

    def after(self, at: float) -> float:
        """
        Return where the day after the one of *at* begins; both in seconds after now.

        Past the last day it is the last day's beginning, or *at* if that is later.
        """
        place = min(bisect_right(self._begin, at), len(self._begin) - 1)
        return max(at, self._begin[place])
