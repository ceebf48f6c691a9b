"""
How long to wait before the next attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    Waits that grow from *first* by *factor* up to *cap*, with jitter and a floor.

    With the defaults for a provider's fault (2 s, x2, 60 s) the waits lie in
    1-2 s, 2-4 s, 4-8 s, … 30-60 s: half of each wait is certain, so that no
    job comes back at once, and half is random, so that jobs which failed
    together do not come back together.

    Attributes:
        first: The longest first wait, > 0.
        factor: Growth from one wait to the next, >= 1.
        cap: The longest wait at all, >= first.
    """

    first: timedelta
    factor: float
    cap: timedelta

    def delay(self, nth: int, rng: Random) -> timedelta:
        """
        Draw the wait before the attempt that follows *nth* earlier waits.

        Args:
            nth: Waits before this one, >= 0.
            rng: Source of the jitter.
        """
        # Past 64 doublings every realistic cap is reached; the power must not overflow.
        grown = self.first.total_seconds() * self.factor ** min(nth, 64)
        longest = min(self.cap.total_seconds(), grown)
        return timedelta(seconds=longest * (0.5 + 0.5 * rng.random()))


#: Backoffs by the names of the settings: provider, agent, capacity.
BackoffTable = Mapping[str, Backoff]
