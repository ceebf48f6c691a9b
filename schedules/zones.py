"""Time zones: finding one by its name, and when it changes its offset."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .errors import HoursError

#: Part of an IANA database on disk, and no place: the machine's own zone, the
#: zone of nobody, and the copies that count leap seconds.
_NO_PLACE = ("localtime", "posixrules", "Factory", "posix/", "right/")

_SECOND = timedelta(seconds=1)

#: Shorter than any zone ever kept an offset since 1900 (the record is four
#: days, Africa/Freetown in 1939), so looking this often misses no change.
_STRIDE = timedelta(days=2)

#: `datetime` reaches further, but no database of zones or holidays does.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


@lru_cache(maxsize=1024)
def zone_of(key: str) -> ZoneInfo:
    """
    Find a zone by its IANA name.

    Raises:
        HoursError: The name is missing, or the database has no such place.
            There is no fallback: unknown local time means closed.
    """
    if not key:
        raise HoursError("time zone is missing: write an IANA name such as Asia/Kolkata")
    try:
        found = None if key.startswith(_NO_PLACE) else ZoneInfo(key)
    # A wrong name is, by its shape: not found, not a relative path, or a folder.
    except (KeyError, ValueError, OSError):
        found = None
    if found is None:
        raise HoursError(
            f'time zone "{key}" is not in the IANA database: write a name such as Asia/Kolkata'
        )
    return found


def utc(at: datetime) -> datetime:
    """
    The same instant in UTC.

    Raises:
        HoursError: `at` has no zone, or lies outside the years 1900 to 2999.
    """
    if at.tzinfo is None or at.utcoffset() is None:
        raise HoursError(f"time {at.isoformat()} has no zone: give an aware datetime")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise HoursError(
            f"time {at.isoformat()} is outside the years {_FIRST_YEAR} to {_LAST_YEAR}"
        )
    return at.astimezone(UTC)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at this instant: a naive datetime."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def offsets(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """
    Cut a stretch of time wherever the zone changes its offset.

    Args:
        zone: Whose wall clock to watch.
        start: First instant, in UTC.
        end: First instant that is no longer part of it, in UTC.

    Yields:
        `(since, until, offset)`, in order, without gaps: wall time is UTC plus `offset`.
    """
    since = here = start
    offset = _offset(zone, start)
    while here < end:
        ahead = min(here + _STRIDE, end)
        if _offset(zone, ahead) != offset:
            ahead = _change(zone, here, ahead)
            yield since, ahead, offset
            since, offset = ahead, _offset(zone, ahead)
        here = ahead
    if since < end:
        yield since, end, offset


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return wall(at, zone) - at.replace(tzinfo=None)


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The whole second in `(low, high]` at which the one change between them happens."""
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    before = _offset(zone, low)
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high
