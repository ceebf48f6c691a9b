"""
Moments and lengths of time as people and programs read them.
"""

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


def local(at: datetime, zone: str) -> str:
    """
    Write a moment for a person: "2026-11-24 09:00:00 IST".

    Args:
        at: Aware.
        zone: IANA name of the zone the reader thinks in.
    """
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def iso(at: datetime) -> str:
    """
    Write a moment for a program: "2026-11-24T03:30:00.000000Z".

    Args:
        at: Aware.
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rough(length: timedelta) -> str:
    """
    Write how long something is in one unit: "45 s", "2 h", "3 d"; nothing is negative.
    """
    for unit, name in _UNITS:
        if length >= _AT_LEAST * unit:
            return f"{length // unit} {name}"
    return f"{max(0, length // timedelta(seconds=1))} s"
