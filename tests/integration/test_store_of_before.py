"""A store that an earlier version wrote goes on: no job is lost, none is made twice."""

from datetime import timedelta

import pytest
from campaignkit import Field
from oldkit import load
from storekit import PLACED, START, Clockwork

from dialer import Dialer, Verdict
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.migration import Migration

SETTINGS = {
    "accounts": {"default": {"user_id": "00000001", "calling_hours": "always", "mode": "live"}}
}
CONTACTS, CALLS = 30, 12
REFUSES = "+919000001009"
LATER = {8: START + timedelta(hours=2)}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def call(nth: int) -> ClickToCall:
    return ClickToCall(from_="9000000001", to=f"9000001{nth:03d}", time_limit=600)


def producer(store: Store) -> Dialer:
    return Dialer(store, Settings.parse(SETTINGS), who="test")


@pytest.fixture
def before(clockwork: Clockwork) -> Clockwork:
    """The store of before, carried over."""
    load(clockwork)
    assert sum(Migration(clockwork.store.server).carry()) > CALLS
    return clockwork


def test_every_job_is_in_the_state_it_was_in(before: Clockwork):
    """Records, indexes, keys and lists are read as they were written."""
    counts = {str(state): n for state, n in before.store.jobs.counts().items() if n}
    assert counts["dialing"] == 1
    assert {"scheduled", "ready", "placed", "dead", "unconfirmed", "cancelled"} <= set(counts)
    assert len(list(before.store.jobs.select())) == sum(counts.values())
    assert before.store.suppression.find(REFUSES)
    assert [hold.scope for hold in before.store.holds.all()] == ["account:other"]
    assert {one.name for one in before.store.campaigns.every()} == {"diwali", "holi"}


def test_the_same_order_is_the_same_job(before: Clockwork):
    """What was handed over before is known by its key, and by its content."""
    jobs = before.store.jobs.counts()
    for nth in range(CALLS):
        receipt = producer(before.store).enqueue(call(nth), key=f"order-{nth}")
        assert receipt.verdict is Verdict.DUPLICATE
    assert before.store.jobs.counts() == jobs


def test_everything_goes_on_to_its_end(before: Clockwork):
    """Answers, retries, redrives and both campaigns come to their end; each number is rung once."""
    store, field = before.store, Field.on(before)
    (wired,) = store.jobs.select(State.DIALING)
    assert before.settle(granted(wired.id), PLACED)
    (doubt,) = store.jobs.select(State.UNCONFIRMED)
    store.operator.resolve(
        doubt.id, "placed", who="test", reason="a test", quarantine=MINUTE, deadline=DAY
    )
    dead = [job.id for job in store.jobs.select(State.DEAD)]
    assert store.operator.redrive(dead, who="test", per_second=10, deadline=DAY).done == dead
    field.steer("start", "holi")
    rung = finish(field)
    counts = {str(state): n for state, n in store.jobs.counts().items() if n}
    assert counts == {"placed": CALLS - 2 + 2 * CONTACTS, "cancelled": 1, "skipped": 1}
    assert len(rung) == len(set(rung))


def finish(field: Field) -> list[str]:
    """Place everything that may be placed; whom it rang."""
    rung = []
    for _ in range(CALLS + 2 * CONTACTS):
        field.tick()
        for go in field.dial_all():
            field.clock.settle(go, PLACED)
            rung.append(go.job_id)
        field.clock.forward(10 * MINUTE)
    return rung


def granted(job_id: str) -> Go:
    """Make the grant that a worker of before holds."""
    nothing = timedelta(0)
    return Go(job_id, "on-the-wire", 1, nothing, 0, 0, 0, "live", "", "{}")
