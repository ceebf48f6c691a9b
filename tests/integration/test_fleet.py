"""Workers with different settings: never two opinions at once, and no standstill either."""

import logging
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from dispatchkit import RULES, Line, Near, Open, inline, route
from storekit import ALWAYS, LIMITS, PLACED, SECOND, Clockwork

from dialer.bootstrap.worker import worker_parts
from dialer.diagnosis.doctor import Level, judge_workers
from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.domain.call.call import ClickToCall
from dialer.domain.doorbell import PacerRules, Plan
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.maintenance.upkeep import Upkeep
from dialer.settings import Settings
from dialer.store.doorbells import Doorbells
from dialer.store.redis.notation import stamp

CONTENT = ClickToCall(from_="9000000001", to="9000000002").content()
RULES_OF_BELLS = PacerRules(SECOND, SECOND / 10, SECOND)


def ring(clockwork: Clockwork, worker: str, settings: str) -> Plan:
    """Let a worker announce itself and plan its doorbells."""
    return clockwork.store.doorbells.plan(
        "default",
        LIMITS,
        ALWAYS,
        RULES_OF_BELLS,
        worker=worker,
        record={"settings": settings},
        capacity=8,
    )


def capacities(clockwork: Clockwork) -> dict[str, int]:
    """What each live worker can carry."""
    return {one.name: one.capacity for one in clockwork.store.doorbells.live(clockwork.now)}


class Quick(Doorbells):
    """Doorbells that nobody has to wait for."""

    def wait(self, longest: timedelta) -> bool:
        """No news."""
        del longest
        return False


def send_nowhere(account: str, bell: str) -> None:
    """Lose a doorbell."""


def pacer(clockwork: Clockwork, name: str, settings: str) -> Pacer:
    """A pacer whose sleep moves the store's clock."""
    return Pacer(
        bells=Quick(clockwork.store.server),
        routes={"default": route()},
        rules=RULES_OF_BELLS,
        worker=WorkerIdentity(name, {"settings": settings}),
        ways=Open(8),
        send=send_nowhere,
        upkeep=Upkeep(clockwork.store, period=10 * SECOND),
        beside=lambda step: step(),
        now=lambda: clockwork.now,
        monotonic=lambda: stamp(clockwork.now) / 1_000_000,
        sleep=lambda seconds: clockwork.forward(timedelta(seconds=seconds)),
    )


def test_workers_with_equal_settings_share_the_work(clockwork: Clockwork):
    """However they start, each has its capacity at once."""
    for name in ("a", "b", "c"):
        assert ring(clockwork, name, "one").fleet == "one"
    assert capacities(clockwork) == {"a": 8, "b": 8, "c": 8}


def test_worker_with_other_settings_has_no_capacity_and_no_bells(clockwork: Clockwork):
    """The first opinion stands; who differs plans nothing, and those who do not are not held up."""
    clockwork.enqueue()
    ring(clockwork, "old", "one")
    clockwork.enqueue()
    clockwork.forward(2 * SECOND)  # the bell of the first is lost

    other = ring(clockwork, "new", "two")
    assert (other.fleet, other.bells) == ("one", ())
    assert capacities(clockwork) == {"new": 0, "old": 8}
    assert ring(clockwork, "old", "one").bells


def wait_for_office(clockwork: Clockwork, worker: str, settings: str) -> timedelta:
    """Ring once a second, as a pacer does; how long until these settings are the fleet's."""
    began = clockwork.now
    while ring(clockwork, worker, settings).fleet != settings:
        clockwork.forward(SECOND)
    return clockwork.now - began


@pytest.mark.parametrize(("farewell", "waited"), [(True, 20), (False, 27)])
def test_new_settings_take_over_when_the_last_old_worker_is_gone(
    clockwork: Clockwork, farewell, waited
):
    """After 20 s, and `WORKER_GONE` before them without a farewell; then the old one is apart."""
    ring(clockwork, "old1", "one")
    ring(clockwork, "old2", "one")
    ring(clockwork, "new", "two")
    clockwork.store.doorbells.leave("old1")
    assert ring(clockwork, "new", "two").fleet == "one"
    if farewell:
        clockwork.store.doorbells.leave("old2")

    assert wait_for_office(clockwork, "new", "two") == waited * SECOND
    assert capacities(clockwork) == {"new": 8}
    assert ring(clockwork, "old2", "one").fleet == "two"
    assert capacities(clockwork) == {"new": 8, "old2": 0}


