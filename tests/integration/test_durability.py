"""A server that is changed while it runs, so that it may forget what it acknowledged."""

import pytest
from storekit import BREAKER, MOVABLE_CLOCK, Clockwork

from dialer.bootstrap import worker_parts
from dialer.durability import Durability
from dialer.embedded import EmbeddedServer
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.dialling import Go, No
from dialer.store.server import Server, connect

SAFE = {
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "maxmemory-policy": "noeviction",
}


@pytest.fixture
def running(scratch_server: EmbeddedServer):
    """A store on a safe server, which is afterwards as it was."""
    client = connect(scratch_server.url)
    client.flushdb()
    before = {name: client.config_get(name)[name] for name in SAFE}
    for name, value in SAFE.items():
        client.config_set(name, value)
    yield Clockwork(Store.on(Server(client, clock=MOVABLE_CLOCK), BREAKER))
    for name, value in before.items():
        client.config_set(name, value)
    client.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendfsync", "everysec"),
        ("no-appendfsync-on-rewrite", "yes"),
        ("maxmemory-policy", "allkeys-lru"),
    ],
)
def test_nothing_is_dialled_while_the_server_may_forget(running: Clockwork, name, value):
    """The next look stops everything and names the setting; the one after the repair goes on."""
    store, look = running.store, Durability(running.store).look
    job_id = running.enqueue()
    look()
    assert store.holds.all() == []

    store.server.client.config_set(name, value)
    for _ in range(2):
        look()
    (hold,) = store.holds.all()
    assert (hold.scope, hold.owner) == ("all", "durability")
    assert f"{name} is {value}, must be {SAFE[name]}" in hold.reason
    assert running.begin() == No("held:all")

    store.server.client.config_set(name, SAFE[name])
    look()
    assert store.holds.all() == []
    again = running.begin()
    assert isinstance(again, Go)
    assert again.job_id == job_id


@pytest.mark.parametrize("durability", ["checked", "trusted"])
def test_who_trusts_the_server_is_not_stopped(running: Clockwork, scratch_server, durability):
    """A worker's tick looks, unless its settings vouch for the server."""
    settings = Settings.load(
        env={
            "DIALER_REDIS_URL": scratch_server.url,
            "DIALER_DURABILITY": durability,
            "DIALER_ACCOUNTS__DEFAULT__USER_ID": "1",
            "DIALER_ACCOUNTS__DEFAULT__TOKEN": "made-up",
        }
    )
    upkeep = worker_parts(settings).upkeep
    running.store.server.client.config_set("appendfsync", "everysec")
    upkeep.tick()

    held = [hold.owner for hold in running.store.holds.all()]
    assert held == (["durability"] if durability == "checked" else [])
