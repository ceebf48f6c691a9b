"""Backoff: the wait before the next attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from dialer.errors import MisfitError
from dialer.text.duration import Duration, format_duration
from dialer.text.reading import Number


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

    first: Duration
    factor: Annotated[Number, Field(ge=1, le=100)]
    cap: Duration

    def __post_init__(self) -> None:
        if self.cap < self.first:
            raise MisfitError({("cap",): f"must be at least first ({format_duration(self.first)})"})

    def delay(self, nth: int, rng: Random) -> timedelta:
        """Draw the wait before the attempt that follows *nth* earlier waits, >= 0."""
        # Past 64 doublings every realistic cap is reached; the power must not overflow.
        grown = self.first.total_seconds() * self.factor ** min(nth, 64)
        longest = min(self.cap.total_seconds(), grown)
        return timedelta(seconds=longest * (0.5 + 0.5 * rng.random()))


#: Backoffs by the names of the settings: provider, agent, capacity.
BackoffTable = Mapping[str, Backoff]

#: As `[retry]` has them when nothing is set.
USUAL_BACKOFFS: BackoffTable = MappingProxyType(
    {
        # After the provider's own trouble: soon.
        "provider": Backoff(timedelta(seconds=2), 2.0, timedelta(seconds=60)),
        # While no agent can take the call: slowly.
        "agent": Backoff(timedelta(seconds=60), 1.5, timedelta(minutes=15)),
        # After "too fast" or "too many".
        "capacity": Backoff(timedelta(seconds=10), 2.0, timedelta(minutes=5)),
    }
)
