"""
Upkeep: the duties that no doorbell asks for.

Each duty stands alone: one that fails keeps no other from being done, and is logged once.
The vital ones come first, and none takes longer than its share of a round.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from dialer.domain.holds.owners import CLOCK, WITNESS
from dialer.domain.job.job import State
from dialer.errors import DialerError, StoreUnavailable
from dialer.store import Store
from dialer.store.maintenance import BOUND

log = logging.getLogger("dialer.upkeep")

#: Share of the memory from which jobs of no more interest are kept for `_LEAST` only.
_PRESSED = 0.6
_LEAST = timedelta(hours=1)
_ENDED = (State.PLACED, State.DEAD, State.CANCELLED, State.SKIPPED)
_UNINTERESTING = (State.PLACED, State.CANCELLED, State.SKIPPED)
#: Bounded scripts are called again while they find work, at most so often and so long.
_ROUNDS = 1000
_LONGEST = timedelta(seconds=2)

#: What is done before everything else. One that returns False forbids the rest.
First = Callable[[], bool | None]
_T = TypeVar("_T")


class Upkeep:
    """
    Runs the ticks of beat; any number of processes may share them.

    Args:
        period: The beat's period; a tick is skipped when another one ran
            less than half of it ago.
        retention: How long jobs that ended are kept whole.
        key_retention: How long their keys are known, >= retention.
        first: Duties of each tick, also of one that is skipped, and whatever the
            settings of others say. One that returns False forbids all that comes after it.
        looks: The same, but only with the settings which live workers dial with.
        settings: The fingerprint of this process's settings; "" is not compared.
        feed: Looks after campaigns and returns how many jobs it made.
        assumed: The longest that a call without a time limit is taken to last.
    """

    def __init__(
        self,
        store: Store,
        *,
        period: timedelta,
        retention: timedelta = timedelta(days=30),
        key_retention: timedelta = timedelta(days=90),
        first: Sequence[First] = (),
        looks: Sequence[Callable[[], None]] = (),
        settings: str = "",
        feed: Callable[[], int] | None = None,
        assumed: timedelta = timedelta(minutes=5),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._period = period
        self._first, self._looks, self._settings = tuple(first), tuple(looks), settings
        self._feed = feed
        self._assumed, self._monotonic = assumed, monotonic
        self._failed: set[str] = set()
        self._healing, self._cursor = "", 0
        self._retention = {"retention": retention, "key_retention": key_retention}

    def tick(self) -> str:
        """
        Do what is due now, unless another ticker has just done it.

        Where live workers dial with other settings, only what no settings decide is
        done: what these say of retention or mode is not what the others agreed on.

        Returns:
            What was done, for a person.

        Raises:
            StoreUnavailable: The round broke off; the next one goes on where it stopped.
        """
        for look in self._first:
            if self._do(_name(look), look) is False:
                return f"nothing: {_name(look)} forbids it"
        healing = self._store.maintenance.healing()
        if healing:
            # Whatever the settings: until it is healed, the fleet's may not be known.
            self._do("tidy", partial(self.tidy, healing))
        if self._store.doorbells.apart(self._settings):
            return f"{self.due()} woken; the rest is for the workers with other settings"
        if not self._store.maintenance.claim_tick(self._period / 2):
            for look in self._looks:
                self._do(_name(look), look)
            return self._why_skipped()
        expired, moved = self._do("reap", self.reap) or 0, self._do("due", self.due) or 0
        for look in self._looks:
            self._do(_name(look), look)
        # Before feeding: a full store refuses to be fed, and must not stay full for that.
        pruned = self._do("prune", self.prune) or 0
        fed = (self._feed and self._do("feed", self._feed)) or 0
        if not healing:
            self._do("tidy", self.tidy)
        return f"{expired} unconfirmed, {moved} woken, {fed} fed, {pruned} pruned"

    def _why_skipped(self) -> str:
        if any(hold.owner in (CLOCK, WITNESS) for hold in self._store.holds.all()):
            return "nothing by a clock or a memory in doubt"
        return "skipped: another tick has just run"

    def stand_in(self) -> None:
        """Do a tick where beat does not, in any thread."""
        try:
            with suppress(DialerError):
                self.tick()
        except Exception:
            # Nothing waits for this thread; the next tick is another one.
            log.exception("upkeep stumbled")

    def overdue(self, since_tick: timedelta) -> bool:
        """Whether beat has been silent for two periods, so that pacers step in."""
        return since_tick > 2 * self._period

    def reap(self) -> int:
        """Give up the attempts whose lease is over."""
        return self._while_it_finds_work(lambda: len(self._store.maintenance.reap()))

    def due(self, rounds: int = _ROUNDS) -> int:
        """Promote all jobs whose time has come, in so many rounds of `BOUND` jobs at most."""
        return self._while_it_finds_work(self._store.maintenance.due, rounds)

    def prune(self) -> int:
        """
        Prune jobs that ended long ago; never unconfirmed ones.

        A store that fills up forgets placed, cancelled and skipped ones an hour
        after their end: better than to stop dialling.
        """
        forgotten = self._forget(_ENDED, self._retention)
        if self._store.fullness() > _PRESSED:
            least = min(_LEAST, self._retention["retention"])
            early = self._forget(_UNINTERESTING, {**self._retention, "retention": least})
            if early:
                log.warning("the store fills up: %d ended jobs went before jobs.retention", early)
            forgotten += early
        return forgotten

    def tidy(self, healing: str = "") -> None:
        """
        Look through some more keys for what is over; for a step back of the clock, through all.

        Such a step is *healing*, as in `Maintenance.healing`, until all keys are healed.

        Raises:
            StoreUnavailable, StoreRefused: The next round goes on where it stopped.
        """
        end = self._monotonic() + _LONGEST.total_seconds()
        if healing != self._healing:
            self._healing, self._cursor = healing, 0
        while True:
            after = self._store.maintenance.tidy(
                self._cursor, healing=healing, assumed=self._assumed
            )
            if after is None:
                return
            self._cursor = after
            if not healing or not after or self._monotonic() > end:
                break
        if healing and not self._cursor:
            self._store.maintenance.healed(healing)

    def _forget(self, states: Iterable[State], keep: Mapping[str, timedelta]) -> int:
        return sum(
            self._while_it_finds_work(partial(self._store.maintenance.prune, state, **keep))
            for state in states
        )

    def _do(self, duty: str, step: Callable[[], _T]) -> _T | None:
        """Do one duty; its failure is logged once, until it is done again."""
        try:
            done = step()
        except StoreUnavailable:
            raise
        except Exception as error:
            if duty not in self._failed:
                expected = isinstance(error, DialerError)
                log.warning("upkeep goes on without %s: %s", duty, error, exc_info=not expected)
            self._failed.add(duty)
            return None
        self._failed.discard(duty)
        return done

    def _while_it_finds_work(self, some: Callable[[], int], rounds: int = _ROUNDS) -> int:
        total, end = 0, self._monotonic() + _LONGEST.total_seconds()
        for _ in range(rounds):
            count = some()
            total += count
            if count < BOUND or self._monotonic() > end:
                break
        return total


def _name(look: Callable[[], object]) -> str:
    return getattr(look, "__qualname__", repr(look))
