"""
Signals of a worker: each that ends one lets its calls end first.

Celery's own SIGQUIT, and a second Ctrl-C, leave the pacer ringing, wait for the whole grace though
no call is left, and end calls in mid-POST; its SIGHUP runs `python …/celery/__main__.py` instead of
what was started.
"""

import atexit
import faulthandler
import os
import signal
import sys
from typing import Any

from celery import bootsteps
from celery.apps.worker import install_worker_term_handler
from celery.platforms import EX_OK


class SignalStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """Takes the signals over, as soon as Celery has installed handlers of its own."""

    def start(self, worker: Any) -> None:
        """Install ours."""
        for name in ("SIGTERM", "SIGINT", "SIGQUIT"):
            _stops(worker, name)
        # From a terminal it says that the terminal is gone, and nobody would see the new one.
        terminal = sys.stdout is not None and sys.stdout.isatty()
        _stops(worker, "SIGHUP", then_again=not terminal)
        # On SIGUSR1 Celery writes every thread's stack with its local variables, past the
        # masking log: numbers and the token among them. This one has names and lines only.
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)


def _stops(worker: Any, name: str, *, then_again: bool = False) -> None:
    def before(_worker: Any) -> None:
        if then_again:
            atexit.register(_start_again)

    # All of it said, because REMAP_SIGTERM changes what is left out.
    install_worker_term_handler(worker, sig=name, how="Warm", callback=before, exitcode=EX_OK)


def _start_again() -> None:
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - what was started, no shell
