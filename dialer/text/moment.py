"""Moments and lengths of time as people and programs read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
#: A rough length is rounded to a unit of which there are at least so many.
_AT_LEAST = 2
#: A moment that is only reckoned is told as exactly as it may be true: from how far away, in
#: steps of how long. The longest is one by which the offsets of all zones of today are divided.
_GRAINS = (
    (timedelta(days=1), timedelta(minutes=15)),
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(0), timedelta(minutes=1)),
)


def local(at: datetime, zone: str) -> str:
    """Write an aware moment for a person, in an IANA zone: "2026-11-24 09:00:00 IST"."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def about(at: datetime, zone: str, now: datetime) -> str:
    """
    Write an estimated moment, never earlier than it is: "2026-12-14 16:45 IST".

    Args:
        at: Aware; rounded up to one, five or fifteen minutes, by how far it is away.
        zone: IANA name of the reader's zone.
        now: Aware.
    """
    grain = next((step for away, step in _GRAINS if at - now >= away), timedelta(minutes=1))
    over = (at - datetime.min.replace(tzinfo=UTC)) % grain
    shown = at + (grain - over) if over else at
    return shown.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")


def iso(at: datetime) -> str:
    """Write an aware moment for a program: "2026-11-24T03:30:00.000000Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rough(length: timedelta) -> str:
    """Write a length in one unit: "45 s", "2 h", "3 d"; nothing is negative."""
    for unit, name in _UNITS:
        if length >= _AT_LEAST * unit:
            return f"{length // unit} {name}"
    return f"{max(0, length // timedelta(seconds=1))} s"
