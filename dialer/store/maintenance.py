"""
Maintenance of jobs as time passes.

Every step is atomic, repeatable and touches at most `BOUND` jobs, so any
number of beats and pacers may run them at once.
"""

from datetime import timedelta

from dialer.domain.account.breaker import BreakerRules
from dialer.domain.job.job import State
from dialer.store.attempts import breaker_asked
from dialer.store.redis.notation import micros
from dialer.store.redis.server import Noun, Server
from dialer.store.redis.witness import NOTHING_NOTICED

#: Jobs one round may touch, so that it never blocks the server for long.
BOUND = 100


class Maintenance(Noun):
    """Moves of jobs whose time has come or is over; *breaker* counts a lost attempt as a fault."""

    def __init__(self, server: Server, breaker: BreakerRules) -> None:
        super().__init__(server)
        self._breaker = breaker_asked(breaker)

    def reap(self) -> list[str]:
        """Move at most `BOUND` attempts whose lease is over to unconfirmed; their job ids."""
        return self._server.run("reap", {"most": BOUND, "breaker": self._breaker})

    def due(self) -> int:
        """Move at most `BOUND` jobs and lanes whose time has come; `BOUND` or more: call again."""
        jobs, lanes = self._server.run("due", {"most": BOUND})
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
        kept = {"retention_us": micros(retention), "key_retention_us": micros(key_retention)}
        (count,) = self._server.run("prune", {"state": state, **kept, "most": BOUND})
        return int(count)

    def claim_tick(self, since: timedelta) -> bool:
        """Claim the next tick if the last one is at least *since* ago."""
        (claimed,) = self._server.run("tick", {"since_us": micros(since)})
        return int(claimed) == 1

    def notice(self) -> None:
        """
        Let the store compare its clock and memory with what this process knows.

        What must stop everything does; what stopped it and is over ends.
        """
        self._server.run("notice", NOTHING_NOTICED.ask())

    def healing(self) -> str:
        """Step back of the clock that is not healed everywhere yet; "" for none."""
        return self._client.hget(self._keys.era, "heal_us") or ""

    def healed(self, step: str) -> None:
        """Note that every key was looked at since *step*; a later one is left alone."""
        if self.healing() == step:
            self._client.hdel(self._keys.era, "heal_us")

    def tidy(self, cursor: int, *, healing: str, assumed: timedelta) -> int | None:
        """
        Look through the next keys: forget what is over, or heal a step back of the clock.

        Args:
            cursor: Where to go on, 0 to begin.
            healing: What `healing` said; "" to forget.
            assumed: The longest that a call without a time limit is taken to last.

        Returns:
            Where to go on; 0 when every key was looked at; None when nothing was, as the
            clock or the memory is in doubt.
        """
        prefix = self._keys.prefix
        after, found = self._client.scan(cursor, match=f"{prefix}*", count=BOUND)
        keys = [key.removeprefix(prefix) for key in found]
        ask = {"healing": healing or "0", "assumed_us": micros(assumed), "keys": keys}
        again = "1"
        while int(again):
            changed, again = self._server.run("tidy", ask)
            if int(changed) < 0:
                return None
        return int(after)
