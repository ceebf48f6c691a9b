"""Time zones: lookup by name, and changes of their offset."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedules.errors import HoursError

#: Between the names of zones, where a person may be in any of several.
ZONES_JOIN = "+"

#: Part of an IANA database on disk, and no place: the machine's own zone, the
#: zone of nobody, and the copies that count leap seconds.
_NO_PLACE = ("localtime", "posixrules", "Factory", "posix/", "right/")

#: Where people are: a city in an area of the database, or a country by its old name there.
_PLACE = re.compile(
    "(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Europe"
    "|Indian|Mexico|Pacific|US)/.+"
    "|Cuba|Egypt|Eire|GB|GB-Eire|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|NZ"
    "|NZ-CHAT|Navajo|PRC|Poland|Portugal|ROC|ROK|Singapore|Turkey|W-SU"
)

_SECOND = timedelta(seconds=1)

#: Shorter than any zone ever kept an offset since 1900 (the record is four
#: days, Africa/Freetown in 1939), so looking this often misses no change.
_STRIDE = timedelta(days=2)

#: `datetime` reaches further, but no database of zones or holidays does.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


@lru_cache(maxsize=1024)
def zone_of(key: str) -> ZoneInfo:
    """
    Return a zone by its IANA name.

    Raises:
        HoursError: The name is missing or unknown. There is no fallback: unknown local time
            means closed.
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


def place_of(key: str) -> ZoneInfo:
    """
    Return the zone of a place where people are, by its IANA name.

    Raises:
        HoursError: As for `zone_of`; or the name is an offset, which no place keeps for good
            (`Etc/GMT-5` is five hours *ahead* of Greenwich, `EST` has no summer time).
    """
    zone = zone_of(key)
    if not _PLACE.fullmatch(key):
        raise HoursError(
            f'time zone "{key}" is no place: write where the person is, such as Asia/Kolkata'
        )
    return zone


def utc(at: datetime) -> datetime:
    """
    Return the same instant in UTC.

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
    """Return the wall time of an instant, a naive datetime."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def offsets(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """
    Cut the UTC interval from *start* until just before *end* where the zone changes its offset.

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
    """The whole second in `(low, high]` of the one change between them."""
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    before = _offset(zone, low)
    seconds = range((high - low) // _SECOND)
    after = bisect_left(seconds, True, key=lambda n: _offset(zone, low + n * _SECOND) != before)
    return low + after * _SECOND
