"""Sources of contacts: a file, a stream, or rows that a program makes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from dialer.errors import InvalidRequest
from dialer.lists import ListError

#: CSV with a header, or JSONL, in UTF-8: its path, or a binary stream; or values by column.
Source = Path | BinaryIO | Iterable[Mapping[str, object]]

_AT_ONCE = 500


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """
    Open a list as a binary stream; a stream stays open afterwards.

    Raises:
        ListError: The file cannot be opened.
        InvalidRequest: It is none of these.
    """
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise ListError(f"{source} cannot be read: {error.strerror}") from None
        with file:
            yield file
    elif isinstance(source, str | bytes | Mapping):
        rule = "must be a path, a binary stream or rows: a mapping of columns for each contact"
        raise InvalidRequest("source", rule)
    else:
        yield cast("BinaryIO", source if hasattr(source, "read") else _Rows(source))


class _Rows:
    """Rows as the binary stream that `dialer.lists` reads: JSON lines, some at a time."""

    def __init__(self, rows: Iterable[Mapping[str, object]]) -> None:
        self._lines = map(_line, rows)

    def read(self, _size: int) -> bytes:
        """Return the next lines; b"" at the end."""
        return b"".join(islice(self._lines, _AT_ONCE))


def _line(row: object) -> bytes:
    # What is no row becomes a line that is reported like any other; a number stays one.
    try:
        return json.dumps(row, default=str).encode() + b"\n"
    except (TypeError, ValueError):
        return b"null\n"
