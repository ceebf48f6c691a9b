"""
Outcomes on their way into the store: as many as are there go in one round trip.

Whoever brings one while nobody writes becomes the writer, and goes on until nothing is left; the
others leave theirs and go. So a lone outcome waits for nobody, and many share a trip.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from dialer.domain.job.attempt import Ended, Go
from dialer.domain.job.outcome import Outcome
from dialer.domain.job.settle import Settlement, undecided
from dialer.errors import DialerError
from dialer.store.attempts import Attempts
from dialer.store.redis import event_log

_NOT_TAKEN = "the store has not taken an outcome yet: %s"
_GAVE_UP = "gave up on the store: %s; the job will be unconfirmed"


@dataclass(eq=False, slots=True)
class Brought:
    """
    One outcome to be written down.

    Attributes:
        accounts: The account, and those with its user id.
        then: Called once with whether it was written down.
        since: When it was brought, by the settler.
    """

    go: Go
    outcome: Outcome
    settlement: Settlement
    accounts: Sequence[str]
    then: Callable[["Brought", bool], None]
    since: float = field(default=0.0)

    @property
    def ended(self) -> Ended:
        """As the store wants it."""
        return Ended(self.go.job_id, self.go.token, self.settlement)


class Settler:
    """
    Writes outcomes down, and insists until the store has them or their leases are surely over.

    Args:
        lease: Of each attempt.
        monotonic: Seconds that never go back.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        attempts: Attempts,
        *,
        lease: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts, self._patience = attempts, 2 * lease.total_seconds()
        self._monotonic, self._sleep = monotonic, sleep
        self._lock = threading.Lock()
        self._waiting: list[Brought] = []
        self._writing = False

    def bring(self, one: Brought) -> None:
        """Hand an outcome over; it may be written down by another thread, after this returned."""
        one.since = self._monotonic()
        with self._lock:
            self._waiting.append(one)
            if self._writing:
                return
            self._writing = True
        try:
            while batch := self._next():
                self._write(batch)
        except BaseException:
            # Whoever brings the next one writes it, and what is left.
            with self._lock:
                self._writing = False
            raise

    def insist(self, step: Callable[[], bool]) -> bool:
        """Repeat an idempotent step of one attempt in the same way."""
        pause, since = 0.05, self._monotonic()
        while True:
            try:
                return step()
            except DialerError as error:
                if self._gives_up(since, error):
                    return False
            self._sleep(pause)
            pause = min(1.0, pause * 2)

    def _next(self) -> list[Brought]:
        with self._lock:
            batch, self._waiting = self._waiting, []
            self._writing = bool(batch)
            return batch

    def _write(self, batch: list[Brought]) -> None:
        pause = 0.05
        while batch:
            try:
                done = self._attempts.settle([one.ended for one in batch])
            except DialerError as error:
                batch = [one for one in batch if not self._given_up(one, error)]
            except Exception as error:  # noqa: BLE001 - an error of ours must not lose what the API said
                self._write_alone(batch, error)
                return
            else:
                for one, taken in zip(batch, done, strict=True):
                    one.then(one, taken)
                return
            self._sleep(pause)
            pause = min(1.0, pause * 2)
            with self._lock:
                batch += self._waiting
                self._waiting = []

    def _write_alone(self, batch: list[Brought], error: Exception) -> None:
        """Write each by itself, so that one that we fail at costs none of the others."""
        if len(batch) > 1:
            for one in batch:
                self._write([one])
            return
        (one,) = batch
        one.settlement = undecided(one.outcome, error, one.accounts)
        done = False
        try:
            done = self.insist(lambda: self._attempts.settle([one.ended])[0])
        except Exception as again:  # noqa: BLE001 - others wait behind it
            event_log.of_worker(logging.ERROR, _GAVE_UP, again)
        finally:
            one.then(one, done)

    def _given_up(self, one: Brought, error: DialerError) -> bool:
        over = self._gives_up(one.since, error)
        if over:
            one.then(one, False)
        return over

    def _gives_up(self, since: float, error: DialerError) -> bool:
        over = self._monotonic() > since + self._patience
        level, text = (logging.ERROR, _GAVE_UP) if over else (logging.WARNING, _NOT_TAKEN)
        event_log.of_worker(level, text, error)
        return over
