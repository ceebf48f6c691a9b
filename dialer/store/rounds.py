"""
What the passing of time does to jobs, in bounded rounds that anybody may run.

Every step is atomic, repeatable and touches at most `BOUND` jobs, so any
number of beats and pacers may run them at once.
"""

from datetime import timedelta

from dialer.job import State
from dialer.store.dialling import BreakerRules
from dialer.store.server import Server, micros

#: Jobs one round may touch, so that it never blocks the server for long.
BOUND = 500


class Rounds:
    """
    Moves jobs whose time has come or is over.

    Args:
        server: Where they are kept.
        breaker: When faults stop an account; a lost attempt is one.
    """

    def __init__(self, server: Server, breaker: BreakerRules) -> None:
        self._server = server
        self._breaker = breaker.as_words()

    def reap(self) -> list[str]:
        """
        Move attempts whose lease is over to unconfirmed, at most `BOUND` of them.

        Returns:
            The ids of the jobs moved.
        """
        reply = self._server.run("reap", BOUND, self._breaker)
        self._server.witness(reply[0])
        return reply[1:]

    def due(self) -> int:
        """
        Let time pass for at most `BOUND` jobs and lanes whose moment has come.

        Returns:
            How many were moved; `BOUND` or more means: call again.
        """
        seq, jobs, lanes = self._server.run("due", BOUND)
        self._server.witness(seq)
        return max(int(jobs), int(lanes))

    def prune(self, state: State, *, retention: timedelta, key_retention: timedelta) -> int:
        """
        Forget at most `BOUND` jobs that have been in an end state for long.

        Args:
            state: PLACED, DEAD, CANCELLED or SKIPPED.
            retention: How long they are kept whole.
            key_retention: How long their keys are known, >= retention.

        Returns:
            How many were forgotten; `BOUND` means: call again.

        Raises:
            StoreRefused: Jobs of this state are never forgotten.
        """
        seq, count = self._server.run(
            "prune", state, micros(retention), micros(key_retention), BOUND
        )
        self._server.witness(seq)
        return int(count)

    def claim_tick(self, since: timedelta) -> bool:
        """
        Claim the next round of upkeep if the last one is at least *since* ago.
        """
        seq, claimed = self._server.run("tick", micros(since))
        self._server.witness(seq)
        return int(claimed) == 1
