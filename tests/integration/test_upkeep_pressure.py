"""A store that fills up forgets what nobody has to look at, and goes on dialling."""

from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field
from storekit import PLACED, REFUSED, Clockwork

from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful
from dialer.maintenance.upkeep import Upkeep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """A store whose fullness the test says."""
    clockwork.store.server.fullness = lambda: 0.0
    return Field.on(clockwork)


def upkeep(field: Field) -> Upkeep:
    """Upkeep with the settings' own retention."""
    return Upkeep(field.clock.store, period=PERIOD, feed=field.feeder.tick)


def dialled(field: Field) -> None:
    """Bring six contacts and one direct call to their ends, one of each kind."""
    field.clock.enqueue("direct", key="order-17")
    field.create("diwali", range(6))
    ends = [PLACED, PLACED, PLACED, REFUSED[Kind.REQUEST], Doubtful("silence"), PLACED, PLACED]
    for go, outcome in zip(field.dial_all(), ends, strict=True):
        field.clock.settle(go, outcome)


@pytest.mark.parametrize(("fullness", "placed"), [(0.59, 5), (0.61, 0)])
def test_a_store_under_pressure_forgets_placed_calls_after_an_hour(field, fullness, placed):
    """Dead letters and doubtful calls wait for a person, however full it is."""
    dialled(field)
    field.clock.store.server.fullness = lambda: fullness
    field.clock.forward(HOUR / 2)
    upkeep(field).tick()
    assert field.clock.store.jobs.counts()[State.PLACED] == 5
    field.clock.forward(HOUR)
    upkeep(field).tick()
    counts = field.clock.store.jobs.counts()
    assert (counts[State.PLACED], counts[State.DEAD], counts[State.UNCONFIRMED]) == (placed, 1, 1)


def test_only_keys_leave_a_stone(field):
    """A contact is fed once by its cursor; a producer may come again with its key."""
    dialled(field)
    field.clock.forward(31 * DAY)
    upkeep(field).tick()
    client, keys = field.clock.store.server.client, field.clock.store.server.keys
    assert client.hget(keys.job("direct"), "was") == "placed"
    assert not client.exists(keys.job("diwali:1:1"))
    # The books of the campaign go on to say what became of its list.
    assert field.counts("diwali") == {"placed": 4, "dead": 1, "unconfirmed": 1}


def test_a_full_store_is_pruned_though_it_is_not_fed(field):
    """Feeding is refused when it is full, and fed again when there is room."""
    dialled(field)
    field.add("diwali", range(10, 20))
    field.clock.forward(2 * HOUR)
    field.clock.store.server.fullness = lambda: 0.9
    upkeep(field).tick()
    assert field.clock.store.jobs.counts()[State.PLACED] == 0
    assert field.counts("diwali")["waiting"] == 10
    field.clock.store.server.fullness = lambda: 0.5
    field.clock.forward(PERIOD)
    upkeep(field).tick()
    assert field.counts("diwali")["ready"] == 10
