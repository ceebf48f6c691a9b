"""Conditions of a worker: no flags of Celery's that end calls, and enough open files."""

import resource
from typing import Any

from dialer.errors import SettingsError

#: The one pool: a call waits on a socket, and what runs it must never be killed in mid-POST.
_POOL = "celery.concurrency.thread"
#: Sockets of one call: to the API and to the store; and the other files of a worker.
_FOR_A_CALL, _BESIDE = 2, 64


def refuse(worker: Any) -> None:
    """
    Make sure that Celery's worker, not begun yet, runs on a pool of threads of one size.

    Raises:
        SettingsError: A flag asks for something else; nothing was started.
    """
    if worker.options.get("autoscale"):
        raise SettingsError(
            "--autoscale: is not supported, because threads neither grow nor shrink; leave it out,"
            " and set worker.concurrency or -c to the most calls at once"
        )
    pool = worker.pool_cls if isinstance(worker.pool_cls, str) else worker.pool_cls.__module__
    if pool not in ("threads", _POOL):
        raise SettingsError(
            f"-P {pool.rpartition('.')[2]}: is not supported, because it may end or halt a call"
            " in mid-request; leave it out, or write -P threads"
        )
    if worker.options.get("beat"):
        raise SettingsError(
            "-B: is not supported in a worker; run celery -A workers.app beat beside it, or leave"
            " it out: workers tick by themselves"
        )


def make_room(calls: int) -> None:
    """
    Raise the limit of open files to the number that so many calls at once need.

    For want of one a worker could neither call nor record the outcome of a call.

    Raises:
        SettingsError: It must not have so many; nothing was changed.
    """
    needed = _FOR_A_CALL * calls + _BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _less(hard, needed):
        raise SettingsError(
            f"{calls} calls at once need {needed} open files, and this process may have {hard};"
            " raise the limit (ulimit -Hn), or lower worker.concurrency or -c"
        )
    if _less(soft, needed):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _less(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
