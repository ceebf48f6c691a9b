"""Signals that ask a process to end, and then insist."""

import signal
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final, Self

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds until an interrupt that came at a bad moment is tried again.
_AGAIN: Final = 0.01


class Signals:
    """
    Counter of the signals that ask for the end, for the main thread; works in its `with` block.

    The first *requests* of them only set `asked` and interrupt nothing; the next one raises
    KeyboardInterrupt, once: later ones do nothing, so that the cleaning up is not interrupted.
    Inside a `__del__` Python would print and forget it, and inside an import it would end the
    process by SIGINT though it was caught: there it waits until that is over.
    """

    def __init__(self, ending: Sequence[signal.Signals] = _ENDING, *, requests: int = 1) -> None:
        self._ending = ending
        self._requests = requests
        self._count = 0
        self._before: dict[signal.Signals, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether the end was asked for."""
        return self._count > 0

    def __enter__(self) -> Self:
        for one in self._ending:
            self._before[one] = signal.signal(one, self._count_one)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _count_one(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == self._requests + 1:
            self._interrupt(number, frame)

    def _interrupt(self, _number: int, frame: FrameType | None) -> None:
        if _is_bad_moment(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            raise KeyboardInterrupt


def _is_bad_moment(frame: FrameType | None) -> bool:
    """
    Whether a finalizer runs, which would drop an exception, or a module is imported.

    A KeyboardInterrupt that leaves an `exec` of text, as dataclasses do, is remembered by Python
    3.11 as one that nobody caught (`unhandled_keyboard_interrupt`): the process ends by SIGINT.
    """
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
