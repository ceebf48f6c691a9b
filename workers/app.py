"""
The Celery application: `celery -A workers.app worker` and `celery -A workers.app beat`.

A message is a doorbell, never a job: it names an account, and losing or doubling it changes
nothing. So Celery's own retries, rate limits, countdowns and results are not used, and this file
is mostly a list of settings that switch them off, with reasons.
"""

from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import worker_init

from dialer.domain.doorbell import QUEUE
from dialer.errors import DialerError, StoreUnavailable
from dialer.settings import Settings
from dialer.settings.discovery import addresses
from schedules.beat import BEAT
from workers import logs
from workers.broker import broker
from workers.calls import CallsStep
from workers.flags import make_room, refuse
from workers.pacing import PacerStep
from workers.process import process
from workers.signals import SignalStep


def make_app(settings: Settings) -> Celery:
    """
    Build the application for one set of settings.

    Raises:
        SettingsError: They name no broker.
    """
    app = Celery("dialer", include=["workers.tasks"])
    app.conf.update(
        configuration(settings),
        **broker(addresses(settings.redis_url, settings.broker_url).broker_url),
    )
    app.steps["worker"].add(SignalStep)
    app.steps["worker"].add(CallsStep)
    app.steps["consumer"].add(PacerStep)
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    """List every Celery setting that we do not leave to Celery, with its reason."""
    grace = max(settings.worker.shutdown_grace, settings.wire.longest + timedelta(seconds=5))
    return {
        # -- Messages carry nothing worth keeping.
        "task_serializer": "json",
        "accept_content": ["json"],  # pickle would run code of anybody who can write to Redis
        "task_ignore_result": True,
        "result_backend": None,
        "task_acks_late": False,  # a second delivery is of no use to anybody
        "task_reject_on_worker_lost": False,
        "task_publish_retry": False,  # the pacer rings again anyway
        "task_default_queue": QUEUE,
        # -- Threads wait on a socket; a forked child could be killed in mid-POST.
        "worker_pool": "threads",
        "worker_concurrency": settings.worker.concurrency,
        "worker_prefetch_multiplier": 1,
        "worker_disable_rate_limits": True,  # Celery's are per process; the meter is ours
        "worker_soft_shutdown_timeout": grace.total_seconds(),
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,  # a fifth of a worker's time; Flower switches them on
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # they may be in mid-POST
        # -- Beat only ticks; it keeps no file, because a tick has no memory.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_schedule": {
            name: {
                "task": task,
                "schedule": settings.beat.tick,
                # A tick nobody took in time is worth nothing; the next one does its work.
                "options": {"expires": 2 * settings.beat.tick.total_seconds()},
            }
            for name, task in BEAT.items()
        },
        "enable_utc": True,
        "timezone": "UTC",
        "broker_connection_retry_on_startup": True,
    }


logs.connect()


@worker_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _open_parts(sender: Any, **_: Any) -> None:
    # Here and not in the first task: a store that must not be used stops the worker at once.
    try:
        refuse(sender)
        if isinstance(sender.concurrency, int):  # else "auto", which is few
            make_room(sender.concurrency)
        process().open()
    except DialerError as error:
        # Celery logs an exception of a signal's receiver and goes on; this ends it, in a sentence.
        step = "; `dialer doctor` says what to do" if isinstance(error, StoreUnavailable) else ""
        raise SystemExit(f"{error}{step}") from None
    except OSError as error:
        raise SystemExit(f"{error.filename or 'the current folder'}: {error.strerror}") from None


try:
    app = make_app(process().settings)
except DialerError as end:
    # Celery shows any other exception of this import with a page of traceback.
    raise SystemExit(str(end)) from None
