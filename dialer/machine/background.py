"""One step at a time, done beside its caller."""

import threading
from collections.abc import Callable


class BackgroundThread:
    """A thread for one step at a time; its caller never waits."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start(self, step: Callable[[], object]) -> None:
        """Do *step*, unless the last one still goes on."""
        if self._thread is None or not self._thread.is_alive():
            # A process that ends leaves it where it is: each of its steps is atomic.
            self._thread = threading.Thread(target=step, name="upkeep", daemon=True)
            self._thread.start()
