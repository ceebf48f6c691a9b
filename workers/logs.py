"""
What the processes of Celery write: through our one masking handler, from their first line on.
"""

import logging
import warnings
from typing import Any

from celery.beat import SchedulingError
from celery.exceptions import CPendingDeprecationWarning
from celery.signals import celeryd_init, setup_logging

from dialer.logs import configure
from workers.process import process


class _InOneLine(logging.Filter):
    """
    Says in one line that the broker went away; Celery adds up to a hundred of tracebacks.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, SchedulingError):
            record.msg, record.args, record.exc_info = "%s", (error,), None
        elif record.name == "celery.bootsteps":
            # A step that could not stop or start once more: its name and the error are in the line.
            record.exc_info = None
        return True


_in_one_line = _InOneLine()


def set_up(loglevel: int | None = None) -> None:
    """
    Send all lines of this process, and warnings, where and how `[log]` in the settings says.

    Args:
        loglevel: What `--loglevel` asks for; it can only add lines. None for nothing.
    """
    log = process().settings.log
    wanted = getattr(logging, log.level.upper())
    configure(min(loglevel or wanted, wanted), json=log.format == "json")
    for name in ("celery.beat", "celery.bootsteps"):
        logging.getLogger(name).addFilter(_in_one_line)
    # At each loss of the broker it recommends to end calls on the wire.
    warnings.filterwarnings("ignore", r"\s*In Celery 5\.1", CPendingDeprecationWarning)


def connect() -> None:
    """
    Let Celery call `set_up`: when it sets its own logging up, and before it says that it is root.
    """
    setup_logging.connect(_when_celery_does)
    celeryd_init.connect(_before_celery_warns)


def _when_celery_does(loglevel: int | None = None, **_: Any) -> None:
    set_up(loglevel)


def _before_celery_warns(**_: Any) -> None:
    set_up()
