import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.errors import HoursError
from schedules.holidays import HolidaySet
from schedules.rule import Rule

IST, LONDON, NY = "Asia/Kolkata", "Europe/London", "America/New_York"
LORD_HOWE, APIA = "Australia/Lord_Howe", "Pacific/Apia"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

NIGHTS, OFFICE = "daily 22:00-02:00", "daily 09:00-21:00"


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("hours", "holidays", "wall", "is_open"),
    [
        (OFFICE, "", "2026-02-02 08:59:59.999999", False),
        (OFFICE, "", "2026-02-02 09:00", True),
        (OFFICE, "", "2026-02-02 20:59:59", True),
        (OFFICE, "", "2026-02-02 21:00", False),
        # 24:00 is the end of Saturday, and not the beginning of Sunday.
        ("Sat 22:00-24:00", "", "2026-01-31 23:59:59", True),
        ("Sat 22:00-24:00", "", "2026-02-01 00:00", False),
        # Sunday 00:30 in India is Saturday in UTC.
        ("Sun 00:00-01:00", "", "2026-02-01 00:30", True),
        ("Sun 00:00-01:00", "", "2026-02-02 00:30", False),
        ("Sat 09:00-21:00", "", "2026-02-01 00:30", False),
        # A range past midnight belongs to the day it starts on.
        ("Sat 22:00-01:00", "", "2026-01-31 00:30", False),
        ("Sat 22:00-01:00", "", "2026-02-01 00:30", True),
        ("Sat 22:00-01:00", "", "2026-02-01 01:00", False),
        ("Sun 22:00-01:00", "", "2026-02-02 00:30", True),
        # A holiday shuts at 00:00, and its own range never starts.
        (NIGHTS, "2026-02-03", "2026-02-02 23:59:59", True),
        (NIGHTS, "2026-02-03", "2026-02-03 00:00", False),
        (NIGHTS, "2026-02-03", "2026-02-03 23:00", False),
        (NIGHTS, "2026-02-03", "2026-02-04 01:00", False),
        (NIGHTS, "2026-02-03", "2026-02-04 22:00", True),
        (NIGHTS, "2026-02-03", "2026-02-05 01:59:59", True),
        # Public holidays: of the country, of a state, and observed on another day.
        (OFFICE, "IN", "2026-01-25 12:00", True),
        (OFFICE, "IN", "2026-01-26 12:00", False),
        (OFFICE, "IN", "2026-01-27 12:00", True),
        (OFFICE, "IN", "2026-02-19 12:00", True),
        (OFFICE, "IN-MH", "2026-02-19 12:00", False),
        (OFFICE, "IN-MH", "2026-01-26 12:00", False),
        (OFFICE, "US", "2027-12-31 12:00", False),
        (OFFICE, "US", "2028-01-01 12:00", False),
        # 29 February is a day of the week, and can be a holiday.
        ("Tue 09:00-21:00", "", "2028-02-28 12:00", False),
        ("Tue 09:00-21:00", "", "2028-02-29 12:00", True),
        ("Tue 09:00-21:00", "", "2028-03-01 12:00", False),
        ("always", "2028-02-29", "2028-02-28 23:59:59", True),
        ("always", "2028-02-29", "2028-02-29 00:00", False),
        ("always", "2028-02-29", "2028-03-01 00:00", True),
    ],
)
def test_wall_time(hours: str, holidays: str, wall: str, is_open: bool) -> None:  # noqa: FBT001 - a table
    """A rule is open exactly when the clock on the wall in India stands in its hours."""
    rule = Rule.parse(hours, zone=IST, holidays=holidays)

    assert is_open is rule.is_open(at(wall, IST))
    assert is_open is rule.is_open(at(wall, IST).astimezone(ZoneInfo("UTC")))


