"""
The connections to one place: those that stand idle, those that are out, those being made.

Last in, first out, so that few are kept warm and the others age. Whoever dials reserves
connections before it asks for jobs; no two doorbells count the same one.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from dialer.client.connection import Connection, UnconnectedError
from dialer.machine.clock import Clock

#: An older one is not used again, so that a changed address or certificate is followed.
_LONGEST_LIFE = 60.0
#: How long one that was opened ahead waits where connections are not used again.
_UNUSED = 2.0
#: One that is gone sooner after it was opened never stood.
_NEVER_STOOD = 1.0
#: Between two attempts at a place that cannot be reached, seconds: chance decides, so that a
#: fleet does not come all at once.
_APART = (1.0, 4.0)
#: Before another is opened ahead when one was not used: doubled each time.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
#: The share of the newest measure in a mean.
_NEWEST = 0.3


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    No connection can be made.

    Attributes:
        since: The first attempt that failed, aware.
        why: What became of the last, in one clause.
        certificate: Whether the certificate is to blame.
    """

    since: datetime
    why: str
    certificate: bool


class Pool:
    """
    The connections to one place; its methods may run in many threads.

    Args:
        make: Makes a connection that does not stand yet.
        reuse: How long one may be idle and carry another request; zero for never.
        beside: Runs a step in a thread of its own.
    """

    def __init__(
        self,
        make: Callable[[], Connection],
        *,
        reuse: timedelta,
        clock: Clock,
        rng: Random,
        beside: Callable[[Callable[[], None]], None],
    ) -> None:
        self._make, self._clock, self._rng = make, clock, rng
        self._reuse, self._beside = reuse.total_seconds(), beside
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False
        self._out = self._opening = 0
        self._wants: dict[str, int] = {}
        self._trouble: Trouble | None = None
        self._next_try = self._last_success = self._ahead_at = self._pause = 0.0
        self._connect_time = self._answer_time = 0.0

    @property
    def trouble(self) -> Trouble | None:
        """Why this place cannot be reached, when no connection to it is left either."""
        with self._lock:
            return None if self._idle or self._out else self._trouble

    @property
    def busy_time(self) -> float:
        """Seconds for which a call takes a connection up, its making included, as measured."""
        return self._connect_time + self._answer_time

    @property
    def connect_time(self) -> float:
        """Seconds that making a connection takes, as measured."""
        return self._connect_time

    def standing(self) -> int:
        """Count the connections that stand idle, after closing those that no longer may be used."""
        with self._lock:
            old, self._idle = self._idle, []
            for one in old:
                self._put_back(one)
            return len(self._idle)

    def reserve(self, most: int) -> list[Connection]:
        """Take at most so many that stand, the last that became free first; none may be left."""
        taken: list[Connection] = []
        with self._lock:
            while self._idle and len(taken) < most:
                one = self._idle.pop()
                if self._may_carry(one):
                    taken.append(one)
                else:
                    self._end(one)
            self._out += len(taken)
        return taken

    def connect(self) -> Connection:
        """
        Make one now, in the caller's time, and reserve it.

        Raises:
            UnconnectedError: It cannot be made, or it is not yet time to try again.
        """
        with self._lock:
            if self._trouble and not self._may_try():
                trouble = self._trouble
                raise UnconnectedError(trouble.why, certificate=trouble.certificate)
            self._out += 1
        try:
            return self._made()
        except BaseException:
            with self._lock:
                self._out -= 1
            raise

    def give_back(self, unused: list[Connection]) -> None:
        """Let reserved ones stand idle again, which carried nothing; they have aged meanwhile."""
        with self._lock:
            self._out -= len(unused)
            for one in unused:
                self._put_back(one)

    def carried(self, one: Connection, *, keep: bool, took: float) -> None:
        """Take a connection back that has carried a request, so many seconds; *keep* it or not."""
        with self._lock:
            self._out -= 1
            self._pause = self._ahead_at = 0.0
            self._answer_time = _mean(self._answer_time, took)
            one.carried, one.idle_since = True, self._clock.monotonic()
            if keep and self._reuse > 0:
                self._put_back(one)
            else:
                one.close()
        self._fill()

    def unsent(self, one: Connection) -> None:
        """Take a connection back that was found gone, or whose request was given up before."""
        with self._lock:
            self._out -= 1
            self._end(one)

    def want(self, whose: str, count: int) -> None:
        """
        Have so many connections open or being made for an account: the missing are opened now.

        With 0 for all of its accounts a place is forgotten that could not be reached.
        """
        with self._lock:
            self._wants[whose] = count
            if not any(self._wants.values()):
                self._trouble = None
        self._fill()

    def wanted_but(self, whose: str) -> int:
        """Count the connections that other accounts want."""
        with self._lock:
            return sum(count for name, count in self._wants.items() if name != whose)

    def close(self) -> None:
        """Close those that stand idle, and each of the others when it comes back."""
        with self._lock:
            self._closed = True
            self._wants.clear()
            while self._idle:
                self._idle.pop().close()

    def _fill(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            missing = sum(self._wants.values()) - len(self._idle) - self._out - self._opening
            if self._trouble:
                missing = int(missing > 0 and self._may_try())
            elif now < self._ahead_at:
                missing = 0
            self._opening += max(0, missing)
        for _ in range(missing):
            self._beside(self._open_ahead)

    def _open_ahead(self) -> None:
        try:
            one = self._made()
        except UnconnectedError:
            with self._lock:
                self._opening -= 1
            return
        except BaseException:
            with self._lock:
                self._opening -= 1
            raise
        with self._lock:
            self._opening -= 1
            self._put_back(one)

    def _made(self) -> Connection:
        began = self._clock.monotonic()
        one = self._make()
        try:
            one.connect()
        except UnconnectedError as error:
            with self._lock:
                # One of many that failed, while others came about, is no trouble.
                if began >= self._last_success:
                    self._fail(error.why, certificate=error.certificate)
            raise
        with self._lock:
            self._last_success = self._clock.monotonic()
            self._connect_time = _mean(self._connect_time, one.took)
            self._trouble = None
        return one

    def _may_try(self) -> bool:
        """Whether it is time to try once more; whoever is told so is the only one."""
        now = self._clock.monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + self._rng.uniform(*_APART)
        return True

    def _fail(self, why: str, *, certificate: bool = False) -> None:
        since = self._trouble.since if self._trouble else self._clock.now()
        self._trouble = Trouble(since, why, certificate)
        self._next_try = self._clock.monotonic() + self._rng.uniform(*_APART)

    def _put_back(self, one: Connection) -> None:
        if self._may_carry(one):
            self._idle.append(one)
        else:
            self._end(one)

    def _may_carry(self, one: Connection) -> bool:
        now, idle = self._clock.monotonic(), self._reuse if one.carried else self._reuse or _UNUSED
        young = now - one.idle_since < idle and now - one.opened < _LONGEST_LIFE
        return young and not self._closed and one.stands()

    def _end(self, one: Connection) -> None:
        now = self._clock.monotonic()
        if not one.carried and now - one.opened < _NEVER_STOOD and not one.stands():
            self._fail("closed as soon as it stood")
        elif not one.carried:
            self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
            self._ahead_at = now + self._pause
        one.close()


def _mean(before: float, newest: float) -> float:
    return before + _NEWEST * (newest - before) if before else newest
