"""Notation of values in Redis: times and durations in microseconds, text in one line."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from dialer.text.printable import printable
from schedules.windows import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(delta: timedelta) -> int:
    """Whole microseconds of *delta*, the only unit of time in Redis."""
    return delta // timedelta(microseconds=1)


def stamp(at: datetime | None) -> int:
    """An aware time as microseconds since 1970; 0 for None."""
    return micros(at - _EPOCH) if at else 0


def moment(value: str | float) -> datetime:
    """Time of a stamp."""
    return _EPOCH + timedelta(microseconds=int(value))


def instant(value: str | float | None) -> datetime | None:
    """Time of a stamp that may be empty or zero: None."""
    return moment(value) if value and int(value) else None


def one_line(text: str, *, longest: int = 200) -> str:
    """Text fit for a job's record, whose events are lines of words between tabs."""
    return printable(" ".join(text.split()))[:longest]


def as_words(windows: Iterable[Window]) -> str:
    """Opening windows as "open-close,open-close" in stamps; "" for none."""
    return _as_words(tuple(windows))


@lru_cache(maxsize=1000)
def _as_words(windows: tuple[Window, ...]) -> str:
    # Every `begin` asks for the same ones for an hour.
    return ",".join(f"{stamp(opens)}-{stamp(closes)}" for opens, closes in windows)
