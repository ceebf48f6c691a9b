"""
Upkeep: what must happen though nobody rings a doorbell.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from dialer.errors import StoreRefused
from dialer.feeder import Feeder
from dialer.job import State
from dialer.store import Store
from dialer.store.rounds import BOUND

log = logging.getLogger(__name__)

#: Share of the memory from which jobs that nobody has to look at are kept for `_LEAST` only.
_PRESSED = 0.6
_LEAST = timedelta(hours=1)
_ENDED = (State.PLACED, State.DEAD, State.CANCELLED, State.SKIPPED)
_UNINTERESTING = (State.PLACED, State.CANCELLED, State.SKIPPED)
#: Bounded scripts are called again while they find work, at most so often in one round.
_ROUNDS = 200


class Upkeep:
    """
    Runs the rounds that beat asks for; any number of tickers may share them.

    Args:
        store: The store.
        period: The beat's period; a round is skipped when another one ran
            less than half of it ago.
        retention: How long jobs that came to an end are kept whole.
        key_retention: How long their keys are known, >= retention.
        first: What is done at each tick, also at one that is skipped, and whatever the
            settings of others say.
        looks: The same, but only by processes that have the settings which live
            workers dial with.
        settings: The fingerprint of this process's settings; "" is not compared.
        feeder: Looks after campaigns; None where there are none.
    """

    def __init__(
        self,
        store: Store,
        *,
        period: timedelta,
        retention: timedelta = timedelta(days=30),
        key_retention: timedelta = timedelta(days=90),
        first: Sequence[Callable[[], None]] = (),
        looks: Sequence[Callable[[], None]] = (),
        settings: str = "",
        feeder: Feeder | None = None,
    ) -> None:
        self._store = store
        self._period = period
        self._first, self._looks, self._settings = tuple(first), tuple(looks), settings
        self._feeder = feeder
        self._retention = {"retention": retention, "key_retention": key_retention}

    def tick(self) -> str:
        """
        Do what is due now, unless another ticker has just done it.

        Where live workers dial with other settings, only what no settings decide is
        done: what these say of retention or mode is not what the others agreed on.

        Returns:
            What was done, for a person.

        Raises:
            StoreUnavailable, StoreRefused: The round broke off; the next one
                goes on where it stopped.
        """
        _each(self._first)
        if self._store.bells.apart(self._settings):
            return f"{self.due()} woken; the rest is for the workers with other settings"
        _each(self._looks)
        if not self._store.rounds.claim_tick(self._period / 2):
            return "skipped: another tick has just run"
        expired, moved = self.reap(), self.due()
        # First: a full store refuses to be fed, and must not stay full for that.
        pruned = self.prune()
        fed = self._feeder.tick() if self._feeder else 0
        return f"{expired} unconfirmed, {moved} woken, {fed} fed, {pruned} pruned"

    def overdue(self, since_tick: timedelta) -> bool:
        """
        Say whether beat has been silent for two periods, so that pacers step in.
        """
        return since_tick > 2 * self._period

    def reap(self) -> int:
        """
        Give up the attempts whose lease is over.
        """
        return _while_it_finds_work(lambda: len(self._store.rounds.reap()))

    def due(self, rounds: int = _ROUNDS) -> int:
        """
        Let time pass for everything whose moment has come.

        Args:
            rounds: The most rounds of `BOUND` jobs.
        """
        return _while_it_finds_work(self._store.rounds.due, rounds)

    def prune(self) -> int:
        """
        Forget jobs that came to an end long ago; never unconfirmed ones.

        A store that fills up forgets calls that were placed or not wanted any
        more sooner, an hour after their end: better than to stop dialling.
        """
        forgotten = self._forget(_ENDED, self._retention)
        if self._store.server.fullness() > _PRESSED:
            least = min(_LEAST, self._retention["retention"])
            early = self._forget(_UNINTERESTING, {**self._retention, "retention": least})
            if early:
                log.warning("the store fills up: %d ended jobs went before jobs.retention", early)
            forgotten += early
        return forgotten

    def _forget(self, states: Iterable[State], keep: Mapping[str, timedelta]) -> int:
        return sum(
            _while_it_finds_work(partial(self._store.rounds.prune, state, **keep))
            for state in states
        )


def _each(looks: Iterable[Callable[[], None]]) -> None:
    """One that is refused, by a full store say, keeps nothing else from being done."""
    for look in looks:
        try:
            look()
        except StoreRefused as error:
            log.warning("upkeep goes on without a look that was refused: %s", error)


def _while_it_finds_work(some: Callable[[], int], rounds: int = _ROUNDS) -> int:
    total = 0
    for _ in range(rounds):
        count = some()
        total += count
        if count < BOUND:
            break
    return total
