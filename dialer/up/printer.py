"""
One line after the other, each headed with the name of who wrote it.
"""

import threading
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.text import Text

#: The stack's own sentences.
OURS: Final = "dialer"

_STYLES: Final = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


class Printer:
    """
    Prints on stdout from any thread; coloured on a terminal, plain elsewhere.

    When nobody reads any more, it goes on without a word: a process that
    waits to be heard would not dial.

    Args:
        width: Of the longest name.
        console: Where to; stdout by default.
    """

    def __init__(self, width: int, console: Console | None = None) -> None:
        self._width = width
        self._console = console or Console(markup=False, highlight=False, emoji=False)
        self._lock = threading.Lock()
        self._styles: dict[str, str] = {OURS: "bold"}

    def voice(self, name: str) -> Callable[[str], None]:
        """
        Give the function that prints one's lines.
        """
        style = self._styles.setdefault(name, _STYLES[(len(self._styles) - 1) % len(_STYLES)])

        def hear(line: str) -> None:
            if line:
                self._print(headed(name, line, width=self._width, style=style))

        return hear

    def _print(self, line: Text) -> None:
        with self._lock:
            try:
                self._console.print(line, soft_wrap=True)
                self._console.file.flush()
            except (OSError, ValueError):  # a closed pipe, a closed file
                self._console = Console(quiet=True)


def headed(name: str, line: str, *, width: int, style: str) -> Text:
    """
    Write one line with its head; what would move a terminal's cursor is replaced.
    """
    plain = "".join(c if c.isprintable() else "\ufffd" for c in line.expandtabs(4))
    return Text.assemble((f"{name:<{width}} | ", style), plain)
