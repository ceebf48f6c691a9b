"""Pacing: the pacer runs in a thread of every worker, while its broker connection lasts."""

import threading
from typing import Any

from celery import bootsteps
from celery.worker import state

from dialer.dialing.pacer import Pacer
from dialer.domain.doorbell import QUEUE
from workers.process import process


class PacerStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """
    Starts the pacer with the consumer and stops it with the consumer.

    A *worker* step would go on sending while the broker is away; a consumer step also stops on
    SIGTERM, before the calls on the wire are waited for.
    """

    requires = frozenset({"celery.worker.consumer:Tasks"})

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._pacer: Pacer | None = None
        self._thread: threading.Thread | None = None

    def start(self, consumer: Any) -> None:
        """Start sending doorbells."""
        make_call, parts = consumer.app.tasks["dialer.make_call"], process().parts
        expires = parts.bell_expires.total_seconds()

        def send(account: str, bell: str, calls: int) -> None:
            make_call.apply_async((account, bell, calls), retry=False, expires=expires)

        def takes() -> bool:
            # Not after `control cancel_consumer`, nor with -Q for another queue.
            queues = consumer.task_consumer.queues if consumer.task_consumer else ()
            # A signal has been heard, and the consumer may take a second to notice; 0 is one.
            stopping = state.should_stop is not None and state.should_stop is not False
            return not stopping and any(one.name == QUEUE for one in queues)

        # The pool's own word: -c wins over the settings.
        pacer = parts.pacer(send, consumer.pool.limit, takes)
        self._pacer = pacer
        self._thread = threading.Thread(target=pacer.run, name="pacer", daemon=True)
        self._thread.start()

    def stop(self, consumer: Any) -> None:
        """Stop sending; wait until the last doorbell is out."""
        del consumer
        if self._pacer is None or self._thread is None:
            return
        self._pacer.stop()
        self._thread.join(timeout=15)
        self._pacer = self._thread = None
