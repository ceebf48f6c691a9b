"""
The calendar against a model that looks at every minute.

The model shares no code with what it judges: it takes minutes as numbers, asks
`zoneinfo` for the wall time of each minute, and knows nothing of windows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendar import Calendar
from schedules.rule import Rule

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@dataclass(frozen=True)
class Week:
    """Hours for the model: (weekday, first minute, last minute + 1), shut days, and a zone."""

    zone: str
    ranges: tuple[tuple[int, int, int], ...]
    shut: frozenset[date] = frozenset()

    def is_open(self, minute: datetime) -> bool:
        wall = minute.astimezone(ZoneInfo(self.zone))
        today, now = wall.date(), wall.hour * 60 + wall.minute
        yesterday = today - DAY
        if today in self.shut:
            return False
        for weekday, start, end in self.ranges:
            late = end <= start
            if today.weekday() == weekday and start <= now and (late or now < end):
                return True
            if late and yesterday.weekday() == weekday and yesterday not in self.shut and now < end:
                return True
        return False

    def rule(self) -> Rule:
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        hours = ", ".join(
            f"{names[day]} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
            for day, start, end in self.ranges
        )
        return Rule.parse(hours, zone=self.zone, holidays=" ".join(map(str, self.shut)))


def judge(weeks: list[Week], start: datetime, minutes: int) -> Calendar:
    """Compare windows with the model for every minute; answer the calendar that passed."""
    days = Calendar(tuple(week.rule() for week in weeks))
    stretch = [start + n * MINUTE for n in range(minutes)]
    expected = [all(week.is_open(minute) for week in weeks) for minute in stretch]

    windows = days.windows(start, start + minutes * MINUTE)
    actual = [False] * minutes
    for opens, closes in windows:
        first, last = (opens - start) // MINUTE, (closes - start) // MINUTE
        actual[first:last] = [True] * (last - first)

    wrong = [
        minute for minute, want, got in zip(stretch, expected, actual, strict=True) if want != got
    ]
    assert wrong == []
    edges = [when for window in windows for when in window]
    assert edges == sorted(set(edges)), "windows overlap, touch or are empty"
    assert all((when - start) % MINUTE == timedelta() for when in edges)
    return days


def changes(zone: str, year: int) -> Iterator[datetime]:
    """UTC hours within which the zone changes its offset."""

    def offset(when: datetime) -> timedelta | None:
        return when.astimezone(ZoneInfo(zone)).utcoffset()

    first = datetime(year, 1, 1, tzinfo=UTC)
    for day in (first + n * DAY for n in range(366)):
        if offset(day) != offset(day + DAY):
            hours = (day + n * HOUR for n in range(24))
            yield from (hour for hour in hours if offset(hour) != offset(hour + HOUR))


@st.composite
def starts(draw: st.DrawFn, zone: str) -> datetime:
    """Any minute, or one up to three days before the clocks of the zone change."""
    year = draw(st.integers(1973, 2037))
    found = list(changes(zone, year)) if draw(st.booleans()) else []
    if found:
        return draw(st.sampled_from(found)) - draw(st.integers(1, 3 * 1440)) * MINUTE
    return datetime(year, 1, 1, tzinfo=UTC) + draw(st.integers(0, 365 * 1440)) * MINUTE


@st.composite
def weeks(draw: st.DrawFn, zone: str, start: datetime) -> Week:
    """A few ranges, many of them at night, and shut days near the start."""
    clock = st.one_of(st.integers(0, 1439), st.integers(0, 240), st.integers(1320, 1439))
    row = st.tuples(st.integers(0, 6), clock, st.one_of(clock, st.just(1440)))
    every = st.tuples(clock, st.one_of(clock, st.just(1440)))
    if draw(st.booleans()):
        rows = draw(st.lists(row.filter(lambda r: r[1] != r[2]), min_size=1, max_size=5))
    else:
        first, last = draw(every.filter(lambda r: r[0] != r[1]))
        rows = [(day, first, last) for day in range(7)]
    shut = draw(st.frozensets(st.integers(-1, 4), max_size=2))
    return Week(zone, tuple(rows), frozenset(start.date() + n * DAY for n in shut))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_against_the_model(data: st.DataObject) -> None:
    """Any rules, in any zone, near any change of the clocks: right to the minute."""
    zones = data.draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))
    start = data.draw(starts(zones[0]))
    rules = [data.draw(weeks(zone, start)) for zone in zones]
    minutes = 3 * 1440

    days = judge(rules, start, minutes)

    stretch = [start + n * MINUTE for n in range(minutes)]
    expected = [all(week.is_open(minute) for week in rules) for minute in stretch]
    for minute, want in list(zip(stretch, expected, strict=True))[:: 7 * 13]:
        assert want is days.is_open(minute)
        assert want is (days.why_closed(minute) == [])
    if (not expected[0]) in expected:
        assert days.next_change(start) == stretch[expected.index(not expected[0])]


NIGHT = ((30, 105), (135, 190), (1370, 40), (715, 725))


@pytest.mark.parametrize("zone", ZONES)
def test_every_zone(zone: str) -> None:
    """Each zone there is, over each change of its clocks in two years, or any night without one."""
    week = Week(zone, tuple((day, *span) for day in range(7) for span in NIGHT))
    found = [hour for year in (2025, 2026) for hour in changes(zone, year)]

    for hour in found or [datetime(2026, 2, 3, tzinfo=UTC)]:
        judge([week], hour - 3 * HOUR, 7 * 60)
