"""`dialer hours`: whether a person may be called there and then."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import Json, read_moment
from dialer.domain.call.number import read_number
from dialer.errors import InvalidRequest
from dialer.services.operations.hours import Opening, in_zone, of_account, of_number
from dialer.settings import Settings
from dialer.settings.account import Account
from dialer.text.moment import local
from schedules.presets import NOT_LEGAL_ADVICE, PRESETS


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
    moment, given = read_moment(at, "--at") if at else datetime.now(UTC), ranges or preset
    try:
        if number is not None:
            found = of_number(read_number(number), moment, given, holidays)
        elif zone is not None:
            found = in_zone(zone, moment, given, holidays)
        else:
            found = of_account(_account(account), moment, given, holidays)
    except InvalidRequest as error:
        if json:
            output.emit({"open": False, "next_change": None, "zone": None, "reasons": ["zone"]})
        output.complain(f"{error}; give --zone")
        raise typer.Exit(1) from None
    if json:
        output.emit(asdict(found))
    else:
        _tell(found)


def _account(name: str | None) -> Account:
    settings = Settings.load()
    if name is None and "default" not in settings.accounts:
        rule = "give a number, --zone or --account: there is no account named default here"
        raise typer.BadParameter(rule, param_hint="NUMBER")
    return settings.account(name or "default")


def _check(places: list[str | None], preset: str | None, ranges: str | None) -> None:
    if sum(place is not None for place in places) > 1:
        rule = "give a number, --zone or --account, not two of them"
        raise typer.BadParameter(rule, param_hint="NUMBER")
    if preset and ranges:
        raise typer.BadParameter("give --preset or --ranges, not both", param_hint="--ranges")
    if preset and preset not in PRESETS:
        rule = f'"{preset}" is none; the presets are: {", ".join(PRESETS)}'
        raise typer.BadParameter(rule, param_hint="--preset")


def _tell(found: Opening) -> None:
    zones, change = found.zone.split(","), found.next_change
    state, zone = "open" if found.open else "closed", zones[0]
    until = f" until {local(change, zone)}" if change else ", and does not change"
    output.say(f"{state}{until}")
    whose = f"account {found.account}: {found.hours}" if found.account else found.hours
    output.say(f"  at {local(found.at, zone)}, {whose} in {', '.join(zones)}")
    for reason in found.reasons:
        output.say(f"  {reason}")
    for note in found.notes:
        output.say(f"note: {note}")
    if found.hours in PRESETS:
        output.say(NOT_LEGAL_ADVICE)
