"""Windows of time as sorted lists: joined where they touch, and intersected."""

from collections.abc import Iterable, Sequence
from datetime import datetime

#: From the first instant up to, and without, the second; both in UTC.
Window = tuple[datetime, datetime]


def merge(windows: Iterable[Window]) -> list[Window]:
    """Sort windows, join those that touch or overlap, and drop empty ones."""
    merged: list[Window] = []
    for start, end in sorted(windows):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(left: Sequence[Window], right: Sequence[Window]) -> list[Window]:
    """Return the time in both lists; each is merged, and so is the result."""
    both: list[Window] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            both.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return both
