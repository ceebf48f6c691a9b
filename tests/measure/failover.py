"""
Kill the master under load, with real workers, replicas and Sentinels, and say what it cost.

Not a test: it asserts nothing about time. Store and broker live in one group
of a master, a replica and three Sentinels, so both go at once. In four manners:

* `as_it_comes`: the master is killed in the middle of everything;
* `cut_off`: for half a second before, its replica hears nothing, so that calls
  were begun and rung that the new master has never heard of;
* `hangs`: the master does nothing for so long that another is made, and then
  goes on as if it were one, until the Sentinels tell it;
* `hangs_guarded`: the same with `min-replicas-to-write`.

Where everything was stopped, the steps in `ops/redis.md` are taken and the rest
is dialled. With names of manners as arguments only these are run.

It prints one line a run: the longest silence at the sandbox, how often a number
was placed twice, what was lost, and whether the system stopped itself, and why.
"""

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos import enqueue, facts, slow_world, supervisor, to_of
from serverkit import Group, sentinel_group, wait_until
from stack import QUICK, Stack, stack

from dialer.domain.job.job import State
from dialer.errors import DialerError
from dialer.store import Store

WORKERS, CALLS, BEFORE = 3, 1500, 300
DOWN_AFTER = 2000
#: Longer than the Sentinels wait, shorter than anybody waits for a reply.
HANG = 4.0
SETTINGS = {
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "60",
    "ACCOUNTS__DEFAULT__MAX_POSTING": "90",
    "WIRE__CONNECT_TIMEOUT": "1s",
    "WIRE__DEADLINE": "3s",
    "JOBS__LEASE": "15s",
    "JOBS__QUARANTINE": "20s",
    "LOG__LEVEL": "warning",
}
#: How long each run may take altogether, seconds.
PATIENCE = 120

#: Further lines of both servers, by the manner in which the master goes.
MANNERS = {
    "as_it_comes": (),
    "cut_off": (),
    "hangs": (),
    "hangs_guarded": ("min-replicas-to-write 1", "min-replicas-max-lag 2"),
}


class Watched:
    """The store as somebody sees it who asks again while it is away."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def placed(self) -> int:
        return self.counts().get(State.PLACED, 0)

    def counts(self) -> dict[State, int]:
        try:
            return dict(self.store.jobs.counts())
        except DialerError:
            return {}

    def under_way(self) -> int:
        counts = self.counts()
        under_way = (State.READY, State.SCHEDULED, State.DIALING)
        return sum(counts[state] for state in under_way) if counts else CALLS

    def stopped(self) -> str:
        try:
            return next((h.reason for h in self.store.holds.all() if h.owner == "witness"), "")
        except DialerError:
            return ""


def silence(running: Stack) -> float:
    """The longest time in which the sandbox heard nothing, between its first and last request."""
    at = sorted(row.first_byte_ns / 1e9 for row in running.sandbox.rows())
    return max(after - before for before, after in pairwise(at))


def repair(running: Stack, watched: Watched) -> int:
    """Take the runbook's steps: cancel what was rung and is ready, restart, release."""
    asked = {row.params["to"] for row in running.sandbox.rows() if row.params.get("to")}
    store = watched.store
    waiting = [*store.jobs.select(State.READY), *store.jobs.select(State.SCHEDULED)]
    rung = [job.id for job in waiting if to_of(job) in asked]
    store.operator.cancel(rung, who="measure", reason="it was rung before the failover")
    for name in [name for name in running.processes if name.startswith("worker")]:
        if name in running.processes:
            running.terminate(name)
    running.workers(WORKERS, flags=QUICK)
    released = running.cli("hold", "release", "--all", "--owner", "witness")
    assert released.returncode == 0, released.stderr
    return len(rung)


def strike(group: Group, running: Stack, manner: str) -> float:
    """Do to the master what *manner* says, and return how long it took until something happened."""
    watched, victim = Watched(running.store()), group.master
    if manner == "cut_off":
        group.cut_replication()
        begun = len(running.sandbox.rows())
        wait_until(
            lambda: len(running.sandbox.rows()) >= begun + 30, within=10, why="calls to forget"
        )
    before, struck = len(running.sandbox.rows()), time.monotonic()
    if manner.startswith("hangs"):
        victim.suspend()
        time.sleep(HANG)
        victim.resume()
    else:
        victim.kill()
    wait_until(
        lambda: bool(watched.stopped()) or len(running.sandbox.rows()) > before + 60,
        within=PATIENCE,
        why="the run goes on, or stops itself",
    )
    watched.store.server.close()
    return time.monotonic() - struck


def finish(running: Stack, watched: Watched, jobs: list[str]) -> dict[str, object]:
    """Let the run come to its end, with a person's help where everything is stopped."""
    # A master that hung is believed for a while by those who have waited; so the stop may be late.
    wait_until(
        lambda: bool(watched.stopped()) or not watched.under_way(),
        within=PATIENCE,
        why="every job ends, or everything is stopped",
        every=0.2,
    )
    stopped = watched.stopped()
    if not stopped:
        return {"silence": f"{silence(running):.1f}s", "stopped": "no", "cancelled_by_hand": 0}
    wait_until(
        lambda: not watched.counts().get(State.DIALING, 1), within=60, why="nothing is dialled"
    )
    twice = facts(running, jobs).twice
    cancelled = repair(running, watched)
    wait_until(lambda: not watched.under_way(), within=PATIENCE, why="every job ends", every=0.2)
    return {
        "stopped": f"({stopped})",
        "twice_when_stopped": twice,
        "cancelled_by_hand": cancelled,
    }


def run(group: Group, running: Stack, manner: str) -> str:
    watched = Watched(running.store())
    running.workers(WORKERS)
    running.start("beat")
    jobs = enqueue(running, [f"94000{n:05d}" for n in range(CALLS)])
    wait_until(lambda: watched.placed() >= BEFORE, within=60, why="calls are placed")
    # As compose does: Celery ends workers whose broker refuses to write.
    with supervisor(running) as restarted:
        after = strike(group, running, manner)
        told = finish(running, watched, jobs)
    end = facts(running, jobs)
    watched.store.server.close()
    # A call that was rung and forgotten has no job that says so; its person cancelled it.
    unexplained = len(end.violations) - int(str(told["cancelled_by_hand"]))
    told |= {"unexplained": unexplained, "restarted": len(restarted)}
    return end.line(run=manner, goes_on_or_stops_after=f"{after:.1f}s", **told)


def main() -> None:
    for manner, more in MANNERS.items():
        if sys.argv[1:] and manner not in sys.argv[1:]:
            continue
        with (
            tempfile.TemporaryDirectory() as folder,
            sentinel_group(Path(folder), sentinels=3, down_after=DOWN_AFTER, more=more) as group,
        ):
            addresses = {"REDIS_URL": group.url(0), "BROKER_URL": group.url(1)}
            world = slow_world("300ms")
            with stack(Path(folder), SETTINGS | addresses, world=world) as running:
                try:
                    print(run(group, running, manner), flush=True)
                except AssertionError:
                    for log in sorted(Path(folder).glob("*.log")):
                        print(f"--- {log.name}", *log.read_text().splitlines()[-15:], sep="\n")
                    raise


if __name__ == "__main__":
    main()
