"""Stops: a worker asked to end, one that sleeps, a hold, a number on do-not-call."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from chaos import enqueue, facts, order, ring, slow_world, to_of, wait_for_rest
from stack import Stack, stack, wait_until

from dialer.domain.job.job import Job, State
from dialer.domain.job.order import Order
from dialer.store import Store

#: It watches the clock closely, so nothing else may run beside it.
pytestmark = pytest.mark.alone

RATE = 40
#: The widest that is allowed, so that some attempts always are between begin and first byte.
LOOKAHEAD, START_BY = timedelta(milliseconds=250), timedelta(milliseconds=250)
#: From the first byte sent to the sandbox's clock reading, on a busy machine.
TOLERANCE = timedelta(milliseconds=150)
LATENCY = timedelta(milliseconds=200)
QUARANTINE = timedelta(seconds=8)
SETTINGS = {
    "WIRE__CONNECT_TIMEOUT": "500ms",
    "WIRE__DEADLINE": "1s",
    "WIRE__START_BY": "250ms",
    "JOBS__LEASE": "7s",
    "JOBS__QUARANTINE": "8s",
    "PACER__LOOKAHEAD": "250ms",
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": str(RATE),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all of these: two workers, and beat by mistake twice."""
    directory = tmp_path_factory.mktemp("signals")
    with stack(directory, SETTINGS, world=slow_world("200ms")) as one:
        one.workers(2)
        one.start("beat")
        one.start("beat")
        yield one


@pytest.fixture
def store(running: Stack) -> Iterator[Store]:
    """A connection of the test's own."""
    opened = running.store()
    yield opened
    opened.server.close()


def numbers_of(prefix: str, count: int) -> list[str]:
    """Numbers of this test alone."""
    return [f"{prefix}{n:05d}" for n in range(count)]


def wait_for_placed(store: Store, count: int) -> None:
    """Wait until so many more calls are placed."""
    before = store.jobs.counts()[State.PLACED]
    wait_until(
        lambda: store.jobs.counts()[State.PLACED] >= before + count, within=30, why="calls flow"
    )


def mine(jobs: list[Job], numbers: list[str]) -> list[Job]:
    """The jobs of one test."""
    wanted = set(numbers)
    return [job for job in jobs if to_of(job) in wanted]


def test_a_rolling_restart_under_load(running: Stack, store: Store):
    """SIGTERM to each worker in turn, with POSTs open: nothing is in doubt, nothing is lost."""
    numbers = numbers_of("95000", 300)
    jobs = enqueue(running, numbers[:50])
    # Asked for later: however many beats and pacers look, each becomes ready once.
    later = datetime.now(UTC) + timedelta(seconds=2)
    orders = [Order(order(number).call, not_before=later) for number in numbers[250:]]
    jobs += [receipt.job_id for receipt in running.producer().enqueue_many(orders)]
    old = [name for name in running.processes if name.startswith("worker")]
    statuses, dialing = [], []
    for name, portion in zip(old, (numbers[50:150], numbers[150:250]), strict=True):
        running.workers(1)
        jobs += enqueue(running, portion)
        # WaitingDoorbells nobody planned: lost or doubled ones change nothing.
        ring(running, doorbells=50)
        wait_until(lambda: store.jobs.counts()[State.DIALING] >= 3, within=20, why="POSTs open")
        dialing.append(store.jobs.counts()[State.DIALING])
        statuses.append(running.terminate(name))
    wait_for_rest(store, within=40)
    end = facts(running, jobs)
    ours = mine(end.jobs, numbers)
    print(end.line(restarted=len(old), dialing_at_each=dialing))
    assert statuses == [0] * len(old)
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    assert {job.state for job in ours} == {State.PLACED}
    became_ready = [sum(e.source == "scheduled" for e in job.events) for job in ours]
    assert sum(became_ready) == 50
    assert max(became_ready) == 1
    # The meter's law: no two starts closer than the rate allows.
    starts = sorted(job.started for job in ours if job.started)
    assert min(b - a for a, b in pairwise(starts)) >= timedelta(seconds=1) / RATE


@pytest.mark.parametrize("scope", ["all", "account:default"])
def test_a_hold_stops_at_once(running: Stack, store: Store, scope: str):
    """After a hold has returned nothing begins, nothing starts late, and release resumes it all."""
    numbers = numbers_of("96000" if scope == "all" else "96100", 80)
    jobs = enqueue(running, numbers)
    wait_for_placed(store, 20)
    store.holds.set(scope, owner="operator", who="test", reason="a test of the stop")
    held_at = datetime.now(UTC)
    # No pacer rings any more, so that only begin itself is left to say no.
    ring(running, doorbells=40)
    look_until = time.monotonic() + 1.5
    wait_until(
        lambda: time.monotonic() > look_until and not store.jobs.counts()[State.DIALING],
        within=20,
        why="what was on the wire comes back",
    )
    left = [job for job in store.jobs.select(State.READY) if to_of(job) in set(numbers)]
    begun = mine([job for job in store.jobs.select() if job.started], numbers)
    rows = running.sandbox.rows()
    assert left
    assert max(job.started for job in begun if job.started) <= held_at
    latest = max(row.first_byte_at for row in rows)
    assert latest <= held_at + TOLERANCE
    store.holds.release(scope, owner="operator", who="test")
    wait_for_rest(store, within=30)
    end = facts(running, jobs)
    late_ms = (latest - held_at) / timedelta(milliseconds=1)
    print(end.line(hold=scope, left_ready=len(left), last_POST_after_hold_ms=round(late_ms)))
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    assert {job.state for job in mine(end.jobs, numbers)} == {State.PLACED}


