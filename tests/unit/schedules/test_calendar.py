from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from schedules.beat import BEAT
from schedules.calendar import HORIZON, Calendar
from schedules.errors import HoursError
from schedules.rule import Rule

IST, LONDON, NEW_YORK = "Asia/Kolkata", "Europe/London", "America/New_York"


def calendar(hours: str, zone: str = IST, holidays: str = "") -> Calendar:
    return Calendar((Rule.parse(hours, zone=zone, holidays=holidays),))


def in_all(hours: str, *zones: str) -> Calendar:
    return Calendar(tuple(Rule.parse(hours, zone=zone) for zone in zones))


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


INDIA = calendar("india-commercial")
INDIA_SHUT = calendar("india-commercial", holidays="IN")
OWN_DATE = "holiday: 2026-02-02 (own date), Mon 2026-02-02 in Asia/Kolkata"
#: Every Saturday of 2026 before the last is taken away by hand.
SATURDAYS = calendar(
    "Sat 10:00-11:00",
    holidays=" ".join(str(date(2026, 1, 3) + n * timedelta(weeks=1)) for n in range(51)),
)
TOKYO_AND_NEW_YORK = in_all("Mon 09:00-10:00", "Asia/Tokyo", NEW_YORK)


def test_windows_are_cut_and_joined() -> None:
    """Windows end at the edges asked for, and days that touch are one window."""
    days = calendar("daily 00:00-24:00, daily 09:00-10:00")
    start, end = at("2026-02-02 12:34:56.789"), at("2026-02-05 01:00:00.000001")

    assert days.windows(start, end) == [(start, end)]
    assert days.windows(end, start) == []
    assert days.windows(start, start) == []
    assert all(when.tzinfo is UTC for window in days.windows(start, end) for when in window)


def test_intersection() -> None:
    """A calendar is open only when each rule is: account, preset, campaign and contact."""
    account = calendar("india-commercial")
    campaign = calendar("Mon-Fri 10:00-13:00 14:00-22:00", IST)
    contact = calendar("Mon 08:00-20:00", "Asia/Dubai")

    both = account & campaign & contact

    assert both.windows(at("2026-02-02 00:00"), at("2026-02-09 00:00")) == [
        (at("2026-02-02 04:30"), at("2026-02-02 07:30")),
        (at("2026-02-02 08:30"), at("2026-02-02 15:30")),
    ]


def test_overlap_of_zones() -> None:
    """A number that may be in several zones is rung only when it is open in all of them."""
    days = in_all("us-federal", NEW_YORK, "America/Los_Angeles")

    assert days.windows(at("2026-07-01 09:00"), at("2026-07-02 09:00")) == [
        (at("2026-07-01 15:00"), at("2026-07-02 01:00"))
    ]


@pytest.mark.parametrize(
    ("days", "now", "change"),
    [
        (INDIA, "2026-02-02 15:30", "2026-02-03 03:30"),
        (INDIA, "2026-02-02 03:30", "2026-02-02 15:30"),
        (INDIA, "2026-02-02 15:29:59.99", "2026-02-02 15:30"),
        (INDIA_SHUT, "2026-01-25 15:30", "2026-01-27 03:30"),
        (calendar("always"), "2026-02-02", None),
        (calendar("always", holidays="2026-06-01"), "2026-02-02", "2026-05-31 18:30"),
        (SATURDAYS, "2026-01-01", "2026-12-26 04:30"),
        (INDIA & calendar("daily 21:00-24:00"), "2026-02-02", None),
        (TOKYO_AND_NEW_YORK, "2026-02-02", None),
    ],
)
def test_looking_ahead(days: Calendar, now: str, change: str | None) -> None:
    """The next change, to open or to closed, is looked for over more than a year."""
    assert days.next_change(at(now)) == (change and at(change))
    assert timedelta(days=366) < HORIZON


