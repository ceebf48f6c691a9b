"""
`dialer campaign import`: take a list of contacts in.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Annotated, BinaryIO, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dialer.bootstrap import feeder_of
from dialer.campaign import CampaignState
from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.opening import session
from dialer.cli.options import Json
from dialer.errors import StoreRefused, StoreUnavailable
from dialer.importing import ImportResult, import_list
from dialer.lists import Format, Rejected, ReportFile
from dialer.masking import mask

#: Without a report file a person reads so many of the rows that were not taken.
_SHOWN = 20
_STDIN = "-"

_File = Annotated[str, typer.Argument(metavar="FILE|-", help="CSV with a header, or JSONL; UTF-8.")]
_Form = Annotated[
    str | None, typer.Option("--format", help="csv or jsonl; else its first line tells.")
]
_Report = Annotated[
    str | None,
    typer.Option("--report", help="Where rows that were not taken go.  [default: FILE.report.csv]"),
]


def import_contacts(
    name: Name, file: _File, form: _Form = None, report: _Report = None, *, json: Json = False
) -> None:
    """Add a list: good rows go in, all others are reported; doing it twice adds nobody."""
    kind = _format(form)
    with (
        session(makes_work=True) as opened,
        _open(file) as source,
        _Leftover(_path(file, report)) as leftover,
    ):
        campaign = opened.store.campaigns.get(name)
        try:
            with _progress(source) as progress:
                result = import_list(
                    source,
                    campaign,
                    opened.store.contacts,
                    leftover,
                    allowed_extra=opened.settings.account(campaign.account).extra_params,
                    form=kind,
                    progress=progress,
                )
        except (StoreRefused, StoreUnavailable, KeyboardInterrupt):
            output.complain(
                "stopped: run the same command again when that is mended; nobody is added twice"
            )
            raise
        if opened.store.campaigns.progress(name).state is CampaignState.RUNNING:
            feeder_of(opened.settings, opened.store).look(name)
    _tell(name, result, leftover, json=json)
    if result.rejected:
        raise typer.Exit(1)


class _Leftover:
    """
    Takes the rows that were not taken: to a file from the first of them on, or to stderr.

    Attributes:
        path: The file; None for stderr.
        count: How many there were.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self._file: ReportFile | None = None

    def __enter__(self) -> Self:
        return self

    def __call__(self, row: Rejected) -> None:
        self.count += 1
        if self.path is None:
            if self.count <= _SHOWN:
                output.complain(mask(str(row)))
            return
        if self._file is None:
            self._file = _create(self.path)
        self._file(row)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.__exit__(kind, error, trace)


def _create(path: Path) -> ReportFile:
    try:
        return ReportFile(path)
    except OSError as error:
        rule = f"{path} cannot be written: {error.strerror}"
        raise typer.BadParameter(rule, param_hint="--report") from None


def _path(file: str, report: str | None) -> Path | None:
    if report is None:
        return None if file == _STDIN else Path(f"{file}.report.csv")
    path = Path(report)
    if path.exists() and file != _STDIN and path.samefile(file):
        rule = "is the list itself, and would be written over"
        raise typer.BadParameter(rule, param_hint="--report")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--report")
    return path


def _format(written: str | None) -> Format | None:
    match written:
        case None | "csv" | "jsonl":
            return written
        case _:
            raise typer.BadParameter(f'"{written}" is not csv or jsonl', param_hint="--format")


@contextmanager
def _open(file: str) -> Iterator[BinaryIO]:
    if file == _STDIN:
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            source = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            rule = f"{file} cannot be read: {error.strerror}"
            raise typer.BadParameter(rule, param_hint="FILE") from None
        yield source


@contextmanager
def _progress(source: BinaryIO) -> Iterator[Callable[[int, int], None] | None]:
    if not sys.stderr.isatty() or not source.seekable():
        yield None
        return
    columns = (
        TextColumn("import"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("import", total=os.fstat(source.fileno()).st_size, rows=0)
        yield lambda rows, taken: bar.update(task, completed=taken, rows=rows)


def _tell(name: str, result: ImportResult, leftover: _Leftover, *, json: bool) -> None:
    path = str(leftover.path) if leftover.path and leftover.count else None
    if json:
        output.emit(
            {
                "campaign": name,
                "rows": result.rows,
                "accepted": result.accepted,
                "duplicates": result.duplicates,
                "rejected": result.rejected,
                "by_rule": dict(result.by_rule.most_common()),
                "first_lines": dict(result.first_lines),
                "report": path,
            }
        )
        return
    output.say(
        f"{output.counted(result.rows, 'row')}: {result.accepted} accepted,"
        f" {output.counted(result.duplicates, 'duplicate')}, {result.rejected} rejected"
    )
    for rule, count in result.by_rule.most_common():
        where = f"{'line' if count == 1 else 'first in line'} {result.first_lines[rule]}"
        output.say(f"  {count}  {mask(rule)} ({where})")
    if path:
        output.say(f"each row that was not taken, with line, column and rule: {path}")
    elif leftover.count > _SHOWN:
        output.complain(f"{leftover.count - _SHOWN} more; all of them: --report FILE")
    output.say(f"next: dialer campaign preflight {name}")