def test_do_not_call_stops_at_once(running: Stack, store: Store):
    """A number put on do-not-call after it was enqueued is skipped, in words, and never rung."""
    numbers = numbers_of("97000", 80)
    jobs = enqueue(running, numbers)
    wait_for_placed(store, 20)
    listed = [f"+91{number}" for number in numbers]
    store.suppression.add(listed, account=None, who="test", reason="they asked for it")
    listed_at = datetime.now(UTC)
    wait_for_rest(store, within=20)
    end = facts(running, jobs)
    ours = mine(end.jobs, numbers)
    skipped = [job for job in ours if job.state is State.SKIPPED]
    rows = [row for row in end.rows if row.params.get("to") in set(numbers)]
    latest = max(row.first_byte_at for row in rows)
    late_ms = (latest - listed_at) / timedelta(milliseconds=1)
    print(end.line(listed=len(listed), last_POST_after_listing_ms=round(late_ms)))
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    assert {job.reason for job in skipped} == {"the customer is on the do-not-call list"}
    assert {to_of(job) for job in skipped}.isdisjoint(row.params["to"] for row in rows)
    assert len(skipped) + sum(job.state is State.PLACED for job in ours) == len(numbers)
    assert latest <= listed_at + TOLERANCE


def test_a_worker_that_slept_never_rings_late(running: Stack, store: Store):
    """Stopped between begin and first byte, past lease and quarantine, a worker sends nothing."""
    numbers = numbers_of("98000", 400)
    sleeper = next(name for name in running.processes if name.startswith("worker"))
    pid = running.processes[sleeper].pid
    jobs = enqueue(running, numbers)
    wait_for_placed(store, 20)
    stop_before_a_first_byte(running, store, pid)
    try:
        # The other worker does the rest; what the sleeper had begun runs out of lease.
        wait_for_rest(store, within=40)
        requests = {row.params.get("to") for row in running.sandbox.rows()}
        doubtful = mine(list(store.jobs.select(State.UNCONFIRMED)), numbers)
        unsent = [job for job in doubtful if to_of(job) not in requests]
        assert unsent
        for job in unsent:
            resolve(store, job)
        wait_for_rest(store, within=20)
    finally:
        os.kill(pid, signal.SIGCONT)
    # Late answers move jobs, and a list that is read meanwhile may miss one of them.
    wait_until(
        lambda: all(said_how_it_ended(running.log(sleeper), job) for job in doubtful),
        within=20,
        why="the sleeper has said what came of each attempt",
    )
    end = facts(running, jobs)
    print(end.line(asleep_with=len(doubtful), of_these_unsent=len(unsent)))
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    again = {job.id for job in unsent}
    assert {job.state for job in end.jobs if job.id in again} == {State.PLACED}
    numbers_unsent = sorted(to_of(job) for job in unsent)
    rung = sorted(row.params["to"] for row in end.rows if row.params.get("to") in numbers_unsent)
    assert rung == numbers_unsent


def said_how_it_ended(log: str, job: Job) -> bool:
    """Whether a worker's log has more of a job than that it was begun."""
    lines = [line for line in log.splitlines() if f"job={job.id}" in line]
    return any("begin job=" not in line for line in lines)


def stop_before_a_first_byte(running: Stack, store: Store, pid: int) -> None:
    """SIGSTOP a process at a moment when it has begun a job and sent nothing for it yet."""
    for _ in range(12):
        # Those of one doorbell begin together, well before their slots.
        wait_until(lambda: began_just_now(store), within=5, why="calls begin")
        os.kill(pid, signal.SIGSTOP)
        begun = {job.id: to_of(job) for job in store.jobs.select(State.DIALING)}
        # Everybody else has sent, or given up, when this is over; the ledger then has the row.
        look_at = time.monotonic() + (LOOKAHEAD + START_BY + LATENCY + TOLERANCE).total_seconds()
        wait_until(lambda end=look_at: time.monotonic() > end, within=5, why="others send")
        requests = {row.params.get("to") for row in running.sandbox.rows()}
        if any(
            to not in requests and store.jobs.get(job_id).state is State.DIALING
            for job_id, to in begun.items()
        ):
            return
        os.kill(pid, signal.SIGCONT)
    raise AssertionError("twelve stops, and never between begin and first byte")


def began_just_now(store: Store) -> bool:
    """Whether a job has begun in the last few milliseconds, on either worker."""
    now = store.server.time()
    begun = [job.entered for job in store.jobs.select(State.DIALING)]
    return any(now - entered < timedelta(milliseconds=40) for entered in begun)


def resolve(store: Store, job: Job) -> None:
    """Ring again, as a person who knows that no phone rang, once the quarantine is over."""

    def done() -> bool:
        left = store.operator.resolve(
            job.id,
            State.READY,
            who="test",
            reason="the provider has no such call",
            quarantine=QUARANTINE,
            deadline=timedelta(hours=1),
        )
        return not left

    wait_until(done, within=20, why="the quarantine is over", every=0.1)
