"""
A do-not-call list: every number in every column of a file.

Here doubt adds: a number too many is not rung, one too few is. So nothing is
refused for its neighbours, and of two readings both are taken. A row without a
number is named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import BinaryIO, Final

from dialer.domain.call.number import canonical, numbers_in
from dialer.lists.entry import ListError, Rejected, Row, same_name
from dialer.lists.objects import read_objects
from dialer.lists.physical import Lines
from dialer.lists.table import Format, Table, is_jsonl, read_csv
from dialer.text.reading import quoted

#: What the column of phone numbers is called, and what others are that may look like them.
_PHONE: Final = re.compile(
    r"phone|mobile|msisdn|whatsapp|landline|(?<![a-z])(?:mob|ph|tel)(?![a-z])"
    r"|\u092b\u093c?\u094b\u0928|\u092e\u094b\u092c\u093e\u0907\u0932",
    re.IGNORECASE,
)
#: The same for a list of one column.
_ALONE: Final = re.compile(f"{_PHONE.pattern}|number", re.IGNORECASE)
_OTHER: Final = re.compile(
    r"(?<![a-z])(?:id|ref|order|invoice|account|acct|ticket|amount|date|time|pin)(?![a-z])",
    re.IGNORECASE,
)
_MOST_DIGITS_OF_A_NAME: Final = 4
#: No number of any country has fewer digits, its country's code with it.
_FEWEST_DIGITS: Final = 7
#: Lines of JSONL may name more columns than anybody reads.
_MOST_NAMED: Final = 20


class NumberList:
    """
    The numbers of *stream*, row by row; memory does not grow with their count.

    The list is read as a table of contacts is, but needs no header and no
    certain encoding; a line that begins with "#" and holds no number is none.
    Every number of every column counts, but for those that are called an id,
    a date or the like; a row that would give no number is searched as a whole.

    Args:
        stream: Binary; need not seek.
        column: The one to read; None for all.
        form: None to look at the first line.

    Attributes:
        columns: The first columns that gave numbers, by name or place, as far as the rows were
            read; none of a list of one column.
        left_out: The first columns of ids or dates that were not read though they hold mobile
            numbers.

    Raises:
        ListError: It is no text, is empty, or lacks *column*.
    """

    def __init__(
        self, stream: BinaryIO, *, column: str | None = None, form: Format | None = None
    ) -> None:
        lines = Lines(stream, forgiving=True)
        self.columns: dict[str, None] = {}
        self.left_out: dict[str, None] = {}
        self._names: Mapping[str, str] | None = None
        if column is None:
            self._rows = self._find(lines, form)
        else:
            self._rows = iter(Table(lines, [column], form=form))

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Rejected]:
        """Yield the line of each row with its numbers, E.164, or the row as rejected."""
        for row in self._rows:
            numbers = _numbers(row.value) if isinstance(row, Rejected) else self._read(row.cells)
            yield (row.line, numbers) if numbers else self._refused(row)

    def _read(self, cells: Mapping[str, str]) -> list[str]:
        """Numbers of the columns that may hold them; of the others where none does."""
        others = [key for key in cells if self._is_other(key)]
        if found := self._take(cells, [key for key in cells if not self._is_other(key)]):
            for key in others:
                if any(map(_is_mobile, _numbers(cells[key]))):
                    _note(self.left_out, self._name(key))
        return found or self._take(cells, others)

    def _take(self, cells: Mapping[str, str], keys: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for key in keys:
            if numbers := _numbers(cells[key]):
                found |= dict.fromkeys(numbers)
                if len(cells) > 1:
                    _note(self.columns, self._name(key) or key)
        return list(found)

    def _is_other(self, key: str) -> bool:
        return _is_other(self._name(key))

    def _name(self, key: str) -> str:
        return key if self._names is None else self._names.get(key, "")

    def _refused(self, row: Row | Rejected) -> Rejected:
        if isinstance(row, Rejected):
            return row
        keys = [key for key in row.cells if not self._is_other(key)] or list(row.cells)
        named = [key for key in keys if _ALONE.search(self._name(key))]
        used = [key for key in keys if (self._name(key) or key) in self.columns]
        key = max(
            named or used or keys or [""],
            key=lambda key: (_digits(row.cells.get(key, "")), bool(row.cells.get(key))),
        )
        text = row.cells.get(key, "")
        return Rejected(row.line, self._name(key) or "number", _why_none(text), "number", text)

    def _find(self, lines: Lines, form: Format | None) -> Iterator[Row | Rejected]:
        jsonl = is_jsonl(lines, form)
        rows = read_objects(lines, None) if jsonl else _by_place(lines)
        first = list(islice(rows, 2))
        if not first:
            raise ListError("the list is empty: no line of it holds a number")
        if not jsonl:
            self._names = _header(first)
        return chain(first, rows)


def _by_place(lines: Lines) -> Iterator[Row | Rejected]:
    """Rows of a CSV, each with its cells by their place, from 1."""
    for record in read_csv(lines):
        if isinstance(record, Rejected):
            yield record
        else:
            line, cells = record
            yield Row(line, {str(place): cell.strip() for place, cell in enumerate(cells, 1)})


def _header(rows: list[Row | Rejected]) -> dict[str, str]:
    """Name of each column, from the header taken out of the first rows; {} for none."""
    first = rows[0] if len(rows) > 1 else None
    if not isinstance(first, Row):
        return {}
    cells = list(filter(None, first.cells.values()))
    if len(first.cells) == 1 and not _ALONE.search(cells[0]):
        return {}  # a word in the place of a number
    if not (all(map(_is_name, cells)) and any(map(str.isalpha, "".join(cells)))):
        return {}
    rows.pop(0)
    return {key: same_name(cell) for key, cell in first.cells.items() if cell}


def _is_name(cell: str) -> bool:
    digits = _digits(cell)
    return not digits or (any(map(str.isalpha, cell)) and digits <= _MOST_DIGITS_OF_A_NAME)


@lru_cache(maxsize=64)  # a name may be as long as a line
def _is_other(name: str) -> bool:
    return bool(_OTHER.search(name)) and not _PHONE.search(name)


def _note(names: dict[str, None], name: str) -> None:
    if len(names) < _MOST_NAMED:
        names[name] = None


def _numbers(text: str) -> list[str]:
    return numbers_in(text) if _digits(text) >= _FEWEST_DIGITS else []


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def _is_mobile(number: str) -> bool:
    try:
        return bool(canonical(number))
    except ValueError:
        return False


def _why_none(text: str) -> str:
    if "*" in text:
        return f"{quoted(text)} is masked; write the list anew with --reveal"
    try:
        canonical(text, landlines=True)
    except ValueError as error:
        return f"{quoted(text)} {error}" if text else "holds no number"
    return "holds no number"
