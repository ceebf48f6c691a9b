"""
`dialer suppress`: the do-not-call lists.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import UNEXPLAINED, AnyAccount, Json, Reveal, Who, read_number
from dialer.cli.shape import words
from dialer.errors import InvalidCall
from dialer.moment import local
from dialer.number import mask
from dialer.store.suppression import Suppressed

app = typer.Typer(help="Numbers nobody may ring.", no_args_is_help=True)

_Numbers = Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Phone numbers.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why; on record.")]


@app.command()
def add(
    numbers: _Numbers,
    reason: _Reason = UNEXPLAINED,
    account: AnyAccount = None,
    who: Who = "",
) -> None:
    """Put numbers on the list; no call to them starts any more."""
    good = [read_number(number) for number in numbers]
    with session() as opened:
        _check(opened, account)
        added = opened.store.suppression.add(
            good, account=account, who=who or who_runs(), reason=reason
        )
    output.say(f"{added} added, {_known(len(good) - added)}")


@app.command()
def remove(numbers: _Numbers, reason: _Reason, account: AnyAccount = None, who: Who = "") -> None:
    """Take numbers off the list; who did it, and why, stays on record."""
    good = [read_number(number) for number in numbers]
    with session() as opened:
        removed = opened.store.suppression.remove(
            good, account=account, who=who or who_runs(), reason=reason
        )
    gone = len(good) - removed
    output.say(f"{removed} removed, {gone} {output.agreeing(gone, 'was', 'were')} not on the list")
    if removed < len(good):
        raise typer.Exit(1)


@app.command("import")
def import_file(
    file: Annotated[
        typer.FileText,
        typer.Argument(
            metavar="FILE|-",
            help="One number a line; # comments.",
            encoding="utf-8",
            errors="replace",
        ),
    ],
    reason: _Reason = "imported",
    account: AnyAccount = None,
    who: Who = "",
) -> None:
    """Put a file of numbers on the list: good ones go in, bad ones are reported by line."""
    counted = _Counted()
    with session() as opened:
        _check(opened, account)
        added = opened.store.suppression.add(
            counted.numbers(file), account=account, who=who or who_runs(), reason=reason
        )
    output.say(f"{added} added, {_known(counted.good - added)}, {counted.bad} rejected")
    if counted.bad:
        raise typer.Exit(1)


def _check(opened: Session, account: str | None) -> None:
    # On the list of an account that does not exist a number would be rung all the same.
    if account is not None:
        opened.settings.account(account)


def _known(count: int) -> str:
    return f"{count} {output.agreeing(count, 'was', 'were')} on the list before"


class _Counted:
    """Reads numbers and counts them, the bad ones too."""

    def __init__(self) -> None:
        self.good = self.bad = 0

    def numbers(self, lines: Iterable[str]) -> Iterator[str]:
        for place, line in enumerate(lines, start=1):
            text = line.partition("#")[0].strip().removeprefix("\ufeff")
            if not text:
                continue
            try:
                number = read_number(text)
            except InvalidCall as error:
                self.bad += 1
                output.complain(f"line {place}: {error}")
            else:
                self.good += 1
                yield number


@app.command()
def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A phone number.")],
    account: AnyAccount = None,
    *,
    json: Json = False,
) -> None:
    """Say whether a number is on the list: exit 0 when it is, 1 when it is not."""
    wanted = read_number(number)
    with session() as opened:
        found = opened.store.suppression.find(wanted, account)
        if json:
            entries = [_fields(entry, reveal=False) for entry in found]
            listed = bool(found)
            output.emit({"number": mask(wanted), "suppressed": listed, "entries": entries})
        elif found:
            for entry in found:
                output.say(_sentence(entry, opened.zone(account or "default")))
        else:
            output.say(f"{mask(wanted)} is not on the do-not-call list")
            for gone in opened.store.suppression.released(wanted)[:1]:
                output.say(_release(gone, opened.zone(account or "default")))
    if not found:
        raise typer.Exit(1)


@app.command("list")
def list_numbers(account: AnyAccount = None, *, json: Json = False, reveal: Reveal = False) -> None:
    """List everybody's do-not-call list, or with --account that account's own."""
    with session() as opened:
        entries = opened.store.suppression.entries(account)
        if json:
            for entry in entries:
                output.emit(_fields(entry, reveal=reveal))
            return
        zone = opened.zone(account or "default")
        rows = [
            (
                entry.number if reveal else mask(entry.number),
                local(entry.since, zone) if entry.since else "",
                words(entry.who, reveal=reveal),
                words(entry.reason, reveal=reveal),
            )
            for entry in sorted(entries, key=lambda one: str(one.since), reverse=True)
        ]
        output.show(["number", "since", "who", "reason"], rows)
        output.say(
            f"{output.counted(len(rows), 'number')}. Is one on it? dialer suppress check NUMBER"
        )


def _fields(entry: Suppressed, *, reveal: bool) -> dict[str, object]:
    return {
        "number": entry.number if reveal else mask(entry.number),
        "account": entry.account,
        "who": words(entry.who, reveal=reveal),
        "reason": words(entry.reason, reveal=reveal),
        "since": entry.since,
    }


def _release(gone: Suppressed, zone: str) -> str:
    when = local(gone.since, zone) if gone.since else "an unknown moment"
    whose = f"that of account {gone.account}" if gone.account else "everybody's"
    return f"it was taken off {whose} at {when} by {_by(gone)}"


def _sentence(entry: Suppressed, zone: str) -> str:
    since = f" since {local(entry.since, zone)}" if entry.since else ""
    scope = f"account {entry.account}" if entry.account else "every account"
    number = mask(entry.number)
    return f"{number} is on the do-not-call list of {scope}{since} ({_by(entry)})"


def _by(entry: Suppressed) -> str:
    return words(f"{entry.who}: {entry.reason}", reveal=False)
