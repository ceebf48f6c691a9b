"""`dialer campaign import`, `move`, `remove`: a list of contacts, and single ones of it."""

from pathlib import Path
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.options import Json, Reason, Who, read_moment
from dialer.cli.session import session
from dialer.cli.source import STDIN, Form, open_list, progress, read_format
from dialer.cli.views.campaign_changes import show_contact, show_imported
from dialer.errors import StoreRefused, StoreUnavailable
from dialer.lists import ReportFile

#: Folders beside whose entries no report can lie.
_NO_FOLDERS = ("/dev", "/proc")

_File = Annotated[str, typer.Argument(metavar="FILE|-", help="CSV with a header, or JSONL; UTF-8.")]
_Report = Annotated[
    str | None,
    typer.Option("--report", help="Where rows that were not taken go.  [default: FILE.report.csv]"),
]
_Row = Annotated[int, typer.Argument(metavar="ROW", min=1, help="Its number in the list.")]


def move(
    name: Name,
    row: _Row,
    at: Annotated[str, typer.Option("--at", help="Not before: 2h from now, or a time.")],
    agent: Annotated[str, typer.Option("--agent", help="The id of who rings; else as usual.")] = "",
    who: Who = "",
    *,
    json: Json = False,
) -> None:
    """Call a contact back when it asked for; one that was not rung, within hours and caps."""
    when = read_moment(at, "--at")
    with session(makes_work=True, who=who) as opened:
        show_contact(opened.contacts.move(name, row, when, agent), opened.look(json=json))


def remove(name: Name, row: _Row, reason: Reason, who: Who = "", *, json: Json = False) -> None:
    """Take a contact out, which was not rung: it is not."""
    with session(who=who) as opened:
        show_contact(opened.contacts.remove(name, row, reason), opened.look(json=json))


def import_contacts(
    name: Name, file: _File, form: Form = None, report: _Report = None, *, json: Json = False
) -> None:
    """Add a list: good rows go in, all others are reported; doing it twice adds nobody."""
    kind = read_format(form)
    with session(makes_work=True) as opened, open_list(file) as source:
        opened.campaigns.progress(name)  # an unknown campaign gets no report
        leftover = _report(name, file, report)
        try:
            with leftover, progress("import", source) as watch:
                result = opened.campaigns.add(name, source, report=leftover, form=kind, watch=watch)
        except (StoreRefused, StoreUnavailable, KeyboardInterrupt):
            so_far = f"; rows not taken so far: {leftover.path}" if leftover.count else ""
            step = "run the same command again when that is mended; nobody is added twice"
            output.complain(f"stopped: {step}{so_far}")
            raise
    show_imported(name, result, leftover, json=json)
    if result.rejected:
        raise typer.Exit(1)


def _report(name: str, file: str, wanted: str | None) -> ReportFile:
    """
    Begin the report where it was asked for; else beside the list, else in this folder.

    Raises:
        BadParameter: It cannot be written there.
    """
    if wanted is not None:
        return _create(_checked(Path(wanted), file))
    if _lies_somewhere(file):
        beside = Path(f"{file}.report.csv")
        try:
            return ReportFile(beside)
        except OSError as error:
            why = f"{beside} cannot be written: {error.strerror}"
    else:
        why = "the list is no file that a report could lie beside"
    made = _create(Path(f"{name}.report.csv"))
    output.complain(f"{why}; rows that are not taken go to {made.path}")
    return made


def _lies_somewhere(file: str) -> bool:
    path = Path(file)
    return (
        file != STDIN
        and path.is_file()
        and not any(map(path.absolute().is_relative_to, _NO_FOLDERS))
    )


def _create(path: Path) -> ReportFile:
    try:
        return ReportFile(path)
    except OSError as error:
        rule = f"{path} cannot be written: {error.strerror}; name another for rows not taken"
        raise typer.BadParameter(rule, param_hint="--report") from None


def _checked(path: Path, file: str) -> Path:
    if path.exists() and file != STDIN and path.samefile(file):
        rule = "is the list itself, and would be written over"
        raise typer.BadParameter(rule, param_hint="--report")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--report")
    return path
