"""
A table of contacts: the rows of a CSV or JSONL stream, whichever it is.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import BinaryIO, Final, Literal

from dialer.lists.entry import ListError, Rejected, Row
from dialer.lists.objects import read_objects
from dialer.lists.physical import Lines
from dialer.lists.records import guess_delimiter, read_records
from dialer.masking import mask

Format = Literal["csv", "jsonl"]

_MOST_SHOWN: Final = 20


class Table:
    """
    The rows of *stream*, each once, in order; memory does not grow with their number.

    A CSV names its columns in its first line, which also tells its delimiter:
    ",", ";" or a tab. Iterating yields a `Row`, or `Rejected` for what cannot
    be read, which never ends the file.

    Args:
        stream: Binary, UTF-8, with or without a byte order mark; need not seek.
        wanted: The columns to read.
        form: "csv" or "jsonl"; None: a first line that begins with "{" is JSONL.

    Attributes:
        columns: The columns of a CSV; () for JSONL, whose lines name their own.

    Raises:
        ListError: It is not UTF-8 text, has no proper header, or its header
            lacks a wanted column. Nothing was read but the first 64 KiB.
    """

    def __init__(
        self, stream: BinaryIO, wanted: Collection[str], *, form: Format | None = None
    ) -> None:
        self._lines = Lines(stream)
        self._wanted = tuple(dict.fromkeys(wanted))
        self.columns: tuple[str, ...] = ()
        self._rows: Iterator[Row | Rejected]
        if form == "jsonl" or (form is None and self._lines.first().lstrip().startswith(b"{")):
            self._rows = read_objects(self._lines, self._wanted)
        else:
            self._rows = self._read_csv()

    def __iter__(self) -> Iterator[Row | Rejected]:
        return self._rows

    @property
    def taken(self) -> int:
        """How many bytes of the stream have been read; a few rows ahead of the last one."""
        return self._lines.taken

    def _read_csv(self) -> Iterator[Row | Rejected]:
        header = self._lines.first().decode(errors="replace")
        records = read_records(self._lines, guess_delimiter(header.rstrip("\r\n")))
        first = next(records, None)
        if first is None:
            raise ListError("the list is empty: its first line must name its columns")
        if isinstance(first, Rejected):
            raise ListError(f"the header of the list, in line {first.line}, {first.rule}")
        self.columns = tuple(name.strip() for name in first[1])
        _check_header(self.columns, self._wanted)
        return self._rows_of(records)

    def _rows_of(
        self, records: Iterable[tuple[int, list[str]] | Rejected]
    ) -> Iterator[Row | Rejected]:
        width = len(self.columns)
        places = [(name, self.columns.index(name)) for name in self._wanted]
        for record in records:
            if isinstance(record, Rejected):
                yield record
                continue
            line, cells = record
            if len(cells) == width:
                yield Row(line, {name: cells[place].strip() for name, place in places})
            else:
                yield Rejected(line, "", _wrong_width(len(cells), width))


def _wrong_width(found: int, width: int) -> str:
    many = "many" if found > width else "few"
    columns = "1 column" if width == 1 else f"{width} columns"
    return f"has too {many} cells for the header's {columns}, not {found}"


def _check_header(columns: tuple[str, ...], wanted: Iterable[str]) -> None:
    if "" in columns:
        place = columns.index("") + 1
        raise ListError(f"the header names no column in place {place} of {len(columns)}")
    doubled = [name for name, count in Counter(columns).items() if count > 1]
    if doubled:
        raise ListError(f"the header names a column twice: {_listed(doubled)}")
    lacking = [name for name in wanted if name not in columns]
    if lacking:
        what = "; ".join(f'"{name}"{_near(name, columns)}' for name in lacking)
        raise ListError(f"the list has no column {what}. Its columns are: {_listed(columns)}")


def _near(name: str, columns: tuple[str, ...]) -> str:
    by_lower = {column.lower(): column for column in columns}
    close = get_close_matches(name.strip().lower(), by_lower, n=1)
    return f' (did you mean "{by_lower[close[0]]}"?)' if close else ""


def _listed(names: Collection[str]) -> str:
    # A list without a header begins with somebody's number.
    shown = [mask(name if name.isprintable() else ascii(name)[1:-1]) for name in names]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more
