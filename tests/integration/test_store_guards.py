"""Ways in which `begin` and `take_back` could once be led astray."""

from dataclasses import replace
from datetime import timedelta

import pytest
from storekit import LIMITS, PLACED, REFUSED, SECOND, Clockwork

from dialer.domain.call.customer import CustomerRules
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful

GAP = CustomerRules(60 * SECOND)
NUMBER = ("+911",)
Q = {"quarantine": 600 * SECOND, "deadline": timedelta(hours=1)}


def wait_for_gap_then_begin(clockwork: Clockwork) -> Go:
    """Begin a job that had to wait for its customer's gap first."""
    clockwork.enqueue("first", protected=NUMBER, priority=9)
    clockwork.enqueue("second", protected=NUMBER)
    clockwork.settle(clockwork.begun(customer=GAP), PLACED)
    clockwork.forward(SECOND)
    assert clockwork.begin(customer=GAP) == No("empty")
    clockwork.forward(60 * SECOND)
    clockwork.store.maintenance.due()
    go = clockwork.begun(customer=GAP)
    assert go.job_id == "second"
    return go


@pytest.mark.parametrize("kind", [Kind.PROVIDER, Kind.CAPACITY, Kind.AGENT])
def test_job_that_once_waited_for_its_customer_keeps_its_backoff(clockwork: Clockwork, kind):
    """A refusal wakes those who wait for the customer, not the refused job itself."""
    go = wait_for_gap_then_begin(clockwork)
    clockwork.settle(go, REFUSED[kind])

    job = clockwork.store.jobs.get(go.job_id)
    assert job.due is not None
    assert job.due > clockwork.now


def test_given_back_ring_ends_no_quarantine(clockwork: Clockwork):
    """Another job's refusal does not ring a call again that may be under way."""
    go = wait_for_gap_then_begin(clockwork)
    clockwork.settle(go, Doubtful("silence"))
    clockwork.store.operator.resolve("second", State.DEAD, who="me", reason="r", **Q)
    clockwork.store.operator.redrive(["second"], who="me", per_second=1, deadline=SECOND)
    clockwork.enqueue("third", protected=NUMBER)
    clockwork.forward(61 * SECOND)
    third = clockwork.begun(customer=GAP)
    assert third.job_id == "third"
    clockwork.settle(third, REFUSED[Kind.PROVIDER])
    clockwork.store.maintenance.due()

    assert clockwork.store.jobs.get("second").state is State.SCHEDULED


def test_job_of_an_older_version_is_dialled(clockwork: Clockwork):
    """An upgrade in the middle of a run stops no account with a Lua error."""
    job_id = clockwork.enqueue()
    server = clockwork.store.server
    server.client.hdel(server.keys.job(job_id), "rings")

    assert isinstance(clockwork.begin(), Go)


def test_begin_refuses_a_job_that_is_not_ready(clockwork: Clockwork):
    """Whatever damaged an index, what was placed is not rung again."""
    job_id = clockwork.enqueue()
    clockwork.settle(clockwork.begun(), PLACED)
    clockwork.forward(SECOND)
    server = clockwork.store.server
    server.client.zadd(server.keys.lane("default/-/-/"), {job_id: 1})
    server.client.zadd(server.keys.awake("default"), {"default/-/-/": 1})

    assert not isinstance(clockwork.begin(), Go)
    assert clockwork.store.jobs.get(job_id).state is State.PLACED


def test_begin_that_arrives_after_its_take_back_grants_nothing(clockwork: Clockwork):
    """A begin that was held up on a broken connection finds that nobody waits for it."""
    clockwork.enqueue()
    assert clockwork.store.attempts.disown("late", "the answer to begin was lost") == 0

    assert not isinstance(clockwork.begin(token="late"), Go)


def test_clock_that_is_put_back_stops_no_account(clockwork: Clockwork):
    """A server whose clock was an hour ahead and is put right dials on once that is noticed."""
    clockwork.enqueue()
    clockwork.enqueue()
    clockwork.settle(clockwork.begun(), PLACED)
    clockwork.step(-timedelta(hours=1))
    assert clockwork.begin() == No("clock")
    clockwork.forward(SECOND)

    assert isinstance(clockwork.begin(), Go)


def test_workers_with_different_bursts_do_not_exceed_the_larger(clockwork: Clockwork):
    """While a smaller burst is being rolled out, the meter forgets no debt of the larger one."""
    for _ in range(40):
        clockwork.enqueue()
    large, small = (replace(LIMITS, calls_per_second=1, burst=burst) for burst in (10, 1))
    granted = 0
    for _ in range(3):
        while isinstance(clockwork.begin(limits=large), Go):
            granted += 1
        clockwork.begin(limits=small)

    assert granted <= 10


def test_starts_that_are_always_late_open_the_breaker(clockwork: Clockwork):
    """An endpoint too far away to start in time is noticed, not tried for ever in silence."""
    clockwork.enqueue()
    for _ in range(5):
        go = clockwork.begun()
        clockwork.store.attempts.release([go], "connecting took 300 ms", fault=True)

    assert clockwork.begin() == No("breaker")
    assert "connecting took 300 ms" in clockwork.store.holds.all()[0].reason
