"""Duties of upkeep: each stands alone, is bounded in time, and never keeps the pacer."""

import itertools
import logging
import threading
from datetime import timedelta
from io import BytesIO

import pytest
from campaignkit import PERIOD, Field, campaign, number
from dispatchkit import Open, route
from storekit import SECOND, Clockwork

from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.domain.campaign.contact import Contact
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.job import State
from dialer.errors import StoreRefused
from dialer.feeding.feeder import Feeder
from dialer.feeding.importing import import_list
from dialer.machine.background import BackgroundThread
from dialer.maintenance.upkeep import Upkeep
from dialer.store.maintenance import BOUND
from dialer.store.redis.damage import Damage

RULES = PacerRules(SECOND, SECOND / 20, 2 * SECOND)


def broken(*_: object, **__: object) -> int:
    raise StoreRefused("one thing is damaged")


@pytest.mark.parametrize("duty", ["reap", "due", "prune"])
def test_duty_that_fails_keeps_no_other_from_being_done(
    clockwork: Clockwork, monkeypatch, caplog, duty
):
    """What is late is given up, what is due becomes ready, what is old goes; it is said once."""
    store = clockwork.store
    clockwork.enqueue("late")
    clockwork.begun()
    clockwork.enqueue("due", not_before=clockwork.now + SECOND)
    monkeypatch.setattr(type(store.maintenance), duty, broken)
    upkeep = Upkeep(store, period=PERIOD, looks=[broken])
    with caplog.at_level(logging.WARNING, "dialer.upkeep"):
        for _ in range(3):
            clockwork.forward(100 * SECOND)
            upkeep.tick()
    counts = store.jobs.counts()
    assert counts[State.UNCONFIRMED] == int(duty != "reap")
    assert counts[State.READY] == int(duty != "due")
    said = [line for line in caplog.messages if f"without {duty}" in line]
    assert len(said) == 1


def test_first_look_forbids_all_that_comes_after_it(clockwork: Clockwork):
    """Who finds that this clock or store is not to be trusted ends the round."""
    clockwork.enqueue("late")
    clockwork.begun()
    clockwork.forward(100 * SECOND)
    upkeep = Upkeep(clockwork.store, period=PERIOD, first=[lambda: False])
    assert upkeep.tick().startswith("nothing")
    assert clockwork.store.jobs.counts()[State.DIALING] == 1


def test_duty_is_bounded_in_time(clockwork: Clockwork, monkeypatch):
    """However much there is to prune, the next duty has its turn, and the next round goes on."""
    seconds, calls = itertools.count(0, 1), []
    monkeypatch.setattr(
        type(clockwork.store.maintenance), "prune", lambda *_, **__: calls.append(1) or BOUND
    )
    Upkeep(clockwork.store, period=PERIOD, monotonic=lambda: float(next(seconds))).tick()
    assert 4 <= len(calls) <= 4 * 3


def test_pacer_does_not_wait_for_upkeep(clockwork: Clockwork, monkeypatch):
    """Beat is dead, a round takes for ever, and doorbells go out."""
    going, end = threading.Event(), threading.Event()

    class Slow(Upkeep):
        def stand_in(self) -> None:
            going.set()
            end.wait(20)

    rung: list[str] = []
    clockwork.enqueue()
    pacer = Pacer(
        bells=clockwork.store.doorbells,
        routes={"default": route()},
        rules=RULES,
        worker=WorkerIdentity("w", {}),
        ways=Open(8),
        send=lambda _account, bell, _calls: rung.append(bell),
        upkeep=Slow(clockwork.store, period=timedelta(microseconds=1)),
        now=lambda: clockwork.now,
        sleep=lambda seconds: clockwork.forward(timedelta(seconds=seconds)),
    )
    monkeypatch.setattr(type(clockwork.store.doorbells), "wait", lambda *_: False)
    try:
        pacer.turn()
        assert going.wait(20)
        assert rung
        clockwork.forward(3 * SECOND)
        pacer.turn()
        assert len(rung) > 1
    finally:
        end.set()


def test_background_thread_does_one_thing_at_a_time():
    """What still goes on is not begun again."""
    beside, end, begun = BackgroundThread(), threading.Event(), []

    def step() -> None:
        begun.append(1)
        end.wait(20)

    for _ in range(3):
        beside.start(step)
    end.set()
    assert begun == [1]


