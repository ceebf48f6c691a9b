"""Single scripts that run by a wrong clock, or by a memory that was lost: none goes by it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from campaignkit import Field
from storekit import PLACED, REFUSED, SECOND, Clockwork, whole_state

from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.errors import CampaignRefused, StoreUnavailable
from dialer.store import Store
from dialer.store.redis.epochs import Epochs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def prune(store: Store) -> object:
    return store.maintenance.prune(State.PLACED, retention=DAY, key_retention=DAY)


def forget(store: Store) -> object:
    return store.contacts.forget("ended", who="test", after=DAY)


DUTIES: dict[str, Callable[[Store], object]] = {
    "reap": lambda store: store.maintenance.reap(),
    "due": lambda store: store.maintenance.due(),
    "prune": prune,
    "sweep": lambda store: store.feeding.sweep("ending", 100),
    "forget": forget,
}


@pytest.fixture
def clock(scratch_clockwork: Clockwork) -> Clockwork:
    """A store with something that each duty would end, if it were forty days later."""
    clock, field = scratch_clockwork, Field.on(scratch_clockwork)
    Epochs(clock.store.server).begin()
    ends = clock.now + 2 * DAY
    field.create("ended", [1], calling_hours="always", ends=ends)
    clock.settle(clock.begun(), PLACED)
    clock.enqueue("leased")
    clock.begun()
    clock.enqueue("later", not_before=clock.now + DAY, deadline=3 * DAY)
    field.create("ending", [2], calling_hours="always", ends=ends)
    clock.forward(SECOND)
    return clock


def state_of(clock: Clockwork) -> dict[str, object]:
    """Copy what is not about the clock itself."""
    told = ("era", "hold", "test-clock", "pulse", "wake")
    state = whole_state(clock.store)
    return {key: value for key, value in state.items() if not key.split("}:")[1].startswith(told)}


@pytest.mark.parametrize("duty", DUTIES)
def test_no_duty_ends_anything_by_a_step(clock: Clockwork, duty: str) -> None:
    """Also where the step comes in the middle of a tick, whose first look saw nothing of it."""
    before = state_of(clock)
    clock.step(40 * DAY)
    with suppress(CampaignRefused):
        DUTIES[duty](clock.store)
    assert state_of(clock) == before


@pytest.mark.parametrize("duty", DUTIES)
def test_each_duty_ends_what_is_over_when_time_passes(clock: Clockwork, duty: str) -> None:
    """The same wait without a step: there was something to end."""
    before = state_of(clock)
    clock.forward(40 * DAY)
    DUTIES[duty](clock.store)
    assert state_of(clock) != before


def test_nobody_is_fed_by_a_step(
    scratch_clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where it comes between the hours that a feeder writes and the jobs that it makes."""
    clock, field = scratch_clockwork, Field.on(scratch_clockwork)
    Epochs(clock.store.server).begin()
    field.create("diwali", [1], start=False, calling_hours="always", ends=clock.now + 80 * DAY)
    clock.store.campaigns.steer("start", "diwali", who="test", reason="")
    once, steps = clock.store.server._run_once, [40 * DAY]

    def stepping(script, ask, **rest):
        if script == "feed" and steps:
            clock.step(steps.pop())
        return once(script, ask, **rest)

    monkeypatch.setattr(clock.store.server, "_run_once", stepping)
    field.feeder.look("diwali")

    assert steps == []
    assert clock.store.campaigns.progress("diwali").fed == 0


def lose_notices(clock: Clockwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the connection of a process whenever it wants to write down what it noticed."""
    once = clock.store.server._run_once

    def lost(script, ask, **rest):
        if script == "notice":
            raise StoreUnavailable("cut")
        return once(script, ask, **rest)

    monkeypatch.setattr(clock.store.server, "_run_once", lost)


def test_who_is_refused_by_a_store_that_forgot_stops_the_others(
    clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In that very step: it may not live to say so in another one."""
    lose_notices(clock, monkeypatch)
    clock.store.server.client.decr(clock.store.server.keys.seq)
    with pytest.raises(StoreUnavailable):
        clock.begin()

    assert clock.newcomer().begin(token="another") == No("held:all")


def test_newcomer_sees_that_the_clock_went_back(scratch_clockwork: Clockwork) -> None:
    """Nobody lives who could tell: the store knows the greatest time it has seen."""
    scratch_clockwork.enqueue()
    scratch_clockwork.enqueue()
    scratch_clockwork.begun()
    scratch_clockwork.step(-HOUR)
    fresh = scratch_clockwork.newcomer()

    assert fresh.begin() == No("clock")
    assert fresh.store.maintenance.healing() != ""
    fresh.forward(SECOND)
    assert isinstance(fresh.begin(), Go)


def test_rate_cut_in_the_future_is_still_a_rate(scratch_clockwork: Clockwork) -> None:
    """After a step back the account goes on slowly, before that cut is healed."""
    scratch_clockwork.enqueue()
    scratch_clockwork.enqueue()
    scratch_clockwork.settle(scratch_clockwork.begun(), REFUSED[Kind.CAPACITY])
    scratch_clockwork.step(-HOUR)
    scratch_clockwork.store.maintenance.notice()
    scratch_clockwork.forward(SECOND)

    assert isinstance(scratch_clockwork.begin(), Go)
