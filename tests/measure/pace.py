"""
Measure the pace of three worker processes, and write it to ops/pace.md.

Not a test: it asserts nothing about time. Three numbers a rate:

* the largest excess over rate x window + burst, over every window, of the
  starts that `begin` granted. The meter's law says 0;
* the same for the first bytes as they reached the sandbox;
* the share of the allowed rate that was used.

And for one direct call of priority 9, enqueued into the full queue: how many
other jobs were begun after it had been accepted and before it.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stack import Stack, stack, wait_until

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import Job, State
from dialer.domain.job.order import Order

WORKERS = 3
#: calls a second, calls to make
RATES = [(1.0, 60), (20.0, 1200), (150.0, 6000), (500.0, 15000)]
REPORT = Path(__file__).parents[2] / "ops" / "pace.md"


def excess(times: Iterable[float], *, rate: float, burst: int) -> float:
    """Find the most calls above rate x window + burst that any window holds."""
    lowest, worst = float("inf"), float("-inf")
    for nth, at in enumerate(sorted(times)):
        lowest = min(lowest, nth - rate * at)
        worst = max(worst, nth + 1 - rate * at - lowest - burst)
    return max(0.0, worst)


def order(number: int, priority: int = 5) -> Order:
    return Order(ClickToCall(from_="9000000001", to=f"91{number:08d}"), priority=priority)


def begun_between(jobs: Iterable[Job], urgent: Job) -> int:
    """Count the jobs begun after the urgent one was accepted and before it was begun."""

    def begun(job: Job) -> datetime:
        return next(event.at for event in job.events if event.target == State.DIALING)

    return sum(urgent.created < begun(job) < begun(urgent) for job in jobs if job.events)


def run(running: Stack, rate: float, count: int) -> str:
    store, producer = running.store(), running.producer()
    store.holds.set("all", owner="measure", who="measure", reason="fill the queue first")
    list(producer.enqueue_many(order(n) for n in range(count)))
    running.workers(WORKERS)
    store.holds.release("all", owner="measure", who="test")
    wait_until(
        lambda: store.jobs.counts()[State.PLACED] > count // 2, within=count / rate + 60, why="half"
    )
    urgent_id = producer.enqueue(order(10_000_000).call, key="urgent", priority=9).job_id
    wait_until(
        lambda: store.jobs.counts()[State.PLACED] == count + 1,
        within=count / rate + 60,
        why="all placed",
    )
    jobs = list(store.jobs.select())
    starts = [job.started.timestamp() for job in jobs if job.started]
    arrivals = [row.first_byte_ns / 1e9 for row in running.sandbox.rows()]
    share = (len(starts) - 1) / (max(starts) - min(starts)) / rate
    urgent = store.jobs.get(urgent_id)
    store.server.close()
    return (
        f"| {rate:g} | {len(starts)} | {excess(starts, rate=rate, burst=1):.3f} | "
        f"{excess(arrivals, rate=rate, burst=1):.2f} (allowed: {rate * 0.25:g}) | {share:.2%} | "
        f"{begun_between(jobs, urgent)} | {sum(job.attempts for job in jobs) - len(jobs)} |"
    )


def main() -> None:
    wanted = [float(word) for word in sys.argv[1:]]
    rows = []
    for rate, count in RATES:
        if wanted and rate not in wanted:
            continue
        settings = {
            "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": f"{rate:g}",
            # Places for the slowest answers: 600 ms, of which one in a hundred takes longer.
            "ACCOUNTS__DEFAULT__MAX_POSTING": f"{max(90, rate * 0.6):.0f}",
            "WORKER__CONCURRENCY": f"{max(32, rate / 5):.0f}",
            "LOG__LEVEL": "warning",
        }
        world = {"latency": {"median": "200ms", "p99": "600ms"}}
        with (
            tempfile.TemporaryDirectory() as folder,
            stack(Path(folder), settings, world=world) as running,
        ):
            started = time.monotonic()
            rows.append(run(running, rate, count))
            print(rows[-1], f"({time.monotonic() - started:.0f} s)", flush=True)
    if not wanted:
        REPORT.write_text(report(rows))


HEAD = """\
# Pace, measured

`make pace` on {day}: {workers} worker processes, the sandbox (200 ms median answer) and the
server (`appendfsync always`), all on one machine with {cores} cores, Python {python}.
Burst 1. A measurement, not a test.

| calls/s allowed | calls | largest excess at `begin` | largest excess at the sandbox | \
share of the rate used | begun before an urgent call | repeated attempts |
|---|---|---|---|---|---|---|
{rows}

* Excess: calls above rate x window + burst, in the worst of all windows.
* At `begin`: the starts it granted, which is what the meter is charged for.
* At the sandbox: the first bytes as they arrived; a quarter of a second of jitter is allowed
  (`wire.start_by`).
* Begun before an urgent call: jobs that were begun after a call of priority 9 had been accepted
  into the full queue, and before it.
"""


def report(rows: list[str]) -> str:
    return HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        workers=WORKERS,
        cores=os.cpu_count(),
        python=platform.python_version(),
        rows="\n".join(rows),
    )


if __name__ == "__main__":
    main()
