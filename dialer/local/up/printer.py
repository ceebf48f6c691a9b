"""One line after the other, each headed with the name of its writer."""

import io
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import IO, Final, Self

from rich.console import Console
from rich.text import Text

from dialer.text.printable import printable_lines

#: The stack's own sentences.
OURS: Final = "dialer"

#: Lines that wait to be read; with more than these the newest are lost.
_ROOM: Final = 10_000
#: How long the last lines may take to be read when all is over.
_LAST: Final = timedelta(seconds=2)
_UNREAD: Final = "nobody read them in time"
_STYLES: Final = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


class Printer:
    """
    Printer on stdout for any thread; coloured on a terminal, plain elsewhere.

    Use it in a `with` statement. Writers never wait: a worker that did would not dial. A line that
    is refused, or finds no room, is lost and counted; the count follows the next one printed.

    Args:
        width: Of the longest name.
        room: Lines that may wait to be read.
    """

    def __init__(self, width: int, console: Console | None = None, *, room: int = _ROOM) -> None:
        self._width = width
        self._console = console or Console()
        self._file = self._console.file if console else _stdout()
        # Rich only makes the heads: it would keep what a file refused, and print it again.
        self._console.file = io.StringIO()
        self._lines: queue.Queue[str | None] = queue.Queue(room)
        self._lost, self._why = 0, _UNREAD
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._styles: dict[str, str] = {OURS: "bold"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(queue.Full):
            self._lines.put(None, timeout=_LAST.total_seconds())
        self._thread.join(_LAST.total_seconds())

    def writer(self, name: str) -> Callable[[str], None]:
        """Function that prints lines, one or more at once, headed with *name*."""
        head = self._head(name)

        def write(text: str) -> None:
            for line in printable_lines(text):
                try:
                    self._lines.put_nowait(head + line)
                except queue.Full:
                    self._lost += 1

        return write

    def _head(self, name: str) -> str:
        style = self._styles.setdefault(name, _STYLES[(len(self._styles) - 1) % len(_STYLES)])
        with self._console.capture() as head:
            self._console.print(Text(f"{name:<{self._width}} | ", style), soft_wrap=True, end="")
        return head.get()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            if not self._print(line):
                self._lost += 1
            elif self._lines.empty():
                self._report_lost()
        self._report_lost()

    def _report_lost(self) -> None:
        lost, lines = self._lost, f"{self._lost} lines are" if self._lost > 1 else "1 line is"
        if lost and self._print(f"{self._head(OURS)}{lines} not here: {self._why}"):
            self._lost, self._why = self._lost - lost, _UNREAD

    def _print(self, line: str) -> bool:
        try:
            self._file.write(f"{line}\n")
            self._file.flush()
        # A disk that is full, a terminal that is gone, a closed file: what runs goes on.
        except (OSError, ValueError) as error:
            self._why = (getattr(error, "strerror", None) or str(error)).lower()
            return False
        return True


class _Unbuffered:
    """Unbuffered file: what it refuses is lost at once."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._cut = False

    def write(self, text: str) -> None:
        """Write all of it, on a new line behind one cut short; OSError also for a wait."""
        left = ("\n" * self._cut + text).encode(errors="replace")
        while left:
            left = left[os.write(self._number, left) :]
            self._cut = bool(left)

    def flush(self) -> None:
        """Do nothing: no text waits here."""


def _stdout() -> IO[str] | _Unbuffered:
    # Not the object that Python flushes when it ends: it would wait for a reader too.
    try:
        return _Unbuffered(sys.stdout.fileno())
    except (OSError, ValueError):  # replaced by something without a number
        return sys.stdout