@pytest.mark.parametrize(
    ("days", "now", "reasons"),
    [
        (INDIA, "2026-02-02 20:59:59", []),
        (
            INDIA,
            "2026-02-02 21:04",
            ["india-commercial: daily 09:00-21:00 Asia/Kolkata; it is Mon 21:04 there"],
        ),
        (
            calendar("Mon-Fri 10:00-13:00"),
            "2026-02-01 11:00",
            ["calling hours: Mon-Fri 10:00-13:00 Asia/Kolkata; it is Sun 11:00 there"],
        ),
        (
            INDIA_SHUT,
            "2026-01-26 12:00",
            ["holiday: Republic Day (IN), Mon 2026-01-26 in Asia/Kolkata"],
        ),
        (
            INDIA_SHUT,
            "2026-01-26 22:00",
            [
                "holiday: Republic Day (IN), Mon 2026-01-26 in Asia/Kolkata",
                "india-commercial: daily 09:00-21:00 Asia/Kolkata; it is Mon 22:00 there",
            ],
        ),
        (
            calendar("daily 22:00-02:00", holidays="2026-02-02"),
            "2026-02-03 01:00",
            [f"{OWN_DATE}; hours that start then stay shut past midnight"],
        ),
        (
            calendar("daily 22:00-02:00", holidays="2026-02-01 2026-02-02"),
            "2026-02-02 01:00",
            [OWN_DATE],
        ),
        (
            INDIA & calendar("daily 08:00-20:00", NEW_YORK),
            "2026-02-02 10:00",
            ["calling hours: daily 08:00-20:00 America/New_York; it is Sun 23:30 there"],
        ),
    ],
)
def test_reasons(days: Calendar, now: str, reasons: list[str]) -> None:
    """Every closed rule says which it is, in which zone, and what time it is there."""
    assert reasons == days.why_closed(at(now, IST))


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        (datetime(2026, 2, 2, 12), "has no zone"),  # noqa: DTZ001 - the point of it
        (datetime(1, 1, 1, tzinfo=UTC), "outside the years"),
        (datetime(9999, 12, 31, tzinfo=timezone(-12 * timedelta(hours=1))), "outside the years"),
    ],
)
def test_refused_times(when: datetime, rule: str) -> None:
    """A naive time is never guessed at, and one at the ends of time never overflows."""
    days = calendar("always")
    for ask in (days.is_open, days.next_change, days.why_closed):
        with pytest.raises(HoursError, match=rule):
            ask(when)
    with pytest.raises(HoursError, match=rule):
        days.windows(at("2026-02-02 00:00"), when)


def test_calendar_without_rules() -> None:
    """No rule at all is refused, because it would be open at any hour."""
    with pytest.raises(HoursError, match="at least one rule"):
        Calendar(())


def test_same_rules_same_calendar() -> None:
    """Neither order, nor doubles, nor the way hours are written makes another calendar."""
    one = calendar("india-commercial") & calendar("Mon-Fri 10:00-13:00", holidays="IN, 2026-11-09")
    two = (
        calendar("Mon,Tue-Fri 10:00-13:00", holidays="2026-11-09 in")
        & calendar("india-commercial")
        & one
    )

    assert one == two
    assert hash(one) == hash(two)


def test_other_rules_other_calendar() -> None:
    """Whatever changes the windows, or how they are explained, makes another one."""
    calendars = [
        calendar("india-commercial"),
        calendar("daily 09:00-21:00"),
        calendar("daily 09:00-21:01"),
        calendar("daily 09:00-21:00", "Asia/Colombo"),
        calendar("daily 09:00-21:00", holidays="IN"),
        calendar("daily 09:00-21:00", holidays="IN-MH"),
        calendar("daily 09:00-21:00", holidays="2026-11-09"),
    ]

    assert len(set(calendars)) == len(calendars)


def test_beat_only_ticks() -> None:
    """Beat starts one task, and what that does is decided when it runs."""
    assert BEAT == {"tick": "dialer.tick"}