@pytest.mark.parametrize(
    ("hours", "zone", "day", "expected"),
    [
        # New York, spring: 02:00 to 03:00 never comes.
        ("Sun 01:00-04:00", NY, "2026-03-08", ["06:00-08:00"]),
        ("Sun 02:00-02:30", NY, "2026-03-08", []),
        ("Sun 01:30-02:30", NY, "2026-03-08", ["06:30-07:00"]),
        ("Sun 02:30-03:30", NY, "2026-03-08", ["07:00-07:30"]),
        # New York, autumn: 01:00 to 02:00 comes twice.
        ("Sun 01:00-01:30", NY, "2026-11-01", ["05:00-05:30", "06:00-06:30"]),
        ("Sun 00:30-02:30", NY, "2026-11-01", ["04:30-07:30"]),
        # London: 01:00 to 02:00 is skipped, and later comes twice.
        ("Sun 00:30-03:00", LONDON, "2026-03-29", ["00:30-02:00"]),
        ("Sun 01:15-01:45", LONDON, "2026-10-25", ["00:15-00:45", "01:15-01:45"]),
        ("Sun 01:15-02:15", LONDON, "2026-10-25", ["00:15-01:00", "01:15-02:15"]),
        # Lord Howe changes by half an hour only.
        ("Sun 01:00-03:00", LORD_HOWE, "2026-10-03", ["14:30-16:00"]),
        ("Sun 01:00-03:00", LORD_HOWE, "2026-04-04", ["14:00-16:30"]),
        # Samoa had no Friday 30 December 2011: Saturday follows Thursday, at 10:00 UTC.
        ("Fri 09:00-21:00", APIA, "2011-12-30", []),
        ("Thu 22:00-02:00", APIA, "2011-12-30", ["08:00-10:00"]),
        ("Fri 22:00-02:00", APIA, "2011-12-30", ["10:00-12:00"]),
        ("Sat 00:00-24:00", APIA, "2011-12-30", ["10:00-24:00"]),
    ],
)
def test_changes_of_the_clocks(hours: str, zone: str, day: str, expected: list[str]) -> None:
    """Wall time that is skipped never opens, and that which comes twice opens twice (in UTC)."""
    midnight = at(f"{day} 00:00")

    windows = Rule.parse(hours, zone=zone).windows(midnight, midnight + DAY)

    def show(when: datetime) -> str:
        minutes = (when - midnight) // MINUTE
        return f"{minutes // 60:02}:{minutes % 60:02}"

    assert expected == [f"{show(opens)}-{show(closes)}" for opens, closes in windows]


def test_change_and_back_within_a_long_stretch() -> None:
    """A zone that changes its clocks for one week only is followed there and back."""
    rule = Rule.parse("Thu 12:00-13:00", zone="America/Recife")

    windows = rule.windows(at("2000-10-01 00:00"), at("2000-10-22 00:00"))

    assert [opens for opens, _ in windows] == [
        at("2000-10-05 15:00"),
        at("2000-10-12 14:00"),
        at("2000-10-19 15:00"),
    ]


def test_package_of_holidays_is_not_needed_without_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without public holidays never imports the slow package that knows them."""
    monkeypatch.setitem(sys.modules, "holidays", None)

    rule = Rule.parse("india-commercial", holidays="2026-02-03")

    assert not rule.is_open(at("2026-02-03 12:00", IST))
    assert rule.is_open(at("2026-02-04 12:00", IST))


@pytest.mark.parametrize(
    "zone",
    [
        "Asia/Nowhere",
        "asia kolkata",
        "../etc/passwd",
        "/etc/passwd",
        "America",
        "zone.tab",
        "localtime",
        "Factory",
        "right/Asia/Kolkata",
        "posix/Asia/Kolkata",
        "a\0b",
        "\ud800",
        "x" * 5000,
    ],
    ids=ascii,
)
def test_unknown_zone(zone: str) -> None:
    """A zone that is no place fails closed, by an error that names it."""
    with pytest.raises(HoursError) as caught:
        Rule.parse("always", zone=zone)

    assert f'time zone "{zone}" is not in the IANA database' in str(caught.value)


def test_missing_zone() -> None:
    """A missing zone is an error too: there is no zone to fall back on."""
    with pytest.raises(HoursError, match="time zone is missing"):
        Rule.parse("always", zone="")
    with pytest.raises(HoursError, match='"always" need a time zone'):
        Rule.parse("always")


@pytest.mark.parametrize(
    "word", ["XX", "IN-QQ", "IN-", "-MH", "PUBLIC", "India", "26-01-2026", "IN/MH"]
)
def test_unknown_holidays(word: str) -> None:
    """A region nobody knows is refused when it is written, not when a phone should stay silent."""
    with pytest.raises(HoursError, match=f'"{word.upper()}" is neither a known region nor a date'):
        HolidaySet.parse(f"IN-MH, {word}")


def test_impossible_date() -> None:
    """A date that no calendar has is refused by name."""
    with pytest.raises(HoursError, match='"2026-02-30" is not a day'):
        HolidaySet.parse("2026-02-30")


def test_holidays_nobody_knows_yet() -> None:
    """A year without known holidays is an error, never a year without holidays."""
    with pytest.raises(HoursError, match="those of IN are known from 1948 to 2035, not 2101"):
        Rule.parse("always", zone=IST, holidays="IN").is_open(at("2101-06-01 12:00"))
