"""Calling hours as windows, and as the store reads them."""

from datetime import UTC, datetime, timedelta

from dialer.domain.account.opening_hours import OpeningHours
from dialer.store.redis.notation import as_words
from schedules.calendar import Calendar
from schedules.rule import Rule

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Counting(Calendar):
    """A calendar that counts how often it is computed."""

    computed = 0

    def windows(self, start, end):
        type(self).computed += 1
        return super().windows(start, end)


def test_windows_are_known_for_eight_days():
    """Each day's opening and close, the present one among them."""
    hours = OpeningHours(Calendar((Rule.parse("india-commercial", zone="Asia/Kolkata"),)))
    known = hours.windows(NOW)

    assert any(start <= NOW < end for start, end in known)
    assert len(known) in (8, 9)
    assert known[2][0] - known[1][0] == timedelta(days=1)


def test_windows_are_computed_once_an_hour():
    """A busy worker does not compute the calendar for every call, and does it anew in time."""
    hours = OpeningHours(Counting((Rule.parse("always", zone="UTC"),)))
    for minutes in range(0, 121, 5):
        hours.windows(NOW + timedelta(minutes=minutes))

    assert Counting.computed == 3
    hours.windows(NOW - timedelta(minutes=1))
    assert Counting.computed == 4, "a clock that was put back is no reason to trust old windows"


def test_calendar_that_cannot_be_known_is_closed():
    """A year beyond a country's known holidays opens nothing."""
    hours = OpeningHours(Calendar((Rule.parse("always", zone="UTC", holidays="IN"),)))

    assert hours.windows(NOW)
    assert not hours.windows(datetime(2150, 3, 2, tzinfo=UTC))


def test_windows_are_written_in_microseconds():
    """Opening and close, one pair after the other; nothing where nothing opens."""
    second = timedelta(seconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    spans = [(epoch + second, epoch + 2 * second), (epoch + 3 * second, epoch + 4 * second)]
    assert as_words(spans) == "1000000-2000000,3000000-4000000"
    assert as_words([]) == ""
