"""The connection to the store is cut at every kind of moment."""

import threading
from random import Random

from dispatchkit import RULES, Line, inline, route
from proxy import Proxy, seeded
from storekit import BACKOFFS, BREAKER, EVER, LEASE, SECOND, Clockwork

from dialer.dialing.calling import DialRules
from dialer.dialing.dispatch import Dispatcher
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Placed, Refused
from dialer.local.embedded_server import EmbeddedServer
from dialer.machine.clock import Clock
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server


def through(proxy: Proxy, server: EmbeddedServer) -> Store:
    url = server.url.replace(f":{server.port}/", f":{proxy.port}/")
    return Store.on(Server(connect(url)), BREAKER)


def test_cut_connections_lose_and_double_nothing(redis_server: EmbeddedServer, real_store: Store):
    """With one command in eight cut, before, after or within, every job is sent exactly once."""
    proxy = Proxy(redis_server.port, seeded(11, 0.12))
    store = through(proxy, redis_server)
    clockwork = Clockwork(store, clock=Clock())
    numbers = [f"91000{n:05d}" for n in range(200)]
    jobs = [
        clockwork.job(
            mode="live",
            protected=(f"+91{number}",),
            content=ClickToCall(from_="9000000001", to=number).content(),
        )
        for number in numbers
    ]
    answers = store.jobs.enqueue(jobs, who="test")
    rng, lock = Random(5), threading.Lock()

    def outcome():
        with lock:
            return Placed("c") if rng.random() < 0.9 else Refused(lookup("1509"))

    line = Line(outcome)
    fast = route(limits=Limits(1000, 1000, 1000, 0, SECOND))
    fast.hours.windows = lambda _: EVER
    worker = Dispatcher(
        attempts=store.attempts,
        client=line,
        routes={"default": fast},
        rules=DialRules(LEASE, RULES.lookahead, LEASE / 2, 6, BACKOFFS),
        rng=Random(1),
        threads=inline(8),
    )

    def work() -> None:
        while worker.answer("default") not in ("no: empty", "no: breaker"):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    proxy.close()

    print(f"cuts {proxy.cuts}")
    assert set(answers) <= {"created", "duplicate"}
    assert min(proxy.cuts.get(cut, 0) for cut in ("before", "after", "half")) > 5
    sent = sorted(one["to"] for one in line.sent)
    assert len(sent) == len(set(sent)), "somebody was rung twice"
    assert sent == numbers, "somebody was never rung"
    counts = real_store.jobs.counts()
    assert counts[State.PLACED] + counts[State.DEAD] == len(numbers)
