"""Two stacks on one Redis, three beats, a pacer in each of four workers: no effect is doubled."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from dispatchkit import RULES, Line, Open, inline, route
from storekit import BREAKER, SECOND, Clockwork, windows

from dialer.dialing.dispatch import Dispatcher
from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.job import Job, State
from dialer.domain.job.outcome import Placed
from dialer.local.embedded_server import EmbeddedServer
from dialer.maintenance.upkeep import Upkeep
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

RATE = 100
#: Half of them at once, the other half in a moment.
JOBS = 60
BELLS = PacerRules(SECOND / 4, SECOND / 20, SECOND)
PERIOD = SECOND / 10
#: A busy machine makes no call late: a second attempt would hide whether a move was made twice.
PATIENT = replace(RULES, start_by=10 * SECOND)


class Today:
    """Calling hours that are open now."""

    def windows(self, now: datetime) -> str:
        """One day before and after."""
        return windows((now - timedelta(days=1), now + timedelta(days=1)))


ROUTES = {"default": route(limits=Limits(RATE, 1, 50, 0, 300 * SECOND), hours=Today())}


@contextmanager
def store_of(redis_server: EmbeddedServer) -> Iterator[Store]:
    """A connection of one process's own."""
    server = Server(connect(redis_server.url))
    yield Store.on(server, BREAKER)
    server.close()


@contextmanager
def worker(
    redis_server: EmbeddedServer, name: str, broker: ThreadPoolExecutor, line: Line
) -> Iterator[Pacer]:
    """Ring doorbells that any worker may answer, each of them twice: a broker may do that."""
    with store_of(redis_server) as store:
        dispatcher = Dispatcher(
            attempts=store.attempts,
            client=line,
            routes=ROUTES,
            rules=PATIENT,
            rng=Random(1),
            threads=inline(),
        )

        def ring(account: str, bell: str, calls: int) -> None:
            for _ in range(2):
                broker.submit(dispatcher.answer, account, bell, calls)

        pacer = Pacer(
            bells=store.doorbells,
            routes=ROUTES,
            rules=BELLS,
            worker=WorkerIdentity(name, {"settings": "same"}),
            ways=Open(16),
            send=ring,
            upkeep=Upkeep(store, period=PERIOD),
        )
        thread = threading.Thread(target=pacer.run)
        thread.start()
        yield pacer
        thread.join(20)


@contextmanager
def beat(redis_server: EmbeddedServer, done: threading.Event) -> Iterator[None]:
    """Tick, far more often than a beat would."""

    def run() -> None:
        with store_of(redis_server) as store:
            upkeep = Upkeep(store, period=PERIOD)
            while not done.wait(PERIOD.total_seconds() / 4):
                upkeep.tick()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    done.set()
    thread.join(20)


def enqueue(store: Store) -> list[str]:
    """Hand over calls to customers of their own; half of them for a second later."""
    now = datetime.now(UTC)
    clockwork = Clockwork(store, now=now)
    return [
        clockwork.enqueue(
            mode="live",
            not_before=now + SECOND if nth % 2 else None,
            content=ClickToCall(from_="9000000001", to=f"90001{nth:05d}").content(),
        )
        for nth in range(JOBS)
    ]


@pytest.fixture
def ended(real_store: Store, redis_server: EmbeddedServer) -> tuple[list[Job], Line]:
    """The jobs once all are placed, and what was sent."""
    line, done, ids = Line(Placed("c")), threading.Event(), enqueue(real_store)
    with ThreadPoolExecutor(8) as broker, ExitStack() as stacks:
        pacers = [
            stacks.enter_context(worker(redis_server, name, broker, line))
            for name in ("one:1", "one:2", "two:1", "two:2")
        ]
        for _ in range(3):
            stacks.enter_context(beat(redis_server, done))
        end = time.monotonic() + 30
        while real_store.jobs.counts()[State.PLACED] < JOBS and time.monotonic() < end:
            done.wait(0.05)
        for pacer in pacers:
            pacer.stop()
    return [real_store.jobs.get(job_id) for job_id in ids], line


def test_two_stacks_double_nothing(ended: tuple[list[Job], Line]):
    """Each customer is rung once, each job moves once, and both together keep the rate."""
    jobs, line = ended
    assert {job.state for job in jobs} == {State.PLACED}
    assert Counter(one["to"] for one in line.sent) == {f"90001{nth:05d}": 1 for nth in range(JOBS)}
    became_ready = [sum(event.source == "scheduled" for event in job.events) for job in jobs]
    assert became_ready == [0, 1] * (JOBS // 2)
    assert {sum(event.target == "dialing" for event in job.events) for job in jobs} == {1}
    starts = sorted(job.started for job in jobs if job.started)
    assert min(b - a for a, b in pairwise(starts)) >= SECOND / RATE
