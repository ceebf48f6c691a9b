"""Celery's own flags, remote control and signals: none of them breaks a promise."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from chaos import enqueue, facts, ring, slow_world, wait_for_rest
from stack import QUICK, Stack, stack, wait_until

from dialer.domain.fleet import LiveWorker
from dialer.domain.job.job import State
from dialer.store import Store
from dialer.store.redis.server_health import read_doorbells

#: What threads can do nothing with, what the meter makes needless, and what only Flower needs.
HARMLESS = (
    ("pool_grow", "3"),
    ("pool_shrink", "1"),
    ("rate_limit", "dialer.make_call", "1/h"),
    ("time_limit", "dialer.make_call", "0.001", "0.001"),
    ("enable_events",),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A sandbox that thinks for a second, and settings that say 16 threads."""
    with stack(tmp_path_factory.mktemp("flags"), world=slow_world("1s")) as one:
        yield one


@pytest.fixture
def store(running: Stack) -> Iterator[Store]:
    """A connection of the test's own."""
    opened = running.store()
    yield opened
    opened.server.close()


def control(running: Stack, name: str, command: Sequence[str]) -> None:
    """Send one command to a worker, and wait for its answer, whatever it is."""
    # Without an address Celery waits out the five seconds for more who may answer.
    to = ("-t", "5", "-d", f"{name}@test")
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", "control", *to, *command],
        env=running.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def live(store: Store) -> list[LiveWorker]:
    """The live workers."""
    return store.doorbells.live(store.server.time())


def wait_for_open_posts(store: Store, count: int) -> None:
    """Wait until so many calls are on the wire."""
    wait_until(lambda: store.jobs.counts()[State.DIALING] == count, within=20, why="POSTs open")


def test_what_the_pool_has_is_what_is_announced(running: Stack, store: Store):
    """With -c and remote control; for who takes no doorbells none are rung, and it is said."""
    (name,) = running.workers(1, flags=[*QUICK, "-c", "2"])
    for command in HARMLESS:
        control(running, name, command)
    assert [one.capacity for one in live(store)] == [2]

    control(running, name, ("cancel_consumer", "dialer"))
    wait_until(lambda: [one.capacity for one in live(store)] == [0], within=10, why="it says so")
    jobs = enqueue(running, [f"94000{n:05d}" for n in range(6)])
    ring(running, doorbells=3, expires=0.2)
    broker = running.server.broker_url
    wait_until(lambda: read_doorbells(broker).stale, within=10, why="nobody takes them")
    assert read_doorbells(broker).waiting == 3
    assert "3 wait in the broker, and nobody takes them" in running.cli("status").stdout
    assert "takes no doorbells out of the broker" in running.cli("doctor").stdout
    assert "no live worker takes doorbells" in running.cli("explain", jobs[0]).stdout

    control(running, name, ("add_consumer", "dialer"))
    wait_for_rest(store, within=30)
    assert read_doorbells(broker).waiting == 0
    # What had expired was dropped without a word; the calls were made by doorbells of their own.
    assert "Discarding" not in running.log(name)
    end = facts(running, jobs)
    assert (end.violations, end.twice, end.lost) == ((), 0, [])
    assert {job.state for job in end.jobs} == {State.PLACED}
    assert running.terminate(name) == 0


def test_a_worker_ends_when_its_calls_do(running: Stack, store: Store):
    """SIGHUP starts it again as it was started, SIGQUIT ends it; neither leaves a doubt."""
    (name,) = running.workers(1, flags=[*QUICK, "-c", "3"])
    pid = running.processes[name].pid
    (before,) = [one.name for one in live(store)]
    jobs = enqueue(running, [f"94100{n:05d}" for n in range(20)])
    for how in (signal.SIGHUP, signal.SIGQUIT):
        wait_for_open_posts(store, 3)
        os.kill(pid, how)
        wait_until(
            lambda: all(not one.capacity for one in live(store)), within=5, why="it rings no more"
        )
        if how is signal.SIGHUP:
            wait_until(
                lambda: [one.capacity for one in live(store) if one.name != before] == [3],
                within=30,
                why="the same process runs anew, with the same flags",
            )
            assert [one.pid for one in live(store)] == [pid]
    assert running.processes.pop(name).wait(30) == 0
    counts = store.jobs.counts()
    assert (counts[State.UNCONFIRMED], counts[State.DIALING]) == (0, 0)
    assert counts[State.READY] > 0
    end = facts(running, jobs)
    assert (end.violations, end.twice, end.lost) == ((), 0, [])
