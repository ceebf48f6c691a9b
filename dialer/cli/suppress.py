"""`dialer suppress`: the do-not-call lists."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import (
    SOME_REFUSED,
    AnyAccount,
    Json,
    Reason,
    Reveal,
    Who,
    read_moment,
)
from dialer.cli.session import session
from dialer.cli.source import Form, open_list, read_format
from dialer.cli.views import suppression as view
from dialer.domain.call.number import read_number
from dialer.errors import DialerError, InvalidCall
from dialer.lists import NumberList
from dialer.services.operations.holds import UNEXPLAINED
from dialer.services.operations.suppression import read_numbers
from dialer.text.masking import mask as mask_words
from dialer.text.plural import agreeing

app = typer.Typer(help="Numbers nobody may ring.", no_args_is_help=True)

_Numbers = Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Phone numbers.")]

_Expires = Annotated[
    str | None,
    typer.Option("--expires", help="Off it again then: 90d, or a time; else never."),
]


@app.command()
def add(
    numbers: _Numbers,
    reason: Reason = UNEXPLAINED,
    account: AnyAccount = None,
    expires: _Expires = None,
    who: Who = "",
) -> None:
    """Put numbers on the list; no call to them starts any more."""
    good, bad = _read(numbers, read_numbers)
    ends = _moment(expires)
    with session(who=who) as opened:
        suppression = opened.operations.suppression
        added = suppression.add(good, reason=reason, account=account, expires=ends)
    output.say(f"{added} added, {view.known(len(good) - added)}")
    _end(len(good), bad)


@app.command()
def remove(numbers: _Numbers, reason: Reason, account: AnyAccount = None, who: Who = "") -> None:
    """Take numbers off the list; who did it, and why, stays on record."""
    # A number that can be read in two ways takes none off.
    good, bad = _read(numbers, lambda text: [read_number(text)])
    with session(who=who) as opened:
        removed = opened.operations.suppression.remove(good, reason=reason, account=account)
    gone = len(good) - removed
    output.say(f"{removed} removed, {gone} {agreeing(gone, 'was', 'were')} not on the list")
    _end(removed, bad + gone)


@app.command("import")
def import_file(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="Lines with numbers, CSV or JSONL."),
    ],
    *,
    column: Annotated[
        str | None,
        typer.Option("--column", help="The only one to read; else all but ids and dates."),
    ] = None,
    form: Form = None,
    reason: Reason = "imported",
    account: AnyAccount = None,
    expires: _Expires = None,
    who: Who = "",
) -> None:
    """
    Put a file of numbers on the list: all that it holds; other rows are reported by line.

    A line that begins with # and holds no number is a comment. A column that is called an id, a
    date or the like may be left out; which one is said. Exit 3: rows without a number were named,
    and the numbers of the others are on the list.
    """
    kind, ends = read_format(form), _moment(expires)
    with session(who=who) as opened, open_list(file) as source:
        suppression = opened.operations.suppression
        suppression.check_account(account)
        rows = NumberList(source, column=column, form=kind)
        try:
            done = suppression.add_list(
                rows,
                reason=reason,
                account=account,
                expires=ends,
                refused=lambda row: output.complain(mask_words(str(row))),
            )
        except (DialerError, KeyboardInterrupt):
            output.complain("stopped: run the same command again when that is mended")
            raise
    view.tell_import(rows, done)
    _end(done.added + done.listed, done.rejected)


def _end(done: int, refused: int) -> None:
    """Exit 1 where nothing was done, 3 where some of it was."""
    if refused or not done:
        raise typer.Exit(SOME_REFUSED if done else 1)


def _moment(text: str | None) -> datetime | None:
    return read_moment(text, "--expires") if text else None


def _read(texts: list[str], read: Callable[[str], list[str]]) -> tuple[list[str], int]:
    """Return the numbers in texts, and how many texts hold none; those are reported."""
    good: list[str] = []
    bad = 0
    for text in texts:
        try:
            good += read(text)
        except InvalidCall as error:
            bad += 1
            output.complain(mask_words(str(error)))
    return list(dict.fromkeys(good)), bad


@app.command()
def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A phone number.")],
    account: AnyAccount = None,
    *,
    json: Json = False,
) -> None:
    """Say whether a number is on the list: exit 0 when it is, 1 when it is not."""
    numbers = read_numbers(number)
    with session() as opened:
        look = opened.look(account or "default", json=json)
        found = [opened.operations.suppression.look_up(one, account) for one in numbers]
        for one in found:
            view.tell_lookup(one, look)
    listed = [bool(one.entries) for one in found]
    if not all(listed):
        raise typer.Exit(SOME_REFUSED if any(listed) else 1)


@app.command("list")
def list_numbers(account: AnyAccount = None, *, json: Json = False, reveal: Reveal = False) -> None:
    """List everybody's do-not-call list, or with --account that account's own."""
    with session() as opened:
        entries = opened.operations.suppression.entries(account)
        view.show_entries(entries, opened.look(account or "default", reveal=reveal, json=json))
