"""
The report of an import: every row that was not taken, for whoever mends the list.
"""

import csv
import os
import re
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from dialer.lists.entry import Rejected

COLUMNS: Final = ("line", "kind", "reason", "column", "value", "rule")

#: What a spreadsheet would calculate instead of show; a number with its plus is none of it.
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![0-9 ().-]*$)")


class ReportFile:
    """
    A CSV file with one line for each row that was rejected or is a duplicate.

    It holds phone numbers in full, as the list does, since nobody could mend
    a list by masked ones; only its owner may read it. Duplicates are found
    batch by batch, so the lines are not in the order of the list.

    Used in a with-block: the file appears, whole, when the block ends; when it
    ends with an error a file that was there before stays as it was.

    Args:
        path: Where it will be; its folder exists.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        self._draft = Path(name)
        self._file: IO[str] = os.fdopen(
            handle, "w", encoding="utf-8", errors="backslashreplace", newline=""
        )
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __call__(self, entry: Rejected) -> None:
        """Write one row down."""
        kind = "duplicate" if entry.reason == "duplicate" else "rejected"
        shown = map(_harmless, (entry.column, entry.value, entry.rules))
        self._writer.writerow((entry.line, kind, entry.reason, *shown))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            if kind is None:
                self._draft.replace(self._path)
        finally:
            self._draft.unlink(missing_ok=True)


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
