"""
One part of the stack: started, started again when it dies, stopped.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from dialer.duration import format_duration
from dialer.errors import DialerError
from dialer.up.pauses import next_pause


class Runs(Protocol):
    """
    Something that runs until it ends or is ended, and can be started again.
    """

    @property
    def pid(self) -> int:
        """Its process, once started."""
        ...

    def start(self) -> None:
        """Start it; DialerError or OSError when that fails, and nothing is left running."""
        ...

    def ended(self) -> int | None:
        """Its exit status as Python gives it, negative for a signal; None while it runs."""
        ...

    def last_words(self) -> str:
        """Why it may have ended by itself; "" where it has told already."""
        ...

    def ask(self) -> None:
        """Ask it to end in peace; returns at once."""
        ...

    def kill(self) -> None:
        """End it as a crash would; it is gone on return."""
        ...


class Part:
    """
    Keeps one thing running.

    Instants are counted from any fixed moment, as `time.monotonic()` does.

    Args:
        name: What its lines are headed with.
        runs: The thing.
        say: Passes on a sentence about it.
        patience: How long it may take to end in peace.
    """

    def __init__(
        self, name: str, runs: Runs, say: Callable[[str], None], patience: timedelta
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
        """Its process; None while it is down."""
        return self._runs.pid if self._up else None

    def start(self, now: timedelta) -> None:
        """
        Start it for the first time.

        Raises:
            DialerError, OSError: It cannot be started; it is down.
        """
        self._runs.start()
        self._up, self._since = True, now

    def look(self, now: timedelta) -> bool:
        """
        Start it again when it died and its pause is over; say whether it is a new process now.
        """
        if self._up:
            status = self._runs.ended()
            if status is not None:
                self._up = False
                why = self._runs.last_words() if status > 0 else ""
                self._rest(
                    f"{words(status)}; {why}" if why else words(status),
                    now,
                    lived=now - self._since,
                )
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


def words(status: int) -> str:
    """
    Say how a process ended: "ended with status 1", "was ended by SIGKILL".
    """
    if status < 0:
        name = str(-status)
        with suppress(ValueError):
            name = signal.Signals(-status).name
        return f"was ended by {name}"
    return f"ended with status {status}"
