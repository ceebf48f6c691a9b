from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.errors import HoursError
from schedules.hours import CallingHours
from schedules.presets import NOT_LEGAL_ADVICE, PRESETS, Cap
from schedules.rule import Rule

IST, LONDON = "Asia/Kolkata", "Europe/London"
CHICAGO, MIAMI = "America/Chicago", "America/New_York"


@pytest.mark.parametrize(
    ("preset", "zone", "wall", "is_open"),
    [
        ("india-commercial", None, "2026-02-02 08:59:59", False),
        ("india-commercial", None, "2026-02-02 09:00:00", True),
        ("india-commercial", None, "2026-02-02 20:59:59", True),
        ("india-commercial", None, "2026-02-02 20:59:59.999999", True),
        ("india-commercial", None, "2026-02-02 21:00:00", False),
        ("india-commercial", None, "2026-02-01 12:00:00", True),  # Sunday
        ("india-commercial", None, "2026-02-01 00:30:00", False),  # Sunday; Saturday in UTC
        ("india-recovery", None, "2026-02-02 07:59:59", False),
        ("india-recovery", None, "2026-02-02 08:00:00", True),
        ("india-recovery", None, "2026-02-02 18:59:59", True),
        ("india-recovery", None, "2026-02-02 19:00:00", False),
        ("us-federal", CHICAGO, "2026-07-01 07:59:59", False),
        ("us-federal", CHICAGO, "2026-07-01 08:00:00", True),
        ("us-federal", CHICAGO, "2026-07-01 20:59:59", True),
        ("us-federal", CHICAGO, "2026-07-01 21:00:00", False),
        ("us-florida", MIAMI, "2026-07-01 08:00:00", True),
        ("us-florida", MIAMI, "2026-07-01 19:59:59", True),
        ("us-florida", MIAMI, "2026-07-01 20:00:00", False),
        ("uk", None, "2026-02-02 08:00:00", True),
        ("uk", None, "2026-02-02 21:00:00", False),
        ("uk", None, "2026-01-31 08:59:59", False),  # Saturday
        ("uk", None, "2026-01-31 09:00:00", True),
        ("uk", None, "2026-02-01 12:00:00", False),  # Sunday
        ("uk", None, "2026-12-25 12:00:00", False),  # Christmas Day, everywhere
        ("uk", None, "2026-04-06 12:00:00", False),  # Easter Monday, not in Scotland
        ("uk", None, "2026-08-03 12:00:00", False),  # Summer Bank Holiday, in Scotland only
    ],
)
def test_hours(preset: str, zone: str | None, wall: str, is_open: bool) -> None:  # noqa: FBT001 - a table
    """Each preset opens and shuts to the second, in its own or the called party's zone."""
    rule = Rule.parse(preset, zone=zone)
    at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(rule.zone))

    assert is_open is rule.is_open(at)


@pytest.mark.parametrize("name", ["us-federal", "us-florida"])
def test_called_party_zone_is_asked_for(name: str) -> None:
    """A preset in the called party's time has no zone to fall back on."""
    with pytest.raises(HoursError, match=f'"{name}" need a time zone'):
        Rule.parse(name)


def test_named_zone_wins() -> None:
    """A zone that is named is taken instead of the preset's own."""
    assert Rule.parse("india-commercial").zone == "Asia/Kolkata"
    assert Rule.parse("india-commercial", zone="Asia/Dubai").zone == "Asia/Dubai"


def test_holidays_of_a_preset_cannot_be_left_out() -> None:
    """A rule named after a preset keeps the preset's holidays beside its own."""
    rule = Rule.parse("uk", holidays="2026-03-02")

    assert str(rule.holidays) == "GB-ENG GB-NIR GB-SCT GB-WLS 2026-03-02"
    assert Rule(CallingHours.parse("uk"), LONDON) == Rule.parse("uk")


def test_florida_cap() -> None:
    """Florida is the one preset that says how often: three calls in 24 hours."""
    caps = {name: preset.cap for name, preset in PRESETS.items() if preset.cap}

    assert caps == {"us-florida": Cap(calls=3, per=timedelta(hours=24))}


def test_every_preset_says_where_it_is_from() -> None:
    """Each preset has the name it is found by, a source and a note; none is legal advice."""
    assert list(PRESETS) == ["india-commercial", "india-recovery", "us-federal", "us-florida", "uk"]
    assert all(name == preset.name for name, preset in PRESETS.items())
    assert all(preset.source and preset.note for preset in PRESETS.values())
    assert "not legal advice" in NOT_LEGAL_ADVICE
