"""A process with other settings than live workers dial with: what it must leave alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field
from dispatchkit import route
from storekit import ALWAYS, LEASE, LIMITS, PLACED, SECOND, Clockwork

from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import No
from dialer.domain.job.job import State
from dialer.errors import StoreRefused
from dialer.feeding.feeder import Feeder
from dialer.maintenance.upkeep import Upkeep

BELLS = PacerRules(SECOND, SECOND / 10, SECOND)
SOON = {"retention": SECOND, "key_retention": SECOND}
HELD = No("held:account:default")


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """A store whose live worker has the settings "fleet"."""
    clockwork.store.server.time = lambda: clockwork.now
    field = Field.on(clockwork)
    announce(field)
    return field


def announce(field: Field) -> None:
    """Let the worker be alive for another while."""
    record = {"settings": "fleet"}
    field.clock.store.doorbells.plan(
        "default", LIMITS, ALWAYS, BELLS, worker="w", record=record, capacity=1
    )


def upkeep(field: Field, settings: str, **changes: object) -> Upkeep:
    """Upkeep of a process that forgets what came to an end a second ago."""
    feeder = Feeder(field.clock.store, field.routes, period=PERIOD, settings=settings)
    given = {"period": PERIOD, "feed": feeder.tick, "settings": settings, **SOON, **changes}
    return Upkeep(field.clock.store, **given)


@pytest.mark.parametrize("settings", ["other", "fleet"])
def test_only_the_settings_of_live_workers_forget_keys(field, settings):
    """A key that is forgotten too early would let the same call be made again."""
    field.clock.enqueue("old", key="order-17")
    go = field.dial()
    field.clock.settle(go, PLACED)
    field.clock.forward(5 * SECOND)
    announce(field)
    upkeep(field, settings).tick()

    assert field.clock.store.jobs.counts()[State.PLACED] == (settings == "other")


def test_what_no_settings_decide_is_done_by_everybody(field):
    """Times come, and the others' round is not taken from them."""
    field.clock.enqueue("later", not_before=field.clock.now + LEASE)
    field.clock.enqueue("lost")
    assert field.dial().job_id == "lost"
    field.clock.forward(LEASE + SECOND)
    announce(field)
    looked: list[str] = []
    ours = {
        "first": [lambda: looked.append("everybody")],
        "looks": [lambda: looked.append("fleet")],
    }
    assert upkeep(field, "other", **ours).tick() == (
        "1 woken; the rest is for the workers with other settings"
    )
    assert looked == ["everybody"]
    assert upkeep(field, "fleet", **ours).tick() == "1 unconfirmed, 0 woken, 0 fed, 0 pruned"
    assert looked == ["everybody", "everybody", "fleet"]


def test_silence_is_no_permission(field):
    """In a full store nobody can announce itself: that lets nobody forget what others keep."""
    field.clock.enqueue("old", key="order-17")
    field.clock.settle(field.dial(), PLACED)
    field.clock.forward(timedelta(hours=1))
    upkeep(field, "other").tick()
    assert field.clock.store.jobs.counts()[State.PLACED]
    upkeep(field, "fleet").tick()
    assert not field.clock.store.jobs.counts()[State.PLACED]


def test_a_look_that_is_refused_keeps_nothing_else_from_being_done(field, caplog):
    """A full store refuses one; the round goes on and says so."""

    def full() -> None:
        raise StoreRefused("Redis is full")

    looked: list[str] = []
    field.clock.enqueue("lost")
    field.dial()
    field.clock.forward(LEASE + SECOND)
    announce(field)
    looks = [full, lambda: looked.append("next")]
    assert upkeep(field, "fleet", looks=looks).tick().startswith("1 unconfirmed")
    assert looked == ["next"]
    assert "Redis is full" in caplog.text


def test_a_list_is_fed_by_the_settings_of_live_workers_only(field):
    """A laptop whose file forgot the mode makes no jobs that ring nobody."""
    laptop = Feeder(
        field.clock.store,
        {"default": route(mode="developer")},
        period=PERIOD,
        settings="other",
    )
    field.create("diwali", range(3), start=False)
    field.clock.store.campaigns.steer("start", "diwali", who="t")
    assert laptop.look("diwali") == laptop.tick() == 0
    assert upkeep(field, "fleet").tick() == "0 unconfirmed, 0 woken, 3 fed, 0 pruned"
    assert field.clock.store.jobs.get("diwali:1:1").mode == "live"


def switch(field: Field, mode: str) -> None:
    """Go on with an account in another mode."""
    field.routes["default"] = replace(field.routes["default"], mode=mode)


def test_a_campaign_keeps_the_mode_it_began_with(field):
    """Contacts fed after the account was switched stop it, and ring nobody else in vain."""
    field.create("diwali", range(3))
    switch(field, "developer")
    field.add("diwali", range(3, 6))
    field.clock.forward(2 * PERIOD)
    field.tick()

    assert field.counts("diwali") == {"ready": 6}
    modes = {field.clock.store.jobs.get(f"diwali:{row}:1").mode for row in range(1, 7)}
    assert modes == {"live"}
    assert field.dial(mode="developer") == HELD


def test_jobs_that_are_made_anew_keep_their_mode(field):
    """A campaign that is changed while its account is in developer mode does not follow it."""
    field.create("diwali", range(3))
    switch(field, "developer")
    store = field.clock.store
    changed = field.create("other", start=False, call={"from": "8", "fromType": "Group"})
    store.campaigns.replace(replace_name(changed, "diwali"), who="t")
    field.feeder.look("diwali")
    job = store.jobs.get("diwali:1:1")
    assert ('"8"' in job.content, job.mode) == (True, "live")


def replace_name(campaign, name: str):
    """The same definition under another name."""
    return campaign.model_copy(update={"name": name})


def test_a_rehearsal_stays_one(field):
    """Begun in developer mode it rings nobody, also when its account is live later."""
    switch(field, "developer")
    field.create("diwali", range(2))
    switch(field, "live")
    field.add("diwali", range(2, 4))
    field.clock.forward(2 * PERIOD)
    field.tick()
    modes = {field.clock.store.jobs.get(f"diwali:{row}:1").mode for row in range(1, 5)}
    assert modes == {"developer"}
