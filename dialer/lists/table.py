"""A table of contacts: the rows of a CSV or JSONL stream, whichever it is."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import dropwhile
from typing import BinaryIO, Final, Literal

from dialer.lists.entry import ListError, Rejected, Row, same_name
from dialer.lists.objects import read_objects
from dialer.lists.physical import Lines
from dialer.lists.records import DELIMITERS, read_records
from dialer.text.masking import mask
from dialer.text.reading import did_you_mean

Format = Literal["csv", "jsonl"]

#: As a spreadsheet writes it before the header, for itself.
_SEP: Final = re.compile(rb'"?sep=([,;|:^~!\t])\1*"?[\r\n]*', re.IGNORECASE)
_MOST_SHOWN: Final = 20

Records = Iterator[tuple[int, list[str]] | Rejected]


class Table:
    """
    The rows of *stream*, each once, in order; memory does not grow with their number.

    A CSV names its columns in its first record. Its delimiter is the one with
    which every wanted column is there: ",", ";", a tab or "|". Only those
    columns must be there, once; names are compared as `same_name` has them.
    Iterating yields a `Row`, or `Rejected` for an unreadable one, which never ends the file.

    Args:
        stream: Binary, UTF-8, with or without byte order marks; need not seek.
        wanted: The columns to read.
        form: None: a first line that begins with "{" is JSONL.

    Attributes:
        columns: The columns of a CSV; () for JSONL, whose lines name their own.

    Raises:
        ListError: It is not UTF-8 text, has no proper header, or its header
            lacks a wanted column. Nothing was read but the first 64 KiB.
    """

    def __init__(
        self, stream: BinaryIO | Lines, wanted: Collection[str], *, form: Format | None = None
    ) -> None:
        self._lines = stream if isinstance(stream, Lines) else Lines(stream)
        self._wanted = tuple(dict.fromkeys(wanted))
        self.columns: tuple[str, ...] = ()
        self._rows: Iterator[Row | Rejected]
        if is_jsonl(self._lines, form):
            self._rows = read_objects(self._lines, self._wanted)
        else:
            self._rows = self._read_csv()

    def __iter__(self) -> Iterator[Row | Rejected]:
        return self._rows

    @property
    def taken(self) -> int:
        """Bytes of the stream that have been read; a few rows ahead of the last one."""
        return self._lines.taken

    def _read_csv(self) -> Iterator[Row | Rejected]:
        records = read_csv(self._lines, self._wanted)
        first = next(records, None)
        if first is None:
            raise ListError("the list is empty: its first line must name its columns")
        if isinstance(first, Rejected):
            raise ListError(f"the header of the list, in line {first.line}, {first.rule}")
        self.columns = tuple(map(same_name, first[1]))
        _check_header(self.columns, self._wanted)
        return self._rows_of(records)

    def _rows_of(self, records: Records) -> Iterator[Row | Rejected]:
        width = len(self.columns)
        places = [(name, self.columns.index(same_name(name))) for name in self._wanted]
        needed = max((place for _, place in places), default=0)
        for record in records:
            if isinstance(record, Rejected):
                yield record
                continue
            line, cells = record
            # Cells too many or missing do not matter where they are empty or not wanted.
            if len(cells) == width or (
                len(cells) > needed and not any(map(str.strip, cells[width:]))
            ):
                yield Row(line, {name: cells[place].strip() for name, place in places})
            else:
                rule = _wrong_width(len(cells), width)
                yield Rejected(line, "", rule, value=", ".join(cells))


def is_jsonl(lines: Lines, form: Format | None) -> bool:
    """Whether a list is JSONL: by *form*, else by a brace at the start of its first line."""
    return form == "jsonl" or (form is None and lines.first().lstrip().startswith(b"{"))


def read_csv(lines: Lines, wanted: Collection[str] = ()) -> Records:
    """
    Records of a CSV, its header the first of them.

    A first line such as "sep=;" gives its delimiter, and is none; else *wanted* columns do.
    """
    if sep := _SEP.fullmatch(lines.first()):
        rest = dropwhile(lambda line: not line[1].strip(), lines)
        next(rest)
        return read_records(rest, sep[1].decode())
    return read_records(lines, _delimiter(lines.head, wanted))


def _delimiter(head: bytes, wanted: Collection[str]) -> str:
    """Delimiter with which the most wanted columns are there; else the most columns."""
    names = set(map(same_name, wanted))

    def fits(delimiter: str) -> tuple[int, int]:
        lines = enumerate(head.splitlines(keepends=True))
        header = next(read_records(lines, delimiter), (0, []))
        if isinstance(header, Rejected):
            return 0, header.value.count(delimiter) + 1
        return len(names & set(map(same_name, header[1]))), len(header[1])

    return max(DELIMITERS, key=fits)


def _wrong_width(found: int, width: int) -> str:
    many = "many" if found > width else "few"
    columns = "1 column" if width == 1 else f"{width} columns"
    return f"has too {many} cells for the header's {columns}, not {found}"


def _check_header(columns: tuple[str, ...], wanted: Iterable[str]) -> None:
    counted = Counter(columns)
    if doubled := [name for name in wanted if counted[same_name(name)] > 1]:
        raise ListError(f"the header names a column twice: {_listed(doubled)}")
    if lacking := [name for name in wanted if not counted[same_name(name)]]:
        what = "; ".join(f'"{name}"{_near(name, columns)}' for name in lacking)
        named = [column for column in columns if column]
        raise ListError(f"the list has no column {what}. Its columns are: {_listed(named)}")


def _near(name: str, columns: Collection[str]) -> str:
    near = did_you_mean(name, columns)
    return f' (did you mean "{near}"?)' if near else ""


def _listed(names: Collection[str]) -> str:
    # A list without a header begins with a person's number.
    shown = [mask(name if name.isprintable() else ascii(name)[1:-1]) for name in names]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more
