"""
One line after the other, each headed with the name of who wrote it.
"""

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

#: The stack's own sentences.
OURS: Final = "dialer"

#: Lines that wait to be read; with more than these the newest are lost.
_ROOM: Final = 10_000
#: How long the last lines may take to be read when all is over.
_LAST: Final = timedelta(seconds=2)
_STYLES: Final = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


class Printer:
    """
    Prints on stdout from any thread; coloured on a terminal, plain elsewhere.

    Use it in a `with` statement. Whoever speaks never waits: not for a
    terminal that was halted, nor for one whose network is gone. A process that
    waits to be heard would not dial.

    Args:
        width: Of the longest name.
        console: Where to; stdout by default.
        room: Lines that may wait to be read.
    """

    def __init__(self, width: int, console: Console | None = None, *, room: int = _ROOM) -> None:
        self._width = width
        self._file = None if console else _stdout()
        self._console = console or Console(
            file=self._file, markup=False, highlight=False, emoji=False
        )
        self._lines: queue.Queue[Text | None] = queue.Queue(room)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._styles: dict[str, str] = {OURS: "bold"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(queue.Full):
            self._lines.put(None, timeout=_LAST.total_seconds())
        self._thread.join(_LAST.total_seconds())
        if self._file is not None and not self._thread.is_alive():
            with suppress(OSError):
                self._file.close()

    def voice(self, name: str) -> Callable[[str], None]:
        """
        Give the function that prints one's lines, one or more at once.
        """
        style = self._styles.setdefault(name, _STYLES[(len(self._styles) - 1) % len(_STYLES)])

        def hear(line: str) -> None:
            for one in line.splitlines():
                self._put(headed(name, one, width=self._width, style=style))

        return hear

    def _put(self, line: Text) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._print(line)
            if self._lost and self._lines.empty():
                lost, self._lost = self._lost, 0
                told = f"{lost} lines are not here: nobody read them in time"
                self._print(headed(OURS, told, width=self._width, style="bold"))

    def _print(self, line: Text) -> None:
        try:
            self._console.print(line, soft_wrap=True)
            self._console.file.flush()
        except (OSError, ValueError):  # a closed pipe, a closed file
            self._console = Console(quiet=True)


def _stdout() -> IO[str] | None:
    """
    Stdout, but not the object that Python flushes when it ends: it would wait for a reader too.
    """
    try:
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # replaced by something without a number
        return None


def headed(name: str, line: str, *, width: int, style: str) -> Text:
    """
    Write one line with its head; what would move a terminal's cursor is replaced.
    """
    plain = "".join(c if c.isprintable() else "\ufffd" for c in line.expandtabs(4))
    return Text.assemble((f"{name:<{width}} | ", style), plain)
