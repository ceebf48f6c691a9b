"""
What is printed: JSON lines for programs, tables and sentences for people.

Data is never read as rich's markup, and a JSON line is never wrapped.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from dialer.moment import iso

#: How wide a table is where nobody says how wide the paper is.
_WIDTH = 100
#: Columns of at most this width are never cut: an id that cannot be copied is worth nothing.
_SHORT = 30


def emit(record: Mapping[str, Any]) -> None:
    """
    Print one JSON object on a line of stdout; moments become ISO 8601 in UTC.
    """
    text = json.dumps(record, default=_plain, ensure_ascii=False, separators=(", ", ": "))
    sys.stdout.write(text + "\n")


def say(text: str = "") -> None:
    """
    Print a sentence on stdout as it stands, never wrapped.
    """
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """
    Print a sentence on stderr as it stands.
    """
    sys.stdout.flush()
    sys.stderr.write(text + "\n")


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], *, fold: str = "") -> None:
    """
    Print a table on stdout.

    Args:
        columns: The heads; one that begins with ">" is set to the right.
        rows: Plain text.
        fold: The head of the column that may take several lines; all others
            keep to one.
    """
    rows = list(rows)
    if rows:
        _console().print(table(columns, rows, fold=fold))
        say()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, fold: str = "") -> Table:
    """
    Lay out the table that `show` prints; at least one row.
    """
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
        laid.add_row(*map(_printable, row))
    return laid


def counted(count: int, noun: str) -> str:
    """
    Write how many there are: "1 hold", "2 holds".
    """
    return f"{count} {agreeing(count, noun, f'{noun}s')}"


def agreeing(count: int, one: str, more: str) -> str:
    """
    Choose the word that agrees with a count: "is" or "are".
    """
    return one if count == 1 else more


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """
    Print names and values, one a line, on stdout.
    """
    _console().print(grid(rows))


def grid(rows: Iterable[tuple[str, str]]) -> Table:
    """
    Lay out what `pairs` prints.
    """
    laid = Table.grid(padding=(0, 2))
    laid.add_column(no_wrap=True, style="dim")
    laid.add_column(overflow="fold")
    for name, value in rows:
        laid.add_row(name, _printable(value))
    return laid


def _console() -> Console:
    """As wide as the terminal; of one width where there is none."""
    width = None if sys.stdout.isatty() else _WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def _printable(text: str) -> str:
    """Keep what somebody else wrote from moving the cursor of a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