def test_all_workers_new_is_no_deadlock(clockwork: Clockwork):
    """Two that wait for the same old worker both go on after it, and a third opinion waits."""
    ring(clockwork, "old", "one")
    ring(clockwork, "new1", "two")
    ring(clockwork, "new2", "two")
    clockwork.store.doorbells.leave("old")
    wait_for_office(clockwork, "new1", "two")
    ring(clockwork, "new2", "two")
    assert ring(clockwork, "newer", "three").fleet == "two"
    assert capacities(clockwork) == {"new1": 8, "new2": 8, "newer": 0}


def test_store_that_forgot_the_fleet_is_no_deadlock(clockwork: Clockwork):
    """After a failover that lost the last take-over the workers agree again in 20 s."""
    for name in ("a", "b"):
        ring(clockwork, name, "two")
    clockwork.store.server.client.set("{dialer}:fleet", "one")
    for _ in range(22):
        for name in ("a", "b"):
            ring(clockwork, name, "two")
        clockwork.forward(SECOND)
    assert capacities(clockwork) == {"a": 8, "b": 8}


def test_a_restart_of_the_only_right_worker_hands_nothing_over(clockwork: Clockwork):
    """The other one waits, and is apart again when the right one is back."""
    ring(clockwork, "right", "one")
    ring(clockwork, "wrong", "two")
    clockwork.store.doorbells.leave("right")
    for _ in range(15):
        clockwork.forward(SECOND)
        assert ring(clockwork, "wrong", "two").fleet == "one"
    assert ring(clockwork, "right", "one").fleet == "one"
    clockwork.forward(SECOND)
    ring(clockwork, "wrong", "two")
    assert capacities(clockwork) == {"right": 8, "wrong": 0}


@pytest.mark.parametrize("away", [7, 60])
def test_a_server_that_was_away_hands_nothing_over(clockwork: Clockwork, away):
    """All were silent: whoever comes back first has to wait for the others."""
    ring(clockwork, "right", "one")
    ring(clockwork, "wrong", "two")
    clockwork.forward(away * SECOND)
    for _ in range(3):
        assert ring(clockwork, "wrong", "two").fleet == "one"
        clockwork.forward(SECOND)
    assert ring(clockwork, "right", "one").fleet == "one"
    assert clockwork.store.doorbells.apart("two")


def test_who_stops_the_last_worker_may_start_another_with_new_settings(clockwork: Clockwork):
    """Nobody is there who could have been set up wrongly, so nobody waits."""
    ring(clockwork, "old", "one")
    clockwork.store.doorbells.leave("old")
    assert clockwork.store.doorbells.apart("two")
    assert ring(clockwork, "new", "two").fleet == "two"
    assert not clockwork.store.doorbells.apart("two")


def test_worker_started_again_under_its_name_counts_once(clockwork: Clockwork):
    """In a container every worker has the same process id: its last capacity is not added up."""
    for capacity in (8, 4):
        clockwork.store.doorbells.plan(
            "default", LIMITS, "", RULES_OF_BELLS, worker="w", record={}, capacity=capacity
        )
    assert clockwork.store.server.client.zrange("{dialer}:capacity", 0, -1) == ["w=4"]


