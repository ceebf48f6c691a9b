"""A stop is true when its command returns: no call that was granted before can leave any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from campaignkit import Field, number
from storekit import PLACED, Clockwork

from dialer.domain.holds.owners import MACHINES
from dialer.domain.job.job import State
from dialer.maintenance.recovery import recover
from dialer.store import Store

MS = timedelta(milliseconds=1)
LOOKAHEAD, START_BY, MARGIN = 100 * MS, 250 * MS, 50 * MS
MOST = LOOKAHEAD + START_BY + MARGIN


@pytest.fixture
def waits(clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How long each stop waited, by a clock that moves with it."""
    waited: list[timedelta] = []

    def sleep(seconds: float) -> None:
        waited.append(timedelta(seconds=seconds))
        clockwork.forward(waited[-1])

    monkeypatch.setattr(clockwork.store.server, "_sleep", sleep)
    return waited


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """One account, and a campaign that runs."""
    made = Field.on(clockwork)
    made.create("diwali", range(4))
    return made


def hold(scope: str) -> Callable[[Store], object]:
    """A person's hold."""
    return lambda store: store.holds.set(scope, owner="operator", who="asha", reason="stop")


def edit(store: Store) -> None:
    """A change of what is said."""
    made = store.campaigns.get("diwali")
    store.campaigns.replace(made.model_copy(update={"weight": 2}), who="asha")


STOPS = {
    "hold everything": hold("all"),
    "hold the account": hold("account:default"),
    "hold the campaign": hold("campaign:diwali"),
    "hold whom it rings": hold("pool:default/group:7"),
    "pause": lambda store: store.campaigns.steer("pause", "diwali", who="asha"),
    "cancel the campaign": lambda store: store.campaigns.steer("cancel", "diwali", who="asha"),
    "do not call": lambda store: store.suppression.add(
        [number(0)], account=None, who="asha", reason="asked"
    ),
    "cancel": lambda store: store.operator.cancel(["diwali:1:1"], who="asha", reason="asked"),
    "edit": edit,
    "recover": lambda store: recover(store, who="asha"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_waits_for_what_was_granted(field, waits, stop):
    """The call may leave until its slot and `start_by` are over, and not a moment later."""
    clock = field.clock
    ask = {"lookahead": LOOKAHEAD, "start_by": START_BY}
    clock.begun(**ask)
    leaves = clock.now + START_BY
    clock.forward(30 * MS)
    stop(clock.store)
    assert waits == [START_BY + MARGIN - 30 * MS]
    assert clock.now >= leaves


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_waits_for_nothing_where_nothing_was_granted(field, waits, stop):
    """Before the first call, and once the last one has surely left."""
    clock = field.clock
    stop(clock.store)
    assert waits == []
    clock.enqueue("direct")
    for held in clock.store.holds.all():
        clock.store.holds.release(held.scope, owner=held.owner, who="asha")
    clock.begun(lookahead=LOOKAHEAD, start_by=START_BY)
    clock.forward(MOST)
    stop_again = hold("all")
    stop_again(clock.store)
    assert waits == []


def test_the_latest_of_many_grants_counts(field, waits):
    """Also where an earlier slot was granted after it, to a worker with a shorter `start_by`."""
    clock = field.clock
    clock.begun(lookahead=LOOKAHEAD, start_by=START_BY)
    clock.settle(clock.begun(start_by=START_BY), PLACED)
    clock.forward(MS)
    clock.begin(start_by=MS, lookahead=LOOKAHEAD)
    hold("all")(clock.store)
    assert waits == [START_BY + MARGIN - MS]


def test_said_again_it_is_true_again(field, waits):
    """Whoever said it first may have died before it was true."""
    clock, campaigns = field.clock, field.clock.store.campaigns
    clock.begun(start_by=START_BY)
    pause = {"verb": "pause", "name": "diwali", "who": "asha", "reason": ""}
    clock.store.server.run("steer", pause, token="a token")
    assert not campaigns.steer("pause", "diwali", who="asha")
    assert waits == [START_BY + MARGIN]


def test_a_list_of_numbers_waits_once(field, waits):
    """However many batches it has."""
    field.clock.begun(start_by=START_BY)
    numbers = [number(nth) for nth in range(1200)]
    field.clock.store.suppression.add(numbers, account=None, who="a", reason="b")
    assert len(waits) == 1


@pytest.mark.parametrize("owner", MACHINES)
def test_what_the_system_holds_waits_for_nothing(field, waits, owner):
    """A tick has other things to do."""
    field.clock.begun(start_by=START_BY)
    field.clock.store.holds.set("all", owner=owner, who=owner, reason="r")
    assert waits == []


@pytest.mark.parametrize(
    "go_on",
    [
        lambda store: store.holds.release("all", owner="operator", who="a"),
        lambda store: store.campaigns.steer("resume", "diwali", who="a"),
        lambda store: store.suppression.remove([number(1)], account=None, who="a", reason="b"),
    ],
)
def test_what_lets_calls_go_on_waits_for_nothing(field, waits, go_on):
    """Only a stop has to be true at once."""
    field.steer("pause", "diwali")
    field.clock.enqueue("direct")
    field.clock.begun(start_by=START_BY)
    go_on(field.clock.store)
    assert waits == []


def test_a_clock_that_stepped_back_bounds_the_wait(field, waits):
    """What was granted an hour ahead of now is no reason to wait an hour."""
    clock = field.clock
    clock.begun(start_by=START_BY)
    clock.forward(-timedelta(hours=1))
    hold("all")(clock.store)
    assert waits == [timedelta(seconds=2) + MARGIN]
    assert clock.store.jobs.counts()[State.DIALING] == 1
