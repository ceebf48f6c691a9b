"""A worker with little to do: what waiting costs, and what ten calls a second cost."""

import time

from meters import Reading, read
from stage import Stage, stage
from systems import System

#: Calls a second of the slow account.
SLOW = 10
#: Seconds that a worker has for its start, and seconds that are measured.
START, SPAN = 6.0, 10.0


def idle(system: System) -> dict[str, float]:
    """
    Let one worker wait on an empty queue.

    Returns:
        `idle_ms` of CPU of the worker, `idle_server_ms` of the server, `idle_commands`; a second.
    """
    with stage(system) as one:
        # The first call makes connections that a worker keeps; what waits then is a worker at rest.
        one.enqueue(1)
        with one.workers() as pids:
            one.until(lambda: one.count() == 1)
            time.sleep(START)
            spent = _span(one, pids)
    return {
        "idle_ms": 1000 * spent.worker / spent.at,
        "idle_server_ms": 1000 * spent.server / spent.at,
        "idle_commands": spent.commands / spent.at,
    }


def slow(system: System) -> dict[str, float]:
    """
    Place ten calls a second of a queue that is full; ours alone, for no peer has such a limit.

    Returns:
        `slow_ms` and `slow_server_ms` of CPU a second, `slow_commands` a second, `slow_rate`.
    """
    limit = {"ACCOUNTS__DEFAULT__CALLS_PER_SECOND": str(SLOW)}
    with stage(system, more=limit) as one:
        one.enqueue(int(SLOW * (START + SPAN) * 3))
        with one.workers() as pids:
            one.until(lambda: one.count() > 0)
            time.sleep(START)
            first = one.count()
            spent = _span(one, pids)
            done = one.count() - first
    return {
        "slow_ms": 1000 * spent.worker / spent.at,
        "slow_server_ms": 1000 * spent.server / spent.at,
        "slow_commands": spent.commands / spent.at,
        "slow_rate": done / spent.at,
    }


def _span(one: Stage, pids: list[int]) -> Reading:
    start = read(time.monotonic(), pids, one.client)
    time.sleep(SPAN)
    return read(time.monotonic(), pids, one.client) - start