def test_begin_refuses_other_settings_and_gives_the_bell_back(clockwork: Clockwork):
    """A doorbell that reaches the wrong worker rings nobody, and costs the right one no wait."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    ((bell, *_),) = ring(clockwork, "old", "one").bells
    ring(clockwork, "new", "two")
    line = Line(PLACED)
    dispatchers = {
        settings: Dispatcher(
            attempts=clockwork.store.attempts,
            client=line,
            routes={"default": route()},
            rules=replace(RULES, settings=settings),
            rng=Random(1),
            threads=inline(),
            hands=Hands(now=lambda: clockwork.now),
        )
        for settings in ("one", "two")
    }
    assert clockwork.store.doorbells.wait(SECOND)
    assert dispatchers["two"].answer("default", bell) == "no: settings"
    assert (line.sent, clockwork.store.jobs.counts()[State.DIALING]) == ([], 0)
    # A pacer of the fleet is woken, and plans another bell.
    assert clockwork.store.doorbells.wait(SECOND)
    ((again, *_),) = ring(clockwork, "old", "one").bells
    assert dispatchers["one"].answer("default", again) == "placed 1"
    assert clockwork.store.jobs.get(job_id).state is State.PLACED


def test_worker_that_slept_through_the_change_does_not_dial(clockwork: Clockwork):
    """Stopped with the old settings and resumed under the new ones: begin has the last word."""
    clockwork.enqueue()
    ring(clockwork, "old", "one")
    wait_for_office(clockwork, "new", "two")

    assert clockwork.begin(settings="one") == No("settings")
    assert isinstance(clockwork.begin(settings="two"), Go)


def test_pacer_says_once_that_it_stands_apart_and_once_that_it_goes_on(
    clockwork: Clockwork, caplog
):
    """With both fingerprints and the next step; it leaves the wake-ups to those who may ring."""
    caplog.set_level(logging.INFO, "dialer.pacer")
    ring(clockwork, "old", "one")
    clockwork.store.doorbells.wake()
    one = pacer(clockwork, "new", "two")
    one.turn()
    ring(clockwork, "old", "one")
    one.turn()
    (said,) = caplog.messages
    assert "takes no calls: its settings (two)" in said
    assert "dial with (one)" in said
    assert "give all of them the same dialer.toml and variables" in said
    assert clockwork.store.doorbells.wait(SECOND)

    for _ in range(40):
        one.turn()
    assert caplog.messages[1:] == [
        "this worker takes calls now: no worker with other settings is left"
    ]
    assert capacities(clockwork) == {"new": 8}


def test_pacer_that_ends_is_gone_at_once(clockwork: Clockwork):
    """So that a stack that is started again with new settings need not wait for its past self."""
    one = pacer(clockwork, "w", "one")
    one.turn()
    one.stop()
    one.run()
    assert capacities(clockwork) == {}
    assert clockwork.store.doorbells.workers() == {}


def test_status_and_doctor_show_a_worker_apart(cli, monkeypatch):
    """Who it is, why it takes nothing, and what to do; its fingerprint is that of its settings."""
    store = cli.store
    clockwork = Clockwork(store, now=store.server.time())
    ring(clockwork, "old", Settings.load().fingerprint())
    monkeypatch.setenv("DIALER_JOBS__MAX_TRIES", "3")
    parts = worker_parts(Settings.load())
    monkeypatch.setattr(parts.client, "reserve", Near().reserve)
    monkeypatch.setattr(parts.client, "give_back", Near().give_back)
    assert parts.dispatcher.answer("default") == "no: settings"
    parts.store.server.close()
    ring(clockwork, "new", Settings.load().fingerprint())

    shown = " ".join(cli("status").out.split())
    assert "workers 2 alive, 8 calls at once" in shown
    assert "apart new takes no calls: its settings are not those the others dial with" in shown
    assert "→ dialer doctor" in shown
    assert [one["capacity"] for one in cli("status", "--json").record["workers"]] == [0, 8]
    # Here are the settings of the new one: both are in need of a restart, and only one is apart.
    found = [one for one in cli("doctor", "--json").records if one["check"] == "workers"]
    assert [one["level"] for one in found] == ["fail", "fail"]
    assert "new takes no calls" in found[0]["text"]
    assert "restart" in found[0]["step"]
    assert "old has other settings" in found[1]["text"]


def test_doctor_blames_nobody_when_all_agree(clockwork: Clockwork):
    """Equal settings are well, whoever came first."""
    ring(clockwork, "a", "one")
    ring(clockwork, "b", "one")
    live = clockwork.store.doorbells.live(clockwork.now)
    assert {finding.level for finding in judge_workers(live, "one")} == {Level.OK}


def test_equal_hosts_and_numbers_are_two_workers(redis_server, monkeypatch, tmp_path):
    """In containers each is process 1, on a host that may have one name: all are counted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("socket.gethostname", lambda: "dialer")
    monkeypatch.setattr("os.getpid", lambda: 1)
    account = {"user_id": "1", "token": "made-up", "calling_hours": "always"}
    settings = Settings.parse({"redis_url": redis_server.url, "accounts": {"default": account}})
    parts = [worker_parts(settings) for _ in range(2)]
    store = parts[0].store
    store.server.client.flushdb()
    for calls, one in enumerate(parts, start=3):
        monkeypatch.setattr(one.store.doorbells, "wait", lambda longest: False)
        # Anew, as after the broker was away: still the same worker.
        for _ in range(2):
            one.pacer(send_nowhere, calls, lambda: True).turn()
    live = store.doorbells.live(store.server.time())
    assert [(one.host, one.pid) for one in live] == [("dialer", 1)] * 2
    assert sorted(one.capacity for one in live) == [3, 4]
    assert len({one.name for one in live}) == 2

    store.doorbells.leave(live[0].name)
    assert [one.name for one in store.doorbells.live(store.server.time())] == [live[1].name]
    for one in parts:
        one.store.server.close()
