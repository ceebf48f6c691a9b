"""Batches of a file are sent before earlier ones are answered, over connections that are cut."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest
from proxy import Cut, Proxy
from storekit import BREAKER, Clockwork

from dialer.domain.job.job import State
from dialer.domain.job.new_job import BATCH, NewJob
from dialer.errors import StoreUnavailable
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server

MANY = 7
AHEAD = 2


def batches(clock: Clockwork, many: int = MANY) -> list[list[NewJob]]:
    return [
        [clock.job(f"job-{nth}-{n}", protected=(f"+9191{nth:03d}{n:05d}",)) for n in range(BATCH)]
        for nth in range(many)
    ]


@pytest.fixture
def through(redis_server: EmbeddedServer) -> Iterator[Callable[[Callable[[], Cut]], Store]]:
    """A store behind a connection of which each piece that is sent may be cut."""
    opened: list[Proxy | Store] = []

    def store(choose: Callable[[], Cut], **options: float) -> Store:
        proxy = Proxy(redis_server.port, choose)
        url = redis_server.url.replace(f":{redis_server.port}/", f":{proxy.port}/")
        client = connect(url, **options)
        opened.extend([proxy, made := Store.on(Server(client), BREAKER)])
        return made

    yield store
    for one in reversed(opened):
        one.close()


def cut_at(nth: int, cut: Cut) -> Callable[[], Cut]:
    pieces = count()
    return lambda: cut if next(pieces) == nth else ""


@pytest.mark.parametrize("cut", ["before", "after", "half"])
@pytest.mark.parametrize("nth", range(8, 20, 2))
def test_a_cut_in_the_middle_makes_each_job_once(real_store: Store, through, nth: int, cut: Cut):
    """Whichever piece is lost, each line is answered "created", in order, and is there once."""
    clock = Clockwork(real_store)
    asked = batches(clock)
    store = through(cut_at(nth, cut))
    answers = list(store.jobs.enqueue_each(asked, who="test", ahead=AHEAD))

    assert answers == [["created"] * BATCH] * MANY
    assert real_store.jobs.counts()[State.READY] == MANY * BATCH
    again = list(real_store.jobs.enqueue_each(asked, who="test", ahead=AHEAD))
    assert again == [["duplicate"] * BATCH] * MANY


@pytest.mark.parametrize("nth", range(8, 18))
def test_nothing_overtakes_a_batch_that_was_lost(real_store: Store, through, nth: int):
    """Of two lines with one key the first of the file makes the job, also where it was cut off."""
    clock = Clockwork(real_store)
    keyed = [clock.job(f"one-{n}", digest=f"d{n}", key="k") for n in range(MANY)]
    # Each batch has its own line and that of the batch two before it, which says otherwise.
    asked = [
        [keyed[n], *([replace(keyed[n - 2], digest="other")] if n > 1 else []), *batch]
        for n, batch in enumerate(batches(clock))
    ]
    answers = list(through(cut_at(nth, "before")).jobs.enqueue_each(asked, who="t", ahead=AHEAD))

    assert [some[0] for some in answers] == ["created"] * MANY
    assert [some[1] for some in answers[2:]] == ["conflict:ready"] * (MANY - 2)


def test_a_store_that_is_lost_in_the_middle_names_what_was_taken(real_store: Store, through):
    """All answers before hold; behind them at most what was on its way was taken, and no more."""
    clock, pieces = Clockwork(real_store), count()
    asked, read = batches(clock, 12), 0

    def reading() -> Iterator[list[NewJob]]:
        nonlocal read
        for batch in asked:
            read += 1
            yield batch

    store, answered = through(lambda: "before" if next(pieces) > 14 else "", repeats=0), 0
    with pytest.raises(StoreUnavailable):  # noqa: PT012 - it comes while the answers are read
        for some in store.jobs.enqueue_each(reading(), who="test", ahead=AHEAD):
            assert some == ["created"] * BATCH
            answered += 1

    taken = real_store.jobs.counts()[State.READY]
    assert 0 < answered <= taken // BATCH <= read <= answered + 1 + AHEAD < len(asked)
    again = [
        word
        for some in real_store.jobs.enqueue_each(asked, who="test", ahead=AHEAD)
        for word in some
    ]
    assert again == ["duplicate"] * taken + ["created"] * (len(asked) * BATCH - taken)


def test_a_long_pause_of_the_reader_mixes_no_replies(real_store: Store, through):
    """Whoever reads answers slowly gets each to its own batch, and the connection asks nothing."""
    clock = Clockwork(real_store)
    first = batches(clock, 1)[0]
    real_store.jobs.enqueue(first, who="test")
    asked = [first, *batches(clock, MANY)[1:]]
    store = through(lambda: "")
    store.server.client.connection_pool.connection_kwargs["health_check_interval"] = 1e-9
    flown = store.server._scripts.flight
    store.server._scripts.flight = lambda name: watched(flown(name))
    answers = list(store.jobs.enqueue_each(asked, who="test", ahead=AHEAD))

    assert answers == [["duplicate"] * BATCH, *[["created"] * BATCH] * (MANY - 1)]
    assert dropped == []


dropped: list[str] = []


def watched(flight):
    dropped.clear()
    drop = flight._drop
    flight._drop = lambda: (dropped.append("dropped"), drop())
    return flight


def test_a_reader_that_leaves_early_leaves_no_reply_behind(real_store: Store):
    """What follows on the same connections is answered as itself."""
    clock = Clockwork(real_store)
    answers = real_store.jobs.enqueue_each(batches(clock), who="test", ahead=AHEAD)
    assert next(answers) == ["created"] * BATCH
    answers.close()

    assert real_store.jobs.get("job-0-0").state is State.READY
    assert real_store.jobs.enqueue([clock.job("late")], who="test") == ["created"]


def test_memory_holds_a_few_batches(real_store: Store):
    """No more is read of a file than what is on its way."""
    clock, read = Clockwork(real_store), 0

    def reading() -> Iterator[list[NewJob]]:
        nonlocal read
        for batch in batches(clock, 20):
            read += 1
            yield batch

    for nth, _ in enumerate(real_store.jobs.enqueue_each(reading(), who="t", ahead=AHEAD), 1):
        assert read <= nth + AHEAD
