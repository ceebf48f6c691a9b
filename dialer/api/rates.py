"""Rates: how many requests each key may send."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from dialer.api.problems import ApiProblem

#: So many seconds' worth may come at once.
_BURST: Final = 2.0


@dataclass
class Rates:
    """A token bucket for each key, in this process; *per_second* 0 is no limit."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str) -> None:
        """
        Count a request of a key.

        Raises:
            ApiProblem: It sends too many.
        """
        if not self.per_second:
            return
        now, most = self.clock(), max(1.0, self.per_second * _BURST)
        left, at = self._buckets.get(key, (most, now))
        left = min(most, left + (now - at) * self.per_second)
        if left < 1:
            self._buckets[key] = (left, now)
            wait = max(1, round((1 - left) / self.per_second + 0.5))
            raise ApiProblem(
                "slow-down",
                f"this key may send {self.per_second:g} requests a second; wait {wait} s",
                headers={"Retry-After": str(wait)},
            )
        self._buckets[key] = (left - 1, now)


@dataclass
class Places:
    """Places for long requests of one kind, in this process; used in a with-block."""

    most: int
    what: str
    taken: int = 0

    def __enter__(self) -> None:
        if self.taken >= self.most:
            raise ApiProblem("busy", f"{self.most} {self.what} go on already; send it again later")
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1
