import json
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from schedules.beat import BEAT
from schedules.calendar import HORIZON, Calendar, overlap
from schedules.errors import HoursError
from schedules.hours import CallingHours
from schedules.rule import Rule

IST, LONDON, NEW_YORK = "Asia/Kolkata", "Europe/London", "America/New_York"


def calendar(hours: str, zone: str = IST, holidays: str = "") -> Calendar:
    return Calendar((Rule.parse(hours, zone=zone, holidays=holidays),))


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
TOKYO_AND_NEW_YORK = overlap(CallingHours.parse("Mon 09:00-10:00"), ["Asia/Tokyo", NEW_YORK])


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
    days = overlap(CallingHours.parse("us-federal"), [NEW_YORK, "America/Los_Angeles"])

    assert days.windows(at("2026-07-01 09:00"), at("2026-07-02 09:00")) == [
        (at("2026-07-01 15:00"), at("2026-07-02 01:00"))
    ]


@pytest.mark.parametrize(
    ("days", "now", "opening", "change"),
    [
        (INDIA, "2026-02-02 15:30", "2026-02-03 03:30", "2026-02-03 03:30"),
        (INDIA, "2026-02-02 03:30", "2026-02-02 03:30", "2026-02-02 15:30"),
        (INDIA, "2026-02-02 15:29:59.99", "2026-02-02 15:29:59.99", "2026-02-02 15:30"),
        (INDIA_SHUT, "2026-01-25 15:30", "2026-01-27 03:30", "2026-01-27 03:30"),
        (calendar("always"), "2026-02-02", "2026-02-02", None),
        (calendar("always", holidays="2026-06-01"), "2026-02-02", "2026-02-02", "2026-05-31 18:30"),
        (SATURDAYS, "2026-01-01", "2026-12-26 04:30", "2026-12-26 04:30"),
        (INDIA & calendar("daily 21:00-24:00"), "2026-02-02", None, None),
        (TOKYO_AND_NEW_YORK, "2026-02-02", None, None),
    ],
)
def test_looking_ahead(days: Calendar, now: str, opening: str | None, change: str | None) -> None:
    """The next opening is now when it is open; both are looked for over more than a year."""
    assert days.next_opening(at(now)) == (opening and at(opening))
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
    for ask in (days.is_open, days.next_opening, days.next_change, days.why_closed):
        with pytest.raises(HoursError, match=rule):
            ask(when)
    with pytest.raises(HoursError, match=rule):
        days.windows(at("2026-02-02 00:00"), when)


def test_calendar_without_rules() -> None:
    """No rule at all is refused, because it would be open at any hour."""
    with pytest.raises(HoursError, match="at least one rule"):
        Calendar(())


def test_same_rules_same_digest() -> None:
    """Neither order, nor doubles, nor the way hours are written changes a calendar's name."""
    one = calendar("india-commercial") & calendar("Mon-Fri 10:00-13:00", holidays="IN, 2026-11-09")
    two = (
        calendar("Mon,Tue-Fri 10:00-13:00", holidays="2026-11-09 in")
        & calendar("india-commercial")
        & one
    )

    assert one == two
    assert one.digest == two.digest
    # Written out, because the name lives in a store longer than a process.
    assert calendar("always").digest == "87c79779044a2046"


def test_other_rules_other_digest() -> None:
    """Whatever changes the windows, or how they are explained, changes the name."""
    calendars = [
        calendar("india-commercial"),
        calendar("daily 09:00-21:00"),
        calendar("daily 09:00-21:01"),
        calendar("daily 09:00-21:00", "Asia/Colombo"),
        calendar("daily 09:00-21:00", holidays="IN"),
        calendar("daily 09:00-21:00", holidays="IN-MH"),
        calendar("daily 09:00-21:00", holidays="2026-11-09"),
    ]

    assert len({days.digest for days in calendars}) == len(calendars)


def test_json_round_trip() -> None:
    """A calendar read back is the same calendar, also from bytes, as a store gives them."""
    days = calendar("uk", LONDON) & calendar(
        "Fri 22:00-02:00 09:00-10:00", holidays="IN-MH 2026-11-09"
    )

    assert days == Calendar.from_json(days.to_json())
    assert days == Calendar.from_json(days.to_json().encode())
    assert days.to_json().isascii()


def test_stored_hours_outlive_their_preset() -> None:
    """A stored calendar means the hours that were stored, whatever its preset says now."""
    spec = json.loads(calendar("india-commercial").to_json())
    spec["rules"][0] |= {"hours": "daily 10:00-12:00", "name": "forgotten-preset"}

    days = Calendar.from_json(json.dumps(spec))

    assert days.rules[0].hours.ranges == "daily 10:00-12:00"
    assert days.why_closed(at("2026-02-02 09:30", IST)) == [
        "forgotten-preset: daily 10:00-12:00 Asia/Kolkata; it is Mon 09:30 there"
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "not the JSON text"),
        ("[]", "not the JSON text"),
        ("{}", "not the JSON text"),
        ('{"layout":1,"rules":[{}]}', "not the JSON text"),
        ('{"layout":1,"rules":[1]}', "not the JSON text"),
        ('{"layout":1,"rules":[]}', "at least one rule"),
        ('{"layout":2,"rules":[]}', "layout is 2"),
        (calendar("always").to_json().replace(IST, "Mars/Base"), '"Mars/Base" is not in the IANA'),
        (calendar("always").to_json().replace("always", "alway"), 'calling hours "alway"'),
    ],
)
def test_unreadable_json(text: str, rule: str) -> None:
    """A stored text that cannot be kept is one error, whoever wrote it."""
    with pytest.raises(HoursError, match=rule):
        Calendar.from_json(text)


def test_beat_only_ticks() -> None:
    """Beat starts one task, often enough that nothing due waits longer than ten seconds."""
    assert [(entry.name, entry.task, entry.every) for entry in BEAT] == [
        ("tick", "dialer.tick", timedelta(seconds=10))
    ]
