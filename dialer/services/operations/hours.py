"""Calling hours: whether they are open at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.domain.call.number import read_number
from dialer.domain.call.number_zones import MOST_ZONES, zones_of
from dialer.errors import InvalidRequest
from dialer.settings import Account
from schedules.calendar import Calendar
from schedules.holidays import HolidaySet
from schedules.hours import CallingHours
from schedules.rule import Rule

#: The hours where none are given.
_USUAL = "india-commercial"


@dataclass(frozen=True, slots=True)
class Opening:
    """
    Whether calling hours are open at one moment.

    Attributes:
        open: In all of the zones.
        next_change: None for never.
        zone: IANA name, or several joined by ",".
        account: The one whose hours they are; None for hours that were given.
        hours: As they are written: a preset, or ranges.
        at: The moment.
        reasons: Why they are closed; none when they are open.
        notes: Of hours over midnight.
    """

    open: bool
    next_change: datetime | None
    zone: str
    account: str | None
    hours: str
    at: datetime
    reasons: Sequence[str]
    notes: Sequence[str]


def of_number(number: str, at: datetime, hours: str | None = None, holidays: str = "") -> Opening:
    """
    Say whether hours are open where a number is.

    Raises:
        InvalidCall, InvalidRequest: It is no number, or its zone is not known.
        HoursError: The hours or holidays cannot be read, or are not known for that moment.
    """
    zones = zones_of(number if number.startswith("+") else read_number(number))
    if not 1 <= len(zones) <= MOST_ZONES:
        why = f"it may be in {len(zones)} zones" if zones else "no zone is known for it"
        raise InvalidRequest("zone", f"the number does not say its time of day: {why}")
    return _look(zones, at, hours or _USUAL, holidays)


def in_zone(zone: str, at: datetime, hours: str | None = None, holidays: str = "") -> Opening:
    """
    Say whether hours are open in a zone.

    Raises:
        HoursError: Zone, hours or holidays cannot be read, or are not known for that moment.
    """
    return _look([zone], at, hours or _USUAL, holidays)


def of_account(
    account: Account, at: datetime, hours: str | None = None, holidays: str = ""
) -> Opening:
    """
    Say whether an account may dial: by its own hours and holidays, or others in their place.

    Raises:
        HoursError: Hours or holidays cannot be read, or are not known for that moment.
    """
    written, closed = hours or account.calling_hours, holidays or account.holidays
    return _look([account.time_zone], at, written, closed, account.name)


def _look(
    zones: Sequence[str], at: datetime, written: str, holidays: str, account: str | None = None
) -> Opening:
    week, closed = CallingHours.parse(written), HolidaySet.parse(holidays)
    calendar = Calendar(tuple(Rule(week, zone, closed) for zone in zones))
    return Opening(
        open=calendar.is_open(at),
        next_change=calendar.next_change(at),
        zone=",".join(zones),
        account=account,
        hours=written,
        at=at,
        reasons=calendar.why_closed(at),
        notes=week.over_midnight,
    )
