"""
Where the pacer lives: in a thread of every worker, as long as its broker connection does.
"""

import threading
from typing import Any

from celery import bootsteps

from dialer.pacer import Pacer
from workers.process import process


class PacerStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """
    Starts the pacer with the consumer and stops it with the consumer.

    A *worker* step would go on ringing while the broker is away; a consumer
    step also stops on SIGTERM, before the calls on the wire are waited for.
    """

    requires = frozenset({"celery.worker.consumer:Tasks"})

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._pacer: Pacer | None = None
        self._thread: threading.Thread | None = None

    def start(self, consumer: Any) -> None:
        """Start ringing."""
        make_call = consumer.app.tasks["dialer.make_call"]

        def ring(account: str, bell: str) -> None:
            make_call.apply_async((account, bell), retry=False)

        pacer = process().parts.pacer(ring)
        self._pacer = pacer
        self._thread = threading.Thread(target=pacer.run, name="pacer", daemon=True)
        self._thread.start()

    def stop(self, consumer: Any) -> None:
        """Stop ringing; wait until the last doorbell is out."""
        del consumer
        if self._pacer is None or self._thread is None:
            return
        self._pacer.stop()
        self._thread.join(timeout=15)
        self._pacer = self._thread = None
