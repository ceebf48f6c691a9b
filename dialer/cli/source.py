"""Files that a command reads: opened once, watched while they are read."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from dialer.cli import output
from dialer.lists import Format

STDIN: Final = "-"

Form = Annotated[
    str | None, typer.Option("--format", help="csv or jsonl; else its first line tells.")
]
#: Called with the rows and bytes that were read so far.
Watch = Callable[[int, int], None]


@contextmanager
def open_list(file: str) -> Iterator[BinaryIO]:
    """
    Open the file that was named, or standard input for "-".

    Raises:
        BadParameter: It cannot be read; names the argument and the reason.
    """
    if file == STDIN:
        # Started without one (cron, `<&-`), there is no list.
        if "stdin" in output.CLOSED:
            raise typer.BadParameter("standard input is closed; name a file", param_hint="FILE")
        if sys.stdin.isatty():
            output.complain("reading what is typed, up to Ctrl-D")
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - an error of the block is none of the opening
    except (OSError, ValueError) as error:
        rule = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise typer.BadParameter(rule, param_hint="FILE") from None
    with source:
        yield source


@contextmanager
def progress(what: str, source: BinaryIO) -> Iterator[Watch | None]:
    """Show a person how much of a file has been read; None without terminal or length."""
    if not sys.stderr.isatty() or not source.seekable():
        yield None
        return
    from rich import progress as bars  # noqa: PLC0415 - a script has nobody to show it to

    columns = (
        bars.TextColumn(what),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TextColumn("{task.fields[rows]} rows"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=output.console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=os.fstat(source.fileno()).st_size, rows=0)
        yield lambda rows, taken: bar.update(task, completed=taken, rows=rows)


def read_format(written: str | None) -> Format | None:
    """
    Read --format; None stays None.

    Raises:
        BadParameter: It is no format of lists.
    """
    match written:
        case None | "csv" | "jsonl":
            return written
        case _:
            raise typer.BadParameter(f'"{written}" is not csv or jsonl', param_hint="--format")
