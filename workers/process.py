"""
What one process has one of: its settings, and the parts that it runs.
"""

from functools import cache, cached_property

from dialer.bootstrap import WorkerParts, worker_parts
from dialer.settings import Settings


class Process:
    """
    Reads the settings once and opens the worker's parts when they are first needed.

    Beat and Flower import the application too, and need no store.
    """

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process."""
        return Settings.load()

    @cached_property
    def parts(self) -> WorkerParts:
        """The worker's parts, connected."""
        return worker_parts(self.settings)

    def open(self) -> None:
        """
        Connect the worker's parts now.

        Raises:
            DialerError: The settings or the store must not be used.
        """
        _ = self.parts


@cache
def process() -> Process:
    """
    Return the one process record.
    """
    return Process()
