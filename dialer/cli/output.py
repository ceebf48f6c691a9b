"""
Output: JSON lines for programs, tables and sentences for people.

Data is never read as rich's markup, and a JSON line is never wrapped. All output of the
command line goes through here, and each text is made safe on its way. Rich is loaded when
something is drawn: sentences and JSON need none of it.
"""

import codecs
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dialer.text.moment import iso
from dialer.text.printable import printable, printable_json, printable_lines

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

#: Width of a table where there is no terminal, in characters.
_WIDTH = 100
#: Columns of at most this width are never cut: an id that cannot be copied is worth nothing.
_SHORT = 30


#: The standard streams that were closed when this process began.
CLOSED: set[str] = set()


def prepare() -> None:
    """
    Make stdout and stderr take any text, wherever they lead.

    A letter that their encoding lacks becomes an escape, as in a program's text; a stream that
    was closed leads nowhere, before a socket gets its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            CLOSED.add(name)
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of stdout; moments become ISO 8601 in UTC."""
    ascii_only = codecs.lookup(sys.stdout.encoding or "ascii").name != "utf-8"
    text = json.dumps(record, default=_plain, ensure_ascii=ascii_only, separators=(", ", ": "))
    sys.stdout.write(printable_json(text) + "\n")


def say(text: str = "") -> None:
    """Print a sentence on stdout, never wrapped."""
    sys.stdout.write(printable(text) + "\n")


def complain(text: str) -> None:
    """
    Print a sentence on stderr, after all earlier output.

    Raises:
        OSError: Stdout takes nothing; the sentence stands on stderr all the same.
    """
    _on_stderr([printable(text)])


def complain_in_lines(text: str) -> None:
    """Print a text with lines of its own on stderr; as `complain`."""
    _on_stderr(printable_lines(text))


def _on_stderr(lines: Iterable[str]) -> None:
    try:
        sys.stdout.flush()
    finally:
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], *, fold: str = "") -> None:
    """
    Print a table on stdout; nothing without rows.

    A head that begins with ">" is set to the right; *fold* is that of the column that may take
    several lines.
    """
    rows = list(rows)
    if rows:
        draw(table(columns, rows, fold=fold))
        say()


def draw(what: "RenderableType") -> None:
    """Print on stdout."""
    console().print(what)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, fold: str = "") -> "Table":
    """Lay out the table that `show` prints; at least one row."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415

    laid = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), highlight=False
    )
    for nth, head in enumerate(columns):
        name = head.removeprefix(">")
        widest = max(len(name), *(len(row[nth]) for row in rows))
        laid.add_column(
            name,
            justify="right" if head != name else "left",
            overflow="fold" if name == fold else "ellipsis",
            no_wrap=name != fold,
            min_width=widest if widest <= _SHORT else len(name),
        )
    for row in rows:
        laid.add_row(*map(printable, row))
    return laid


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line, on stdout."""
    draw(grid(rows))


def grid(rows: Iterable[tuple[str, str]]) -> "Table":
    """Lay out names and values, one a line."""
    from rich.table import Table  # noqa: PLC0415 - see above

    laid = Table.grid(padding=(0, 2))
    laid.add_column(no_wrap=True, style="dim")
    laid.add_column(overflow="fold")
    for name, value in rows:
        laid.add_row(name, printable(value))
    return laid


def text(words: str = "") -> "Text":
    """Make a sentence to be drawn."""
    from rich.text import Text  # noqa: PLC0415 - see above

    return Text(printable(words))


def console(*, stderr: bool = False) -> "Console":
    """Make a console: as wide as the terminal, and of one width where there is none."""
    from rich.console import Console  # noqa: PLC0415 - see above

    width = None if (sys.stderr if stderr else sys.stdout).isatty() else _WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width, stderr=stderr)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
