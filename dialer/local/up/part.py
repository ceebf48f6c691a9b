"""One part of the stack: started, started again when it dies, stopped."""

import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from dialer.errors import DialerError
from dialer.local.process import ChildProcess
from dialer.text.duration import format_duration

#: Something that died once is back within a second.
FIRST: Final = timedelta(milliseconds=500)
#: Something that dies each time is tried again four times a minute.
CAP: Final = timedelta(seconds=15)
#: Whoever lived this long is well, and its next death is the first one again.
WELL: Final = timedelta(seconds=30)


class Part:
    """
    One process, started again when it dies; instants count from any fixed moment.

    Args:
        name: Heads its lines.
        say: Gets sentences about it.
        patience: Limit of its end in peace.
    """

    def __init__(
        self, name: str, runs: ChildProcess, say: Callable[[str], None], patience: timedelta
    ) -> None:
        self.name = name
        self.patience = patience
        self._runs = runs
        self._say = say
        self._up = False
        self._since = timedelta(0)
        self._pause: timedelta | None = None
        self._due: timedelta | None = None

    @property
    def pid(self) -> int | None:
        """Process id; None while it is down."""
        return self._runs.pid if self._up else None

    def start(self, now: timedelta) -> None:
        """Start it for the first time; DialerError or OSError where it cannot, and it is down."""
        self._runs.start()
        self._up, self._since = True, now

    def look(self, now: timedelta) -> bool:
        """Start it again when it died and its pause is over; True for a new process."""
        if self._up:
            status = self._runs.ended()
            if status is not None:
                self._up = False
                why = self._runs.last_words() if status > 0 else ""
                what = f"{words(status)}; {why}" if why else words(status)
                self._rest(what, now, lived=now - self._since)
            return False
        return self._due is not None and now >= self._due and self._again(now)

    def ask(self) -> None:
        """Ask it to end in peace, and start it no more."""
        self._due = None
        if self._up:
            self._runs.ask()

    def gone(self) -> bool:
        """Whether it has ended after `ask`."""
        if self._up and self._runs.ended() is not None:
            self._up = False
        return not self._up

    def kill(self) -> None:
        """End it as a crash would, and start it no more."""
        self._due = None
        self._runs.kill()
        self._up = False

    def _again(self, now: timedelta) -> bool:
        try:
            self._runs.start()
        except (DialerError, OSError) as error:
            self._rest(f"cannot be started: {error}", now, lived=timedelta(0))
            return False
        self._up, self._since, self._due = True, now, None
        self._say(f"started again as process {self._runs.pid}")
        return True

    def _rest(self, what: str, now: timedelta, *, lived: timedelta) -> None:
        self._pause = next_pause(self._pause, lived)
        self._due = now + self._pause
        # What quotes a log goes on for some lines.
        first, *more = what.split("\n")
        self._say("\n".join([f"{first}; starts again in {format_duration(self._pause)}", *more]))


def next_pause(last: timedelta | None, lived: timedelta) -> timedelta:
    """Pause before the next start: twice the last, up to `CAP`; `FIRST` after a long life."""
    return FIRST if last is None or lived >= WELL else min(last * 2, CAP)


def words(status: int) -> str:
    """End of a process as text: "ended with status 1", "was ended by SIGKILL"."""
    if status < 0:
        name = str(-status)
        with suppress(ValueError):
            name = signal.Signals(-status).name
        return f"was ended by {name}"
    return f"ended with status {status}"
