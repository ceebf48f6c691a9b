"""Times as they are shown."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.text.moment import about, iso, local, rough

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


@pytest.mark.parametrize(
    ("after", "zone", "shown"),
    [
        (timedelta(0), "Asia/Kolkata", "2026-11-24 09:00 IST"),
        (timedelta(seconds=1), "Asia/Kolkata", "2026-11-24 09:01 IST"),
        (timedelta(hours=2, seconds=1), "Asia/Kolkata", "2026-11-24 11:05 IST"),
        (timedelta(days=20, seconds=1), "Asia/Kolkata", "2026-12-14 09:15 IST"),
        (timedelta(days=1), "Asia/Kathmandu", "2026-11-25 09:15 +0545"),
        (timedelta(seconds=-30), "UTC", "2026-11-24 03:30 UTC"),
    ],
)
def test_a_moment_that_is_reckoned_is_no_more_exact_than_it_is_near(after, zone, shown):
    """It is rounded up to a minute, five or fifteen, on the clock of every zone."""
    assert about(AT + after, zone, AT) == shown


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
