"""An API that is far away, and one that cannot be reached at all."""

import logging
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from budgets import FULL
from dispatchkit import RULES, inline, route
from farserver import FarServer
from faultserver import FaultServer, server_tls
from storekit import SECOND, Clockwork, windows

from dialer.client import Client, Endpoint
from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.dialing.reach import Reach
from dialer.dialing.threads import Threads
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.job import State
from dialer.machine.clock import Clock
from dialer.maintenance.upkeep import Upkeep
from dialer.store import Store
from dialer.store.doorbells import Doorbells

DATA = Path(__file__).parent.parent / "data"
MS = timedelta(milliseconds=1)
THREADS = 32
BELLS = PacerRules(horizon=250 * MS, lead=20 * MS, patience=2 * SECOND, spread=80 * MS)
#: Shorter than any of the handshakes here.
PROMPT = replace(RULES, lookahead=100 * MS, start_by=400 * MS)


class Today:
    """Calling hours that are open now."""

    def windows(self, now: datetime) -> object:
        return windows((now - timedelta(days=1), now + timedelta(days=1)))


def content(nth: int) -> str:
    return ClickToCall(from_="9000000001", to=f"90001{nth:05d}").content()


class Worker:
    """One worker process: its threads, its pacer, its connections."""

    def __init__(self, store: Store, url: str, rate: float) -> None:
        limits = Limits(rate, 1, 100, 0, 300 * SECOND)
        routes = {
            "default": route(limits=limits, hours=Today(), endpoint=Endpoint(url, "1", "secret"))
        }
        self.client = client = Client(
            connect_timeout=5 * SECOND,
            deadline=30 * SECOND,
            reuse=2 * SECOND,
            ca_file=DATA / "loopback.pem",
        )
        self.broker, self.threads = ThreadPoolExecutor(THREADS), Threads(THREADS)
        self.dispatcher = dispatcher = Dispatcher(
            attempts=store.attempts,
            client=client,
            routes=routes,
            rules=PROMPT,
            rng=Random(1),
            threads=self.threads,
        )
        self.pacer = Pacer(
            bells=store.doorbells,
            routes=routes,
            rules=BELLS,
            worker=WorkerIdentity("far:1", {"settings": "same"}),
            ways=Reach(client, store.holds, routes, threads=self.threads, horizon=BELLS.horizon),
            send=lambda *doorbell: self.broker.submit(dispatcher.answer, *doorbell),
            upkeep=Upkeep(store, period=SECOND),
        )
        self.thread = threading.Thread(target=self.pacer.run)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.pacer.stop()
        self.thread.join(20)
        assert self.dispatcher.stop(20 * SECOND)
        self.broker.shutdown()
        self.client.close()


@pytest.mark.parametrize(("rate", "calls"), [(5, 12), (50, 100)])
@pytest.mark.parametrize("handshake", [0.45, 1.5])
def test_every_call_is_placed_and_none_late(real_store: Store, handshake, rate, calls):
    """The way to the API is no part of `start_by`; the pace is exact, idle connections bounded."""
    clockwork = Clockwork(real_store, now=datetime.now(UTC), clock=Clock())
    ids = [clockwork.enqueue(mode="live", content=content(nth)) for nth in range(calls)]
    with (
        FarServer(server_tls(DATA / "loopback.pem"), handshake=handshake) as server,
        Worker(real_store, server.url, rate),
    ):
        end = time.monotonic() + 30
        while real_store.jobs.counts()[State.PLACED] < calls and time.monotonic() < end:
            time.sleep(0.02)

    jobs = [real_store.jobs.get(job_id) for job_id in ids]
    assert Counter(job.state for job in jobs) == {State.PLACED: calls}
    assert {len(job.events) for job in jobs} == {3}, "created, begun, placed"
    assert server.seen == {f"90001{nth:05d}": 1 for nth in range(calls)}
    starts = sorted(job.started for job in jobs if job.started)
    assert min(b - a for a, b in pairwise(starts)) >= SECOND / rate
    print(f"connections={server.connections} at once={server.most}")
    # What threads made in their own time comes on top of what was made ahead.
    assert server.most <= 2 * THREADS


