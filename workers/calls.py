"""Calls: those that have begun are waited for when a worker stops."""

from datetime import timedelta
from typing import Any

from celery import bootsteps

from workers.process import process


class CallsStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """
    Stops behind the consumer, which takes doorbells, and before the pool, which answers them.

    The pool waits for its tasks alone, and those may be over while their calls are on the wire.
    """

    requires = frozenset({"celery.worker.components:Pool"})

    def start(self, worker: Any) -> None:
        """Do nothing: calls begin with doorbells."""

    def stop(self, worker: Any) -> None:
        """Begin no call any more, and wait until the outcome of each is written down."""
        del worker
        settings, dispatcher = process().settings, process().parts.dispatcher
        # After two leases nobody insists any more: the jobs are unconfirmed by then.
        dispatcher.stop(settings.wire.longest + 2 * settings.jobs.lease + timedelta(seconds=5))

    def terminate(self, worker: Any) -> None:
        """Do the same: there is no stop that may end a call in mid-request."""
        self.stop(worker)
