"""The process: its settings, and the parts that it runs."""

from functools import cache, cached_property

from dialer.bootstrap.worker import WorkerParts, worker_parts
from dialer.settings import Settings


class WorkerProcess:
    """
    Reads the settings once and opens the worker's parts when they are first needed.

    Beat and Flower import the application too, and need neither store nor token.
    """

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process, without tokens."""
        return Settings.load().without_tokens()

    @cached_property
    def parts(self) -> WorkerParts:
        """The worker's parts, connected; they alone hold the tokens."""
        return worker_parts(Settings.load())

    def open(self) -> None:
        """
        Connect the worker's parts now.

        Raises:
            DialerError: The settings or the store must not be used.
        """
        _ = self.parts


@cache
def process() -> WorkerProcess:
    """Return the one process record."""
    return WorkerProcess()
