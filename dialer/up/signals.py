"""
The first signal asks, the second one insists.
"""

import signal
from types import FrameType
from typing import Any, Final, Self

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """
    Counts SIGINT, SIGTERM and SIGHUP while in its `with` block; for the main thread.

    The first one sets `asked` and interrupts nothing; the second one raises
    KeyboardInterrupt wherever we are, and later ones do nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._insisted = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for one in _ENDING:
            self._before[one] = signal.signal(one, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._insisted:
            return
        if self.asked:
            self._insisted = True
            raise KeyboardInterrupt
        self.asked = True
