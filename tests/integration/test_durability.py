"""A server that is changed while it runs, so that it may forget what it acknowledged."""

from collections.abc import Iterator

import pytest
from redis.exceptions import MasterDownError, NoPermissionError, ResponseError
from storekit import BREAKER, MOVABLE_CLOCK, SECOND, Clockwork, no_wait

from dialer.bootstrap.dialer import Dialer
from dialer.bootstrap.worker import worker_parts
from dialer.cli.status import page
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.errors import StoreRefused, StoreUnavailable, StoreUnsafe
from dialer.local.embedded_server import EmbeddedServer
from dialer.maintenance.durability_check import DurabilityCheck
from dialer.maintenance.upkeep import Upkeep
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server
from dialer.store.redis.server_check import KEEPS, check_durability

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
    yield Clockwork(Store.on(Server(client, clock=MOVABLE_CLOCK, sleep=no_wait), BREAKER))
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
    store, look = running.store, DurabilityCheck(running.store).look
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


def upkeep_of(server: EmbeddedServer, durability: str) -> Upkeep:
    """What a worker with these settings does at each tick."""
    settings = Settings.load(
        env={
            "DIALER_REDIS_URL": server.url,
            "DIALER_DURABILITY": durability,
            "DIALER_ACCOUNTS__DEFAULT__USER_ID": "1",
            "DIALER_ACCOUNTS__DEFAULT__TOKEN": "made-up",
        }
    )
    return worker_parts(settings).upkeep


@pytest.mark.parametrize("durability", ["checked", "trusted"])
def test_who_trusts_the_server_is_not_stopped(running: Clockwork, scratch_server, durability):
    """A worker's tick looks, unless its settings vouch for the server."""
    upkeep = upkeep_of(scratch_server, durability)
    running.store.server.client.config_set("appendfsync", "everysec")
    upkeep.tick()

    held = [hold.owner for hold in running.store.holds.all()]
    assert held == (["durability"] if durability == "checked" else [])


def test_age_of_the_hold_is_that_of_the_trouble(running: Clockwork):
    """Any number of looks later it is the same hold, and no move was counted for them."""
    store, look = running.store, DurabilityCheck(running.store).look
    store.server.client.config_set("appendfsync", "everysec")
    look()
    first, moves = store.holds.all(), store.server.client.get(store.server.keys.seq)
    for _ in range(3):
        running.forward(10 * SECOND)
        look()

    assert store.holds.all() == first
    assert first[0].since is not None
    assert store.server.client.get(store.server.keys.seq) == moves
    store.server.client.config_set("no-appendfsync-on-rewrite", "yes")
    look()
    (hold,) = store.holds.all()
    assert "no-appendfsync-on-rewrite is yes" in hold.reason
    assert hold.since == running.now


def test_a_hold_that_is_set_again_for_the_same_reason_keeps_its_age(running: Clockwork):
    """Whoever sets it; another reason is another hold."""
    holds, since = running.store.holds, running.now
    for reason, at in (("one", since), ("one", since), ("two", since + 20 * SECOND)):
        holds.set("all", owner="operator", who="asha", reason=reason)
        assert [hold.since for hold in holds.all()] == [at]
        running.forward(10 * SECOND)
    assert [event.reason for event in holds.history()] == ["one", "two"]


def test_hold_is_released_once_the_settings_vouch(running: Clockwork, scratch_server):
    """What a worker held before, one with `durability = "trusted"` lets go, and says why."""
    running.store.server.client.config_set("appendfsync", "everysec")
    DurabilityCheck(running.store).look()
    assert running.begin() == No("held:all")
    upkeep_of(scratch_server, "trusted").tick()

    assert running.store.holds.all() == []
    assert running.store.holds.history()[-1].reason == "durability is trusted now"


def answering(monkeypatch, running: Clockwork, answer) -> None:
    """Let the server answer CONFIG GET so."""

    def config_get(name: str) -> dict[str, str]:
        if isinstance(answer, Exception):
            raise answer
        return {name: answer[name]}

    monkeypatch.setattr(running.store.server.client, "config_get", config_get)


