"""The report of an import: every row that was not taken, for correction of the list."""

import csv
import re
from errno import EEXIST
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from dialer.lists.entry import Rejected
from dialer.machine.whole_file import WholeFile

COLUMNS: Final = ("line", "kind", "reason", "column", "value", "rule")

_STOPPED: Final = (
    "the import ended here, before the list did; rows behind it are not in this report"
)
#: What a spreadsheet calculates instead of shows, also in the letters of East Asia and behind
#: blanks and invisible characters. A number with its plus is calculated too: 91-98765-43210.
_FORMULA: Final = re.compile(
    "[\\t\\r\\n]|[\\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20\u2212-]"
)


class ReportFile:
    """
    A CSV file with one line for each row that was rejected or is a duplicate.

    It holds phone numbers in full, as the list does, since masked ones could not be
    corrected; only its owner may read it. Duplicates are found batch by batch, so the
    lines are not in the order of the list.

    A cell that a spreadsheet would calculate begins with an apostrophe, which is no part of
    a number where numbers are read; every cell is quoted, so that no other separator cuts it.

    Used in a with-block: the file appears when the block ends. Without a rejected row the
    report of an earlier import goes, and no other file; after an error the last line says
    that more is missing.

    Attributes:
        count: Rows written down so far.
        cleared: Whether the report of an earlier import was taken away.

    Raises:
        OSError: The folder cannot be written, or what is there is no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.cleared = False
        if path.exists() and not path.is_file():
            raise OSError(EEXIST, "it is there, and no file")
        self._draft = WholeFile(path)
        self._writer = csv.writer(self._draft.text, quoting=csv.QUOTE_ALL)
        self._writer.writerow(COLUMNS)

    def __call__(self, entry: Rejected) -> None:
        """Write one row down."""
        self.count += 1
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
        with self._draft:
            if kind is not None:
                self._writer.writerow(("", "stopped", "", "", "", _STOPPED))
            if self.count:
                self._draft.keep(synced=True)
            elif kind is None and self._is_report():
                self.path.unlink()
                self.cleared = True

    def _is_report(self) -> bool:
        head = ",".join(f'"{name}"' for name in COLUMNS).encode()
        try:
            with self.path.open("rb") as file:
                return file.read(len(head)) == head
        except OSError:
            return False


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