class Still(Doorbells):
    """Doorbells whose wait for news lets time pass on the clock of the test."""

    def __init__(self, clockwork: Clockwork, sleep) -> None:
        super().__init__(clockwork.store.server)
        self._let_pass = sleep

    def wait(self, longest: timedelta) -> bool:
        self._let_pass(longest / SECOND)
        return False


def test_ten_minutes_without_the_api_cost_no_job_a_move(clockwork: Clockwork, caplog):
    """No try is used, the log says so once a minute, and it goes on within 5 s of the return."""
    caplog.set_level(logging.INFO, "dialer.reach")
    calls = 10_000 if FULL else 300
    ids = [clockwork.enqueue(mode="live", content=content(nth)) for nth in range(calls)]
    tried, up, port = list[float](), False, 0

    def now() -> float:
        return clockwork.passed / SECOND

    def sleep(seconds: float) -> None:
        clockwork.forward(timedelta(seconds=seconds))

    def resolve(*_args: object, **_how: object) -> list[tuple[object, ...]]:
        tried.append(now())
        if not up:
            raise socket.gaierror(socket.EAI_AGAIN, "no network")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    clock = Clock(monotonic=now, boottime=now, sleep=sleep, now=lambda: clockwork.now)
    client = Client(
        connect_timeout=5 * SECOND,
        deadline=30 * SECOND,
        clock=clock,
        resolve=resolve,
        beside=lambda step: step(),
    )
    # The server of this test talks to one caller at a time.
    limits = Limits(1, 1, 1, 0, SECOND)
    there = Endpoint("http://localhost/", "1", "secret")
    routes = {"default": route(limits=limits, endpoint=there)}
    hands = {"now": lambda: clockwork.now, "monotonic": now}
    reach = Reach(
        client, clockwork.store.holds, routes, threads=inline(32), horizon=BELLS.horizon, **hands
    )
    dispatcher = Dispatcher(
        attempts=clockwork.store.attempts,
        client=client,
        routes=routes,
        rules=PROMPT,
        rng=Random(1),
        threads=inline(),
        hands=Hands(boottime=now, sleep=sleep, **hands),
    )
    said = list[str]()
    pacer = Pacer(
        bells=Still(clockwork, sleep),
        routes=routes,
        rules=BELLS,
        worker=WorkerIdentity("w", {}),
        ways=reach,
        send=lambda *doorbell: said.append(dispatcher.answer(*doorbell)),
        upkeep=Upkeep(clockwork.store, period=SECOND),
        beside=lambda step: step(),
        sleep=sleep,
        **hands,
    )
    pacer.turn()
    at_first = len(said)
    while now() < 600:
        pacer.turn()

    (worker,) = clockwork.store.doorbells.live(clockwork.now)
    assert [(one.account, one.why) for one in worker.unreachable] == [
        ("default", "host name not found")
    ]
    assert clockwork.store.jobs.counts()[State.READY] == calls
    for job_id in ids[:100]:
        job = clockwork.store.jobs.get(job_id)
        assert (job.tries, job.attempts, len(job.events)) == (0, 0, 1)
    assert set(said) == {"no: account default cannot be reached"}
    assert len(said) == at_first, "doorbells are for workers that can dial"
    assert 600 / 4 - 40 < len(tried) < 600
    assert len(caplog.messages) in (10, 11)

    with FaultServer(_placing) as server:
        up, port, back = True, server.port, now()
        while clockwork.store.jobs.counts()[State.PLACED] == 0 and now() < back + 60:
            pacer.turn()
        assert now() - back <= 5
        while now() < back + 10:
            pacer.turn()
        client.close()
    assert caplog.messages[-1] == "account default can be reached again"
    assert clockwork.store.doorbells.live(clockwork.now)[0].unreachable == ()


def _placing(talk) -> None:
    talk.server.seen.clear()
    talk.read_request()
    body = b'{"callid": "a", "status": "success", "code": "200"}'
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
