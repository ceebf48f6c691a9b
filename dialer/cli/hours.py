"""
`dialer hours`: may a person be called there and then?
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import Json, read_moment, read_number
from dialer.moment import local
from dialer.place import MOST_ZONES, zones_of
from dialer.settings import Settings
from dialer.settings.account import Account
from schedules.calendar import Calendar
from schedules.holidays import HolidaySet
from schedules.hours import CallingHours
from schedules.presets import NOT_LEGAL_ADVICE, PRESETS
from schedules.rule import Rule

_DEFAULT = "india-commercial"


def hours(
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="Whose place decides the zone.")
    ] = None,
    *,
    zone: Annotated[str | None, typer.Option(help="IANA name, such as Asia/Kolkata.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Whose hours, without NUMBER and --zone.  [default: default]")
    ] = None,
    preset: Annotated[str | None, typer.Option(help=f"One of: {', '.join(PRESETS)}.")] = None,
    ranges: Annotated[str | None, typer.Option(help='Such as "Mon-Fri 10:00-18:00".')] = None,
    holidays: Annotated[str, typer.Option(help="Regions and dates: IN-MH, 2030-01-26.")] = "",
    at: Annotated[
        str | None, typer.Option(help="10m, 2h, or ISO with offset.  [default: now]")
    ] = None,
    json: Json = False,
) -> None:
    """Say whether calling hours are open, and until when: an account's, or those you give."""
    _check([number, zone, account], preset, ranges)
    moment = read_moment(at, "--at") if at else datetime.now(UTC)
    whose = _account(account) if number is None and zone is None else None
    zones = _zones(number, zone, whose)
    if not 1 <= len(zones) <= MOST_ZONES:
        _refuse(len(zones), json=json)
    written = ranges or preset or (whose.calling_hours if whose else _DEFAULT)
    calendar = _calendar(written, zones, holidays or (whose.holidays if whose else ""))
    answer = {
        "open": calendar.is_open(moment),
        "next_change": calendar.next_change(moment),
        "zone": ",".join(zones),
        "account": whose.name if whose else None,
        "hours": written,
        "at": moment,
        "reasons": calendar.why_closed(moment),
        "notes": CallingHours.parse(written).over_midnight,
    }
    if json:
        output.emit(answer)
    else:
        _tell(calendar, moment, zones, f"account {whose.name}: {written}" if whose else written)
        for note in CallingHours.parse(written).over_midnight:
            output.say(f"note: {note}")
        if written in PRESETS:
            output.say(NOT_LEGAL_ADVICE)


def _account(name: str | None) -> Account:
    settings = Settings.load()
    if name is None and "default" not in settings.accounts:
        rule = "give a number, --zone or --account: there is no account named default here"
        raise typer.BadParameter(rule, param_hint="NUMBER")
    return settings.account(name or "default")


def _zones(number: str | None, zone: str | None, whose: Account | None) -> list[str]:
    if number is not None:
        return zones_of(read_number(number))
    return [zone or (whose.time_zone if whose else "")]


def _check(places: list[str | None], preset: str | None, ranges: str | None) -> None:
    if sum(place is not None for place in places) > 1:
        rule = "give a number, --zone or --account, not two of them"
        raise typer.BadParameter(rule, param_hint="NUMBER")
    if preset and ranges:
        raise typer.BadParameter("give --preset or --ranges, not both", param_hint="--ranges")
    if preset and preset not in PRESETS:
        rule = f'"{preset}" is none; the presets are: {", ".join(PRESETS)}'
        raise typer.BadParameter(rule, param_hint="--preset")


def _refuse(count: int, *, json: bool) -> None:
    why = "no zone is known for it" if not count else f"it may be in {count} zones"
    if json:
        output.emit({"open": False, "next_change": None, "zone": None, "reasons": ["zone"]})
    output.complain(f"zone: the number does not say its time of day: {why}; give --zone")
    raise typer.Exit(1)


def _calendar(written: str, zones: list[str], holidays: str) -> Calendar:
    week, closed = CallingHours.parse(written), HolidaySet.parse(holidays)
    return Calendar(tuple(Rule(week, zone, closed) for zone in zones))


def _tell(calendar: Calendar, moment: datetime, zones: list[str], written: str) -> None:
    state = "open" if calendar.is_open(moment) else "closed"
    change = calendar.next_change(moment)
    until = f" until {local(change, zones[0])}" if change else ", and does not change"
    output.say(f"{state}{until}")
    output.say(f"  at {local(moment, zones[0])}, {written} in {', '.join(zones)}")
    for reason in calendar.why_closed(moment):
        output.say(f"  {reason}")
