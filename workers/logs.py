"""Logs of Celery's processes: through our one masking handler, from their first line on."""

import logging
import warnings
from typing import Any

from celery.beat import SchedulingError
from celery.exceptions import CPendingDeprecationWarning
from celery.signals import celeryd_init, setup_logging

from dialer.machine.logs import configure
from workers.process import process


def _in_one_line(record: logging.LogRecord) -> bool:
    """Drop the tracebacks, up to a hundred, with which Celery reports a lost broker."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SchedulingError):
        record.msg, record.args, record.exc_info = "%s", (error,), None
    elif record.name == "celery.bootsteps":
        # A step that could not stop or start once more: its name and the error are in the line.
        record.exc_info = None
    return True


def _not_expired(record: logging.LogRecord) -> bool:
    """Leave out messages that were dropped as expired: of doorbells there may be many."""
    return not str(record.msg).startswith("Discarding revoked task")


def set_up(loglevel: int | None = None, **_: Any) -> None:
    """
    Send all lines of this process, and warnings, as `[log]` in the settings says.

    Celery's `--loglevel` can only add lines.
    """
    log = process().settings.log
    wanted = getattr(logging, log.level.upper())
    configure(min(loglevel or wanted, wanted), json=log.format == "json")
    for name in ("celery.beat", "celery.bootsteps"):
        logging.getLogger(name).addFilter(_in_one_line)
    logging.getLogger("celery.worker.request").addFilter(_not_expired)
    # At each loss of the broker it recommends to end calls on the wire.
    warnings.filterwarnings("ignore", r"\s*In Celery 5\.1", CPendingDeprecationWarning)


def connect() -> None:
    """Let Celery call `set_up`: before it warns, and where it sets up its own logging."""
    setup_logging.connect(set_up)
    celeryd_init.connect(set_up)
