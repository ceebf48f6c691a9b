"""
The records of a CSV file: rows of cells, each on one line or, quoted, on several.

The csv module reads a record; its lines are found here, because
a quote that is never closed would make it take the rest of the file for a cell.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final

from dialer.lists.entry import Rejected
from dialer.lists.physical import LONGEST, as_written, read_line

DELIMITERS: Final = ",;\t|"

_ENDS: Final = (b"", b"\r", b"\n")
_NEVER_CLOSED: Final = f"opens a quote that is not closed properly within {LONGEST // 1024} KiB"
_BROKEN: Final = 'has a quote inside a quoted cell; write it twice ("")'


class _After(Enum):
    """State of the record at the end of a line."""

    CLOSED = auto()
    OPEN = auto()
    #: Something other than a delimiter follows a closing quote.
    BROKEN = auto()


def read_records(
    lines: Iterable[tuple[int, bytes]], delimiter: str
) -> Iterator[tuple[int, list[str]] | Rejected]:
    """
    Yield the cells of each record with the number of its first line; blank lines are skipped.

    A record of empty cells is a blank line. An unreadable record costs one line: reading goes
    on at the next, also when a quote seemed to reach further. *lines* have their ends.
    """
    source = _Source(lines)
    mark = delimiter.encode()
    for number, line in source:
        try:
            if b'"' in line:
                line = source.whole(line, mark)  # noqa: PLW2901 - the line grows into its record
                cells = _cells(read_line(line), delimiter)
            else:
                cells = read_line(line).rstrip("\r\n").split(delimiter)
        except ValueError as error:
            yield Rejected(number, "", str(error), value=as_written(line))
        else:
            # Most rows hold something in front.
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                yield number, cells


class _Source:
    """Lines that can be put back."""

    def __init__(self, lines: Iterable[tuple[int, bytes]]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[tuple[int, bytes]] = deque()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while (entry := self._next()) is not None:
            yield entry

    def whole(self, line: bytes, mark: bytes) -> bytes:
        """Record that *line* begins; ValueError where it never ends: later lines are read anew."""
        after = _scan(line, mark, inside=False)
        if after is _After.BROKEN:
            raise ValueError(_BROKEN)
        record, size, further = [line], len(line), []
        while after is _After.OPEN and size <= LONGEST and (entry := self._next()):
            further.append(entry)
            record.append(entry[1])
            size += len(entry[1])
            after = _scan(entry[1], mark, inside=True)
        if after is not _After.CLOSED:
            self._ahead.extendleft(reversed(further))
            raise ValueError(_NEVER_CLOSED)
        return b"".join(record)

    def _next(self) -> tuple[int, bytes] | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _scan(line: bytes, mark: bytes, *, inside: bool) -> _After:
    """Follow the quotes of one line, which begins in a quoted cell where *inside*."""
    at = 0
    while True:
        if not inside:
            inside = line.startswith(b'"', at)
            at += inside
        if inside:
            at = _closing(line, at)
            if at < 0:
                return _After.OPEN
            if line[at : at + 1] in _ENDS:
                return _After.CLOSED
            if not line.startswith(mark, at):
                return _After.BROKEN
        else:
            at = line.find(mark, at)
            if at < 0:
                return _After.CLOSED
        at += 1
        inside = False


def _closing(line: bytes, at: int) -> int:
    """Place behind the quote that closes the cell; -1 when it stays open."""
    while (at := line.find(b'"', at)) >= 0:
        if not line.startswith(b'""', at):
            return at + 1
        at += 2
    return -1