def test_account_that_cannot_be_planned_for_keeps_no_other_from_its_calls(clockwork: Clockwork):
    """The others have their doorbells, and the worker is heard of."""
    server = clockwork.store.server
    server.client.set(server.keys.account("bad"), "no hash")
    clockwork.enqueue(account="bad", lane="bad/-/-/")
    clockwork.enqueue()
    rung: list[str] = []
    pacer = Pacer(
        bells=clockwork.store.doorbells,
        routes={"bad": route("bad"), "default": route()},
        rules=RULES,
        worker=WorkerIdentity("w", {}),
        ways=Open(8),
        send=lambda account, _bell, _calls: rung.append(account),
        upkeep=Upkeep(clockwork.store, period=PERIOD),
        now=lambda: clockwork.now,
        sleep=lambda seconds: clockwork.forward(timedelta(seconds=seconds)),
        beside=lambda step: step(),
    )
    pacer.turn()
    assert rung == ["default"]
    assert [hold.scope for hold in clockwork.store.holds.all()] == ["account:bad"]


def zones(nth: int) -> str:
    """Sets of zones, all different."""
    names = [
        "Asia/Dubai",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Europe/Paris",
        "Europe/Rome",
        "Africa/Cairo",
        "Asia/Seoul",
        "Asia/Karachi",
        "Europe/Oslo",
        "Asia/Dhaka",
    ]
    return "+".join(name for bit, name in enumerate(names) if nth >> bit & 1)


def test_list_has_at_most_500_groups_of_zones(scratch_clockwork: Clockwork):
    """Rows of one group more are reported with a sentence; all others are taken."""
    field = Field.on(scratch_clockwork)
    field.create("diwali", start=False)
    append = scratch_clockwork.store.contacts.append
    for nth in range(1, 501):
        append("diwali", zones(nth), [Contact(nth, (number(nth),), zones(nth), (number(nth),))])
    made = campaign("diwali", scratch_clockwork.now, zone_from="column", zone_column="zone")
    rows = "mobile,zone\n9100000001,Asia/Tokyo\n9100000002,America/Lima\n"
    reported: list = []

    class Store:
        def append(self, name, zones, contacts, *, shape=""):
            del shape
            return append(name, zones, contacts)

    result = import_list(BytesIO(rows.encode()), made, Store(), reported.append)
    assert (result.accepted, result.rejected) == (1, 1)
    assert "500 different sets of zones" in str(reported[0])


def test_longer_list_of_groups_is_looked_at_bit_by_bit(scratch_clockwork: Clockwork):
    """Of a list from before, each look computes what it has time for, and all groups are fed."""
    field = Field.on(scratch_clockwork)
    field.create("diwali", start=False)
    for nth in range(1, 41):
        field.add("diwali", [nth], zones(nth))
    seconds = itertools.count(0, 1)
    feeder = Feeder(
        scratch_clockwork.store, field.routes, period=PERIOD, monotonic=lambda: next(seconds) / 2
    )
    scratch_clockwork.store.campaigns.steer("start", "diwali", who="m")
    made = [feeder.look("diwali") for _ in range(20)]
    assert max(made) < 20
    assert sum(made) == 40


def test_an_entry_that_is_over_goes_from_the_list(clockwork: Clockwork):
    """One for good, and one that is not over, stay; the list is not taken for damaged."""
    lists, upkeep = clockwork.store.suppression, Upkeep(clockwork.store, period=PERIOD)
    for account in (None, "default"):
        for nth, ends in enumerate((None, 10 * SECOND, 3000 * SECOND)):
            expires = ends and clockwork.now + ends
            more = {"account": account, "who": "m", "reason": "asked", "expires": expires}
            assert lists.add([f"+9190000000{nth:02d}"], **more) == 1
    clockwork.forward(20 * SECOND)
    for _ in range(3):
        upkeep.tidy()
    client, keys = clockwork.store.server.client, clockwork.store.server.keys
    for account in (None, "default"):
        assert client.hlen(keys.do_not_call(account)) == 2
    assert list(Damage(clockwork.store.server).look()) == []
