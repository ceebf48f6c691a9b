"""Times as they are shown."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.moment import iso, local, rough

AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kolkata", "2026-11-24 09:00:00 IST"),
        ("UTC", "2026-11-24 03:30:00 UTC"),
        ("America/New_York", "2026-11-23 22:30:00 EST"),
    ],
)
def test_moment_is_shown_with_its_zone(zone, shown):
    """A person reads the wall time of a zone, and which zone that is."""
    assert local(AT, zone) == shown


def test_moment_for_a_program_is_utc():
    """A program reads ISO 8601 in UTC, always with microseconds."""
    assert iso(AT.astimezone()) == "2026-11-24T03:30:00.000000Z"


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(milliseconds=900), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_length_is_rounded_down_to_one_unit(length, shown):
    """Of the unit there are at least two, so that little is lost."""
    assert rough(length) == shown
