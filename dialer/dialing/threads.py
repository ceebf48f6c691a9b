"""The threads of one worker process that calls are made in, and how accounts share them."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

#: Of ten threads an account has so many at most, while another has work.
_SHARE, _OF = 9, 10
#: How long one free place waits for others, so that each is not asked for by itself; seconds.
_MOMENT = 0.01


class Threads:
    """
    As many threads as there are calls, up to a number; a call has its place until it is settled.

    So outcomes that a store does not take pile up no higher than that.

    Args:
        most: Calls at once.
        start: Runs a step in a thread; by default in one of our own.

    Attributes:
        most: As given; to be set before the first call.
    """

    def __init__(
        self, most: int, *, start: Callable[[Callable[[], None]], object] | None = None
    ) -> None:
        self.most = most
        self._start = start
        self._changed = threading.Condition()
        self._held: Counter[str] = Counter()
        self._wanting: set[str] = set()

    def want(self, account: str, *, work: bool) -> None:
        """Note whether an account has work that could start now."""
        with self._changed:
            (self._wanting.add if work else self._wanting.discard)(account)

    def free(self, account: str) -> int:
        """Count the calls of an account that could start now: nine tenths beside another."""
        with self._changed:
            return self._free(account)

    def take(self, account: str, most: int) -> int:
        """Take at most so many places for calls of an account; how many there were."""
        with self._changed:
            taken = min(most, self._free(account))
            self._held[account] += taken
            return taken

    def gather(self, account: str, longest: float) -> int:
        """Wait for a free place, at most so many seconds, and a moment more for some; how many."""
        with self._changed:
            self._changed.wait_for(lambda: self._free(account) > 0, longest)
            self._changed.wait_for(lambda: self._free(account) >= self.most // 4, _MOMENT)
            return self._free(account)

    def leave(self, account: str, count: int = 1) -> None:
        """Give places back."""
        with self._changed:
            self._held[account] -= count
            self._changed.notify_all()

    def start(self, step: Callable[[], None]) -> None:
        """Run a step, which must have its place, in a thread; here, where none can be started."""
        begin = self._start or self._pool.submit
        try:
            begin(step)
        except RuntimeError:
            step()

    def wait(self, seconds: float) -> bool:
        """Wait until no place is taken, at most so long; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held.total(), seconds)

    def _free(self, account: str) -> int:
        held = self._held[account]
        others = self._wanting - {account} or self._held.total() > held
        most = max(1, self.most * _SHARE // _OF) if others else self.most
        return max(0, min(most - held, self.most - self._held.total()))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        # One more: who has written its own outcome down writes down what came in meanwhile.
        return ThreadPoolExecutor(self.most + 1, thread_name_prefix="call")
