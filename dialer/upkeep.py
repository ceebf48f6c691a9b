"""
Upkeep: what must happen though nobody rings a doorbell.
"""

import logging
from datetime import timedelta

from dialer.store import Store
from dialer.store.dialling import BOUND

log = logging.getLogger(__name__)

#: Bounded scripts are called again while they find work, at most so often in one round.
_ROUNDS = 200


class Upkeep:
    """
    Runs the rounds that beat asks for; any number of tickers may share them.

    Args:
        store: The store.
        period: The beat's period; a round is skipped when another one ran
            less than half of it ago.
    """

    def __init__(self, store: Store, *, period: timedelta) -> None:
        self._store = store
        self._period = period

    def tick(self) -> str:
        """
        Do what is due now, unless another ticker has just done it.

        Returns:
            What was done, for a person.

        Raises:
            StoreUnavailable, StoreRefused: The round broke off; the next one
                goes on where it stopped.
        """
        if not self._store.dialling.claim_tick(self._period / 2):
            return "skipped: another tick has just run"
        expired = self.reap()
        moved = self.due()
        return f"{expired} unconfirmed, {moved} became ready"

    def overdue(self, since_tick: timedelta) -> bool:
        """
        Say whether beat has been silent for two periods, so that pacers step in.
        """
        return since_tick > 2 * self._period

    def reap(self) -> int:
        """
        Give up the attempts whose lease is over.
        """
        total = 0
        for _ in range(_ROUNDS):
            expired = self._store.dialling.reap()
            for job_id in expired:
                log.warning("doubt job=%s: its lease is over, a phone may have rung", job_id)
            total += len(expired)
            if len(expired) < BOUND:
                break
        return total

    def due(self) -> int:
        """
        Let time pass for everything whose moment has come.
        """
        total = 0
        for _ in range(_ROUNDS):
            moved = self._store.dialling.due()
            total += moved
            if moved < BOUND:
                break
        return total