@pytest.mark.parametrize(
    "answer",
    [
        {
            "appendonly": "no",
            "appendfsync": "everysec",
            "no-appendfsync-on-rewrite": "yes",
            "maxmemory-policy": "volatile-random",
        },
        NoPermissionError("this user has no permissions to run the 'config|get' command"),
        ResponseError("unknown command 'CONFIG', with args beginning with: 'GET'"),
    ],
    ids=["all wrong", "no permission", "no such command"],
)
def test_reason_of_the_hold_is_not_cut(running: Clockwork, monkeypatch, answer):
    """With everything wrong, and where it is hidden, each setting is named to its end."""
    answering(monkeypatch, running, answer)
    with pytest.raises(StoreUnsafe) as caught:
        check_durability(running.store.server)
    DurabilityCheck(running.store).look()

    (hold,) = running.store.holds.all()
    assert hold.reason == caught.value.reason
    assert all(f"{name} " in hold.reason for name in KEEPS)
    assert hold.reason.endswith(("must be noeviction", 'durability = "trusted"'))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ResponseError("BUSY Redis is busy running a script"), StoreRefused),
        (MasterDownError("Link with MASTER is down"), StoreUnavailable),
    ],
)
def test_server_that_cannot_be_asked_is_not_called_unsafe(
    running: Clockwork, monkeypatch, answer, error
):
    """A busy moment says nothing of its settings: nothing is held, and nothing released."""
    answering(monkeypatch, running, answer)
    for standing in ([], ["durability"]):
        with pytest.raises(error) as caught:
            DurabilityCheck(running.store).look()
        assert not isinstance(caught.value, StoreUnsafe)
        assert [hold.owner for hold in running.store.holds.all()] == standing
        running.store.holds.set("all", owner="durability", who="tick", reason="before")


@pytest.fixture
def unsafe(cli) -> Iterator[str]:
    """The id of a call that waits in a store whose server may forget by now."""
    job_id = cli.job()
    client = cli.store.server.client
    client.config_set("appendfsync", "everysec")
    yield job_id
    client.config_set("appendfsync", "always")


def test_whoever_looks_or_stops_is_warned_and_served(cli, unsafe):
    """An operator sees the hold, stops everything and cancels; the warning is on stderr alone."""
    DurabilityCheck(cli.store).look()
    for command in (
        ["status"],
        ["hold", "list"],
        ["hold", "set", "--all", "--reason", "the server"],
        ["jobs", "--json"],
        ["cancel", unsafe, "--reason", "r"],
        ["explain", unsafe],
    ):
        ran = cli(*command)
        assert (ran.status, ran.err.count("\n")) == (0, 1), command
        assert ran.err.startswith(
            "warning: Redis may forget calls it has acknowledged: appendfsync"
        )
    assert cli.store.jobs.get(unsafe).state is State.CANCELLED
    assert {hold.owner for hold in cli.store.holds.all()} == {"durability", "operator"}
    assert "warning: Redis may forget" in str(page().renderables[0])  # type: ignore[attr-defined]  # a Group


def test_whoever_makes_work_is_refused_by_a_server_that_may_forget(cli, unsafe):
    """Nothing is accepted that could be forgotten, from the command line or from Python."""
    ran = cli("call", "9000000001", "9100000009")
    assert (ran.status, "Redis may forget" in ran.err) == (1, True)
    ran = cli("enqueue", "-", stdin='{"from": "9000000001", "to": "9100000009"}\n')
    assert (ran.status, "Redis may forget" in ran.err) == (1, True)
    with pytest.raises(StoreUnsafe):
        Dialer.from_settings()
    assert cli.store.jobs.counts()[State.READY] == 1


def test_hold_that_would_come_back_is_not_released(cli, unsafe):
    """While the server may forget a release is refused; once it does not, it is what it says."""
    DurabilityCheck(cli.store).look()
    release = ("hold", "release", "--all", "--owner", "durability")
    ran = cli(*release)
    assert ran.status == 1
    assert "nothing was changed: the next tick would hold everything again" in ran.err
    assert "goes on" not in ran.out
    assert [hold.owner for hold in cli.store.holds.all()] == ["durability"]

    cli.store.server.client.config_set("appendfsync", "always")
    ran = cli(*release)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("no longer held by durability (tick): Redis may forget")
    assert ran.out.endswith(
        "\neverything goes on\nit is held again by the next tick, while the server may forget\n"
    )
    assert cli.store.holds.all() == []


def test_doctor_fails_while_the_system_holds_everything(cli, unsafe):
    """Nothing else is wrong any more, and nothing is dialled: that is no good health."""
    DurabilityCheck(cli.store).look()
    cli.store.server.client.config_set("appendfsync", "always")
    cli.store.holds.set("account:shut", owner="api", who="api", reason="code 1009")
    ran = cli("doctor", "--json")

    assert ran.status == 1
    held = [one for one in ran.records if one["check"] == "holds"]
    assert [(one["level"], one["text"].split(":")[0]) for one in held] == [
        ("warn", "account shut is held by api"),
        ("fail", "everything is held by durability (tick)"),
    ]
    assert "mend the server's settings" in held[1]["step"]
