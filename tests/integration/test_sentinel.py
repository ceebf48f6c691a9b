"""A master dies, Sentinel names another, and the store is told what that has cost."""

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from serverkit import Group, sentinel_group, wait_until
from storekit import BREAKER, EVER, PLACED, SECOND, Clockwork

from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.errors import StoreUnavailable, StoreUnsafe
from dialer.machine.clock import Clock
from dialer.store import Store, open_store
from dialer.store.redis import sentinel as takeover
from dialer.store.redis.connection import through_master


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    with sentinel_group(tmp_path) as running:
        yield running


def store_of(group: Group) -> Store:
    return open_store(group.url(), durability="checked", breaker=BREAKER, full_at=0.8)


def begin(clockwork: Clockwork) -> Go | No:
    """Ask for a job by the real clock, until the meter lets one through."""
    replies = []

    def answered() -> bool:
        reply = clockwork.begin(windows=EVER)
        if isinstance(reply, Go | No):
            replies.append(reply)
        return bool(replies)

    wait_until(answered, within=10, why="begin answers")
    return replies[0]


def works(store: Store) -> bool:
    try:
        store.jobs.counts()
    except StoreUnavailable:
        return False
    return True


def test_a_failover_that_has_lost_nothing_costs_seconds(group: Group, monkeypatch):
    """What was under way is settled on the new master, the next call begins, nothing is held."""
    monkeypatch.setattr(takeover, "GRACE", timedelta(0))
    store = store_of(group)
    clockwork = Clockwork(store, clock=Clock())
    clockwork.enqueue()
    clockwork.enqueue()
    go = begin(clockwork)
    assert isinstance(go, Go)
    old, heir = group.master, group.replica
    assert through_master(group.url()) == f" through its master 127.0.0.1:{old.port}"
    group.replicated()
    old.kill()

    wait_until(lambda: works(store), within=30, why="the store works again")

    assert through_master(group.url()) == f" through its master 127.0.0.1:{heir.port}"
    assert clockwork.settle(go, PLACED)
    assert isinstance(begin(clockwork), Go)
    assert store.holds.all() == []
    assert store.jobs.counts()[State.PLACED] == 1
    store.server.close()


def test_what_the_new_master_has_forgotten_stops_everything(group: Group, monkeypatch):
    """Also when others have moved so much since that the numbers no longer tell."""
    monkeypatch.setattr(takeover, "GRACE", timedelta(0))
    saw_it, saw_less = store_of(group), store_of(group)
    clockwork = Clockwork(saw_it, clock=Clock())
    stranger = Clockwork(saw_less, clock=Clock())
    clockwork.enqueue("rung")
    saw_less.holds.release("all", owner="nobody", who="test")
    group.replicated()
    group.cut_replication()
    go = begin(clockwork)
    assert isinstance(go, Go)
    seen = saw_it.server.witness.seq
    group.master.kill()
    wait_until(lambda: works(saw_less), within=30, why="the store works again")

    assert saw_less.jobs.get("rung").state is State.READY, "the begin was lost"
    for nth in range(20):
        stranger.enqueue(f"later{nth}")
    assert int(saw_less.server.client.get(saw_less.server.keys.seq)) > seen
    assert saw_less.holds.all() == []
    # The first thing the worker that saw it has to say is not a begin.
    clockwork.settle(go, PLACED)

    (hold,) = saw_less.holds.all()
    assert (hold.scope, hold.owner) == ("all", "witness")
    assert f"transition {seen} was seen" in hold.reason
    assert begin(stranger) == No("held:all")
    for store in (saw_it, saw_less):
        store.server.close()


def test_no_call_begins_until_every_worker_has_met_the_new_master(group: Group, monkeypatch):
    """A worker that has seen less waits for those who may have seen more."""
    monkeypatch.setattr(takeover, "GRACE", 600 * SECOND)
    store = store_of(group)
    clockwork = Clockwork(store, clock=Clock())
    clockwork.enqueue()

    with pytest.raises(StoreUnavailable, match=f"new master, 127.0.0.1:{group.master.port}"):
        begin(clockwork)

    assert store.jobs.counts()[State.READY] == 1
    monkeypatch.setattr(takeover, "GRACE", timedelta(0))
    assert isinstance(begin(clockwork), Go)
    store.server.close()


def test_no_call_begins_on_a_master_that_may_forget(group: Group, monkeypatch):
    """Each master is asked before the first call on it, whatever the last one said."""
    monkeypatch.setattr(takeover, "GRACE", timedelta(0))
    store = store_of(group)
    clockwork = Clockwork(store, clock=Clock())
    clockwork.enqueue()
    # A master that another one took over from looks to `begin` like the first one.
    store.server.client.config_set("appendfsync", "everysec")

    with pytest.raises(StoreUnsafe, match="appendfsync is everysec"):
        begin(clockwork)

    store.server.client.config_set("appendfsync", "always")
    assert isinstance(begin(clockwork), Go)
    store.server.close()


def test_a_master_that_hung_is_believed_no_longer(group: Group, monkeypatch):
    """It does not know yet that another was made; who had to wait for it asks the Sentinels."""
    # Less than the Sentinels of this test wait, as it should be.
    monkeypatch.setattr(takeover, "SLOW", timedelta(milliseconds=300))
    store = store_of(group)
    old, heir = group.master, group.replica
    connections = store.server.client.connection_pool
    idle = connections.get_connection()
    with ThreadPoolExecutor(1) as pool:
        old.suspend()
        waiting = pool.submit(works, store)
        wait_until(
            lambda: through_master(group.url()).endswith(f":{heir.port}"),
            within=20,
            why="another master was made",
        )
        old.resume()
        waiting.result(20)
    connections.release(idle)

    Clockwork(store, clock=Clock()).enqueue("mine")

    with group.client(heir) as client:
        assert client.exists("{dialer}:job:mine")
    store.server.close()


def test_a_server_that_was_made_a_replica_takes_no_writes(group: Group):
    """Whoever names it without Sentinel hears that it is unavailable, not that a rule is broken."""
    url = f"redis://:{group.password}@127.0.0.1:{group.replica.port}/0"
    with pytest.raises(StoreUnavailable, match="the server is a replica now"):
        open_store(url, durability="checked", breaker=BREAKER, full_at=0.8)


def test_a_service_that_no_sentinel_watches_is_told(group: Group):
    """The sentence says where the mistake is; it holds no password."""
    url = group.url().replace("service=calls", "service=other")
    with pytest.raises(StoreUnavailable, match="no Sentinel that can be reached") as caught:
        open_store(url, durability="checked", breaker=BREAKER, full_at=0.8)

    told = "".join(traceback.format_exception(caught.value))
    assert "MasterNotFoundError" in told
    assert group.password not in told
    assert group.sentinel_password not in told
