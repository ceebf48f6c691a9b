"""A filled queue, placed as fast as it goes: what a call costs, and how many go in a second."""

import time
from pathlib import Path

from meters import read
from stage import Stage, stage
from systems import System

#: Calls at once of one worker process, the same for every system (`request.py`).
AT_ONCE = 32


def placing(system: System, calls: int, *, secure: Path | None, processes: int) -> dict[str, float]:
    """
    Fill a queue, then place it.

    What is compared is read between the first tenth and the last tenth of the calls.

    Returns:
        `calls_per_second`, `worker_ms` and `server_ms` of CPU and `commands` a call,
        `enqueued_per_second` with the start of the program, and `job_bytes` a waiting call.
    """
    room = {"ACCOUNTS__DEFAULT__MAX_POSTING": str(AT_ONCE * processes)}
    with stage(system, secure=secure, more=room) as one:
        one.enqueue(1)  # what a server keeps once, as scripts, is no job's
        empty, began = one.memory(), time.monotonic()
        one.enqueue(calls)
        took, size = time.monotonic() - began, (one.memory() - empty) / calls
        with one.workers(processes) as pids:
            found = _middle(one, calls, pids)
    return found | {"enqueued_per_second": calls / took, "job_bytes": size}


def _middle(one: Stage, calls: int, pids: list[int]) -> dict[str, float]:
    one.until(lambda: one.count() >= calls // 10)
    start, first = read(time.monotonic(), pids, one.client), one.count()
    one.until(lambda: one.count() >= calls * 9 // 10)
    spent, done = read(time.monotonic(), pids, one.client) - start, one.count() - first
    return {
        "calls_per_second": done / spent.at,
        "worker_ms": 1000 * spent.worker / done,
        "server_ms": 1000 * spent.server / done,
        "commands": spent.commands / done,
    }
