"""A store without any room left: what still works, and how the rest is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from dispatchkit import RULES, Line, inline, route
from storekit import BREAKER, Clockwork, windows

from dialer.dialing.dispatch import Dispatcher
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Placed
from dialer.errors import StoreRefused
from dialer.local.embedded_server import EmbeddedServer
from dialer.store import Store
from dialer.store.account_index import AccountIndex
from dialer.store.high_water_mark import HighWaterMark
from dialer.store.redis.connection import connect
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.server import Server
from dialer.store.redis.server_check import check


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Clockwork, Go]]:
    """Two jobs, one ready and one dialing, on a server that has become full since."""
    now = datetime.now(UTC)
    today = windows((now - timedelta(days=1), now + timedelta(days=1)))
    with EmbeddedServer(tmp_path) as redis_server:
        server = Server(connect(redis_server.url, timeout=timedelta(seconds=10)))
        clockwork = Clockwork(Store.on(server, BREAKER), now=now)
        clockwork.enqueue("ready", mode="live", priority=1)
        clockwork.enqueue("dialing", mode="live", priority=9)
        go = clockwork.begin(windows=today)
        assert isinstance(go, Go)
        server.client.config_set("maxmemory", 1)
        yield clockwork, go
        server.close()


def test_jobs_of_a_full_store_are_counted(full: tuple[Clockwork, Go]):
    """Somebody who looks why nothing is accepted any more gets an answer."""
    clockwork, _ = full
    counts = clockwork.store.jobs.counts()
    assert {state: count for state, count in counts.items() if count} == {
        State.READY: 1,
        State.DIALING: 1,
    }


def test_outcome_is_recorded_in_a_full_store(full: tuple[Clockwork, Go]):
    """What has already happened is written down, whatever the memory says."""
    clockwork, go = full
    assert clockwork.settle(go, Placed("call-1"))
    assert clockwork.store.jobs.get(go.job_id).state is State.PLACED


def test_full_store_grants_nothing_and_says_so(full: tuple[Clockwork, Go]):
    """A doorbell comes to a plain "no", not to a traceback; new jobs are refused in words."""
    clockwork, _ = full
    line = Line(Placed("call-1"))
    dispatcher = Dispatcher(
        attempts=clockwork.store.attempts,
        client=line,
        routes={"default": route()},
        rules=RULES,
        rng=Random(1),
        threads=inline(),
    )
    assert dispatcher.answer("default").startswith("no: Redis is full")
    assert line.sent == []
    with pytest.raises(StoreRefused, match="full"):
        clockwork.enqueue()


def test_full_store_can_still_be_opened(full: tuple[Clockwork, Go]):
    """Somebody who wants to look, stop or make room must get in, and so must a worker."""
    clockwork, _ = full
    client = clockwork.store.server.client
    client.config_set("maxmemory", 0)
    check(clockwork.store.server, durability="checked")
    client.config_set("maxmemory", 1)

    check(clockwork.store.server, durability="checked")
    clockwork.store.holds.set("all", owner="operator", who="me", reason="full")
    assert clockwork.store.operator.cancel(["ready"], who="me", reason="room").done == ["ready"]


def test_older_copy_is_stopped_in_a_full_store(full: tuple[Clockwork, Go], tmp_path: Path):
    """The hold comes first; what the copy remembers last is on record when there is room."""
    clockwork, _ = full
    store, client = clockwork.store, clockwork.store.server.client
    mark, eras = HighWaterMark(store, "here", tmp_path / "marks"), Epochs(store.server)
    client.config_set("maxmemory", 0)
    eras.begin()
    mark.look()
    client.decr(store.server.keys.seq)
    remembered = AccountIndex(store.server).last_moment()
    client.config_set("maxmemory", 1)
    mark.look()

    assert [(hold.scope, hold.owner) for hold in store.holds.all()] == [("all", "witness")]
    assert eras.read().lost is None
    client.config_set("maxmemory", 0)
    # What goes on under the hold is none of what the copy remembers.
    clockwork.enqueue("later")
    mark.look()
    assert eras.read().lost == remembered
