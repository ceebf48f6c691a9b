"""
One line after the other, each headed with the name of who wrote it.
"""

import errno
import io
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: The stack's own sentences.
OURS: Final = "dialer"

#: Lines that wait to be read; with more than these the newest are lost.
_ROOM: Final = 10_000
#: How long the last lines may take to be read when all is over.
_LAST: Final = timedelta(seconds=2)
#: After a line was refused, by a disk that is full or a terminal that is behind.
_AGAIN: Final = timedelta(seconds=1)
#: What says that nobody will ever read: gone for good, unlike all else that a file may refuse.
_GONE: Final = (errno.EPIPE, errno.EIO, errno.EBADF)
_UNREAD: Final = "nobody read them in time"
_STYLES: Final = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


class Printer:
    """
    Prints on stdout from any thread; coloured on a terminal, plain elsewhere.

    Use it in a `with` statement. Whoever speaks never waits: not for a
    terminal that was halted, nor for one whose network is gone. A process that
    waits to be heard would not dial. What a file refuses for a while, as a disk
    that is full does, is lost and counted; the count is told when it takes
    lines again.

    Args:
        width: Of the longest name.
        console: Where to; stdout by default.
        room: Lines that may wait to be read.
        again: How long nothing is printed after a line was refused.
    """

    def __init__(
        self,
        width: int,
        console: Console | None = None,
        *,
        room: int = _ROOM,
        again: timedelta = _AGAIN,
    ) -> None:
        self._width = width
        self._file = None if console else _stdout()
        self._console = console or Console(
            file=self._file, markup=False, highlight=False, emoji=False
        )
        # Rich keeps what a file refused, and would print it with the next line.
        self._to = self._console.file
        self._console.file = self._page = io.StringIO()
        self._lines: queue.Queue[Text | None] = queue.Queue(room)
        self._lost, self._why = 0, _UNREAD
        self._again = again
        self._gone = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._styles: dict[str, str] = {OURS: "bold"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
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
            if not self._print(line):
                self._lost += 1
            while self._lost and self._lines.empty() and not self._over.is_set():
                self._tell()
        if self._lost:
            self._tell()

    def _tell(self) -> None:
        lost, why = self._lost, self._why
        told = f"{lost} lines are" if lost > 1 else "1 line is"
        if self._print(headed(OURS, f"{told} not here: {why}", width=self._width, style="bold")):
            self._lost -= lost
            self._why = _UNREAD

    def _print(self, line: Text) -> bool:
        """Print one; False, a pause later, where it was refused and the next may not be."""
        if self._gone:
            return True
        self._console.print(line, soft_wrap=True)
        written = self._page.getvalue()
        self._page.seek(0)
        self._page.truncate()
        try:
            self._to.write(written)
            self._to.flush()
        except ValueError:  # a closed file
            self._gone = True
        except OSError as error:
            self._gone = error.errno in _GONE
            self._why = (error.strerror or str(error)).lower()
            if not self._gone:
                self._over.wait(self._again.total_seconds())
        else:
            return True
        return self._gone


class _Out(io.FileIO):
    """
    A file without a buffer: what is refused is lost at once, and not kept to be written later.
    """

    _cut = False

    def write(self, data: "ReadableBuffer") -> int:
        """
        Write all of it, on a line of its own where the one before was cut short.

        Raises:
            OSError: As the system says, also where it would have to wait.
        """
        whole = bytes(data)
        left = b"\n" + whole if self._cut else whole
        while left:
            # None from a file that does not wait, though the types know of none.
            taken: int | None = super().write(left)
            if taken is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            left = left[taken:]
            self._cut = bool(left)
        return len(whole)


def _stdout() -> IO[str] | None:
    """
    Stdout, but not the object that Python flushes when it ends: it would wait for a reader too.
    """
    try:
        out = _Out(os.dup(sys.stdout.fileno()), "w")
        return io.TextIOWrapper(out, encoding="utf-8", errors="replace", write_through=True)
    except (OSError, ValueError):  # replaced by something without a number
        return None


def headed(name: str, line: str, *, width: int, style: str) -> Text:
    """
    Write one line with its head; what would move a terminal's cursor is replaced.
    """
    plain = "".join(c if c.isprintable() else "\ufffd" for c in line.expandtabs(4))
    return Text.assemble((f"{name:<{width}} | ", style), plain)
