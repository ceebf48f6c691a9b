"""A broken API costs a bounded number of calls, and the queue drains by itself after it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos import enqueue, facts, wait_for_rest
from stack import Stack, stack, wait_until

from dialer.domain.job.job import State
from dialer.store import Store

MAX_POSTING = 20
SETTINGS = {
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "20",
    "ACCOUNTS__DEFAULT__MAX_POSTING": str(MAX_POSTING),
    "WIRE__CONNECT_TIMEOUT": "1s",
    "WIRE__DEADLINE": "2s",
    "JOBS__LEASE": "9s",
    "JOBS__QUARANTINE": "11s",
    "BREAKER__FIRST_PROBE": "1s",
    "BREAKER__CAP": "1s",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two workers that several broken APIs are tried on, one after the other."""
    with stack(Path(tmp_path_factory.mktemp("stack")), SETTINGS) as one:
        one.workers(2)
        yield one


@pytest.fixture
def store(running: Stack) -> Store:
    """The store of the stack."""
    return running.store()


def owners(store: Store) -> list[str]:
    return [hold.owner for hold in store.holds.all()]


def states(store: Store, jobs: list[str]) -> Counter[State]:
    return Counter(store.jobs.get(job_id).state for job_id in jobs)


def test_api_that_refuses_the_token(running: Stack, store: Store):
    """A refused credential costs no more requests than were open, and no job a try."""
    running.sandbox.fault(do="code", code="1020")
    jobs = enqueue(running, [f"92100{n:05d}" for n in range(80)])
    wait_until(lambda: owners(store) == ["api"], within=20, why="the account is held")
    wait_until(lambda: not store.jobs.counts()[State.DIALING], within=10, why="the wire is free")
    requests = len(running.sandbox.rows())
    assert requests <= MAX_POSTING
    assert {store.jobs.get(job_id).tries for job_id in jobs} == {0}

    running.sandbox.ask("/faults", method="DELETE")
    store.holds.release("account:default", owner="api", who="test")
    wait_for_rest(store, within=40)
    end = facts(running, jobs)
    print(end.line(requests_refused=requests))
    assert states(store, jobs) == {State.PLACED: len(jobs)}
    assert (end.twice, end.lost, end.violations) == (0, [], ())


def test_api_that_accepts_and_hangs(running: Stack, store: Store):
    """Silence after silence opens the breaker; its probes find out when the API is back."""
    running.sandbox.fault(do="hang", place=True)
    jobs = enqueue(running, [f"92000{n:05d}" for n in range(100)])
    wait_until(lambda: owners(store) == ["breaker"], within=20, why="the breaker opens")
    wait_until(lambda: not store.jobs.counts()[State.DIALING], within=20, why="the wire is free")
    opened = store.jobs.counts()[State.UNCONFIRMED]
    # Two probes later it is still one call at a time.
    wait_until(
        lambda: store.jobs.counts()[State.UNCONFIRMED] >= opened + 2, within=30, why="probes"
    )
    running.sandbox.ask("/faults", method="DELETE")
    running.sandbox.ask("/release", method="POST")
    wait_for_rest(store, within=40)

    end, now = facts(running, jobs), states(store, jobs)
    print(end.line(unconfirmed_when_it_opened=opened))
    assert now[State.UNCONFIRMED] <= MAX_POSTING + 20
    assert now[State.PLACED] + now[State.UNCONFIRMED] == len(jobs)
    assert owners(store) == []
    assert (end.twice, end.lost) == (0, [])
