"""The parts of a stack, and the order in which they start and stop."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from dialer.local.signals import Signals
from dialer.local.up.folder import Folder
from dialer.local.up.part import Part

#: Between two looks at what runs.
_LOOK: Final = timedelta(milliseconds=100)
#: Between two looks at the notes: the next start goes by them.
_KEEP: Final = timedelta(seconds=1)


class Stack:
    """
    The parts of one `dialer up`, in the order in which they start; the server, if any, is first.

    *turns* gives the other parts by the turn in which they stop; *say* prints a sentence of ours.
    """

    def __init__(
        self,
        server: Part | None,
        turns: Sequence[tuple[int, Part]],
        *,
        folder: Folder,
        say: Callable[[str], None],
    ) -> None:
        self._server = server
        self._others = [part for _, part in turns]
        numbers = sorted({turn for turn, _ in turns})
        self._turns = [[part for one, part in turns if one == turn] for turn in numbers]
        if server is not None:
            self._turns.append([server])
        self._folder = folder
        self._kept = timedelta(0)
        self._complained = False
        self._say = say

    def start(self) -> None:
        """Start everything; where a part raises DialerError or OSError, those before it run."""
        for part in self._all():
            part.start(_now())
            self._note()

    def watch(self, signals: Signals) -> None:
        """Start again what dies, until the end is asked for."""
        while not signals.asked:
            self._look(self._all())
            time.sleep(_LOOK.total_seconds())

    def stop(self) -> None:
        """End everything in peace, turn by turn; parts of later turns are kept running."""
        for nth, turn in enumerate(self._turns):
            names = " and ".join(part.name for part in turn)
            self._say(f"stopping {names}")
            for part in turn:
                part.ask()
            self._wait(turn, [part for later in self._turns[nth + 1 :] for part in later])

    def kill(self) -> None:
        """End by force what is left, the server last."""
        for part in reversed(list(self._all())):
            part.kill()

    def _wait(self, turn: Sequence[Part], later: Sequence[Part]) -> None:
        began = _now()
        left = list(turn)
        while left := [part for part in left if not part.gone()]:
            for part in left:
                if _now() - began > part.patience:
                    self._say(f"{part.name} does not end; it is ended by force")
                    part.kill()
            self._look(later)
            time.sleep(_LOOK.total_seconds())

    def _look(self, parts: Iterable[Part]) -> None:
        # All of them, also behind the first that was started again.
        started = [part for part in parts if part.look(_now())]
        if started or _now() - self._kept >= _KEEP:
            self._keep()

    def _keep(self) -> None:
        """Keep the notes; without them the parts go on, as they do on a full disk."""
        try:
            self._note()
        except OSError as error:
            if not self._complained:
                where = self._folder.path.absolute()
                self._say(
                    f"{where}: cannot be written: {error.strerror}; until it can, other"
                    " terminals may not find what runs here"
                )
            self._complained = True
        else:
            self._complained = False

    def _note(self) -> None:
        self._kept = _now()
        self._folder.keep([part.pid for part in self._others if part.pid is not None])

    def _all(self) -> Iterator[Part]:
        if self._server is not None:
            yield self._server
        yield from self._others


def _now() -> timedelta:
    return timedelta(seconds=time.monotonic())
