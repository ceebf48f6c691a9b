"""How often one customer is called, whoever asks for it."""

import itertools
import threading
from datetime import timedelta
from random import Random

import pytest
from budgets import examples
from dispatchkit import RULES, Line, inline, route
from hypothesis import given
from hypothesis import strategies as st
from storekit import (
    BREAKER,
    EVER,
    LEASE,
    MOVABLE_CLOCK,
    PLACED,
    REFUSED,
    SECOND,
    START,
    Clockwork,
)

from dialer.dialing.dispatch import Dispatcher
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.call.customer import UNPROTECTED, CustomerRules
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent
from dialer.machine.clock import Clock
from dialer.store import Store
from dialer.store.redis.connection import connect
from dialer.store.redis.record import read_record
from dialer.store.redis.server import Server
from schedules.presets import Cap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GAP = CustomerRules(60 * SECOND)
THREE_A_DAY = CustomerRules(timedelta(0), (Cap(3, DAY),))
LONG = {"not_after": START + timedelta(days=30)}


def call(clockwork: Clockwork, rules: CustomerRules):
    """Let time and one doorbell pass."""
    clockwork.store.maintenance.due()
    return clockwork.begin(customer=rules)


def test_second_call_waits_for_the_gap(clockwork: Clockwork):
    """A customer just called is not called again before the gap is over, and not later."""
    first = clockwork.enqueue(protected=("+911",), ring_lead=20 * SECOND, **LONG)
    second = clockwork.enqueue(protected=("+911",), ring_lead=20 * SECOND, **LONG)
    other = clockwork.enqueue(protected=("+912",), **LONG)
    go = call(clockwork, GAP)
    assert go.job_id == first
    clockwork.forward(SECOND)

    assert call(clockwork, GAP).job_id == other
    waiting = clockwork.store.jobs.get(second)
    assert (waiting.state, waiting.due) == (State.SCHEDULED, START + 80 * SECOND)
    clockwork.forward(79 * SECOND - timedelta(microseconds=1))
    assert call(clockwork, GAP) == No("empty")
    clockwork.forward(timedelta(microseconds=1))
    assert call(clockwork, GAP).job_id == second


def test_no_rule_means_no_wait(clockwork: Clockwork):
    """With neither gap nor cap two calls to one customer may follow each other at once."""
    for _ in range(2):
        clockwork.enqueue(protected=("+911",), ring_lead=30 * SECOND, **LONG)

    assert isinstance(call(clockwork, UNPROTECTED), Go)
    clockwork.forward(SECOND)
    assert isinstance(call(clockwork, UNPROTECTED), Go)


@pytest.mark.parametrize("outcome", [*REFUSED.values(), NotSent("refused"), Doubtful("x"), PLACED])
def test_reservation_is_kept_only_when_it_may_have_rung(clockwork: Clockwork, outcome):
    """A refused attempt gives its ring back; one that may have rung does not."""
    clockwork.enqueue(protected=("+911",), **LONG)
    clockwork.settle(call(clockwork, CustomerRules(DAY)), outcome)
    clockwork.store.holds.release("account:default", owner="api", who="test")
    clockwork.forward(HOUR)
    clockwork.enqueue(protected=("+911",), priority=9, **LONG)
    rang = (
        outcome == PLACED
        or isinstance(outcome, Doubtful)
        or outcome
        in (
            REFUSED[Kind.UNKNOWN],
            REFUSED[Kind.AMBIGUOUS],
        )
    )

    assert isinstance(call(clockwork, CustomerRules(DAY)), No if rang else Go)


def test_attempt_taken_back_or_lost(clockwork: Clockwork):
    """A start taken back frees the customer; a worker that died does not."""
    clockwork.enqueue(protected=("+911",), **LONG)
    clockwork.store.attempts.release([call(clockwork, THREE_A_DAY)], "slow")
    one_a_day = CustomerRules(timedelta(0), (Cap(1, DAY),))
    assert isinstance(call(clockwork, one_a_day), Go)
    clockwork.forward(LEASE)
    clockwork.store.maintenance.reap()
    clockwork.enqueue(protected=("+911",), **LONG)

    assert call(clockwork, one_a_day) == No("empty")


def test_cap_slides_across_midnight(clockwork: Clockwork):
    """Three calls in any 24 hours, counted from each call and not from midnight."""
    ids = [clockwork.enqueue(protected=("+911",), **LONG) for _ in range(5)]
    for nth in range(3):
        assert call(clockwork, THREE_A_DAY).job_id == ids[nth]
        clockwork.forward(HOUR)
    assert call(clockwork, THREE_A_DAY) == No("empty")
    clockwork.forward(21 * HOUR - timedelta(microseconds=1))
    assert call(clockwork, THREE_A_DAY) == No("empty")
    clockwork.forward(timedelta(microseconds=1))

    assert call(clockwork, THREE_A_DAY).job_id == ids[3]
    assert call(clockwork, THREE_A_DAY) == No("empty")
    clockwork.forward(HOUR)
    assert call(clockwork, THREE_A_DAY).job_id == ids[4]


def test_providers_retries_are_reserved(clockwork: Clockwork):
    """A call that may ring three times takes three places; one that needs more never goes."""
    clockwork.enqueue(protected=("+911",), rings=(2,), **LONG)
    clockwork.enqueue(protected=("+911",), rings=(2,), **LONG)
    third = clockwork.enqueue(protected=("+911",), rings=(1,), **LONG)
    never = clockwork.enqueue(protected=("+912",), rings=(4,), **LONG)
    assert isinstance(call(clockwork, THREE_A_DAY), Go)

    assert call(clockwork, THREE_A_DAY).job_id == third
    assert call(clockwork, THREE_A_DAY) == No("empty")
    job = clockwork.store.jobs.get(never)
    assert (job.state, "rings more often" in job.reason) == (State.SKIPPED, True)


def test_no_moment_before_the_deadline_is_skipped_then(clockwork: Clockwork):
    """A job whose customer is free only after its deadline waits in vain, and says what for."""
    clockwork.enqueue(protected=("+911",), **LONG)
    call(clockwork, CustomerRules(HOUR))
    late = clockwork.enqueue(protected=("+911",), not_after=START + HOUR)
    call(clockwork, CustomerRules(HOUR))
    assert clockwork.store.jobs.get(late).due == START + HOUR
    clockwork.forward(HOUR)
    clockwork.store.maintenance.due()
    job = clockwork.store.jobs.get(late)

    assert job.state is State.SKIPPED
    assert job.reason == (
        "its deadline has passed; it had waited: the customer has been called too recently"
    )


def test_every_number_of_a_call_counts(clockwork: Clockwork):
    """A call to two customers waits for both."""
    clockwork.enqueue(protected=("+911",), **LONG)
    call(clockwork, CustomerRules(HOUR))
    both = clockwork.enqueue(protected=("+912", "+911"), **LONG)
    call(clockwork, CustomerRules(HOUR))

    assert clockwork.store.jobs.get(both).due == START + HOUR


def test_ring_given_back_wakes_who_waited(clockwork: Clockwork):
    """A job that waits for its customer goes as soon as the attempt before it is refused."""
    clockwork.enqueue(protected=("+911",), **LONG)
    waiting = clockwork.enqueue(protected=("+911",), **LONG)
    go = call(clockwork, CustomerRules(DAY))
    clockwork.forward(SECOND)
    assert call(clockwork, CustomerRules(DAY)) == No("empty")
    clockwork.settle(go, REFUSED[Kind.REQUEST])

    assert call(clockwork, CustomerRules(DAY)).job_id == waiting


def test_racing_workers_reach_the_cap_and_never_pass_it(scratch_server):
    """Eight threads, many jobs for ten numbers, cap three: each is called exactly three times."""
    client = connect(scratch_server.url)
    client.flushdb()
    store = Store.on(Server(client), BREAKER)
    clockwork = Clockwork(store, clock=Clock())
    numbers = [f"90000000{n:02d}" for n in range(10)]
    jobs = [
        clockwork.job(
            mode="live",
            protected=(f"+91{number}",),
            content=ClickToCall(from_="9111111111", to=number).content(),
            deadline=2 * DAY,
        )
        for number in numbers * 8
    ]
    store.jobs.enqueue(jobs, who="test")
    rng, lock = Random(2), threading.Lock()

    def outcome():
        with lock:
            return PLACED if rng.random() < 0.8 else REFUSED[Kind.REQUEST]

    fast = route(limits=Limits(1000, 1000, 1000, 0, SECOND), customer=THREE_A_DAY)
    fast.hours.windows = lambda _: EVER
    worker = Dispatcher(
        attempts=store.attempts,
        client=Line(outcome),
        routes={"default": fast},
        rules=RULES,
        rng=Random(1),
        threads=inline(),
    )

    def soon() -> bool:
        """Whether somebody may still be rung today: who waits looks again when rings are over."""
        waiting = list(store.jobs.select(State.SCHEDULED))
        today = store.server.time() + HOUR
        counts = store.jobs.counts()
        return bool(counts[State.READY] or counts[State.DIALING]) or any(
            job.due and job.due < today for job in waiting
        )

    def work() -> None:
        while soon():
            worker.answer("default")
            store.maintenance.due()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    placed = [job.protected[0][-10:] for job in store.jobs.select(State.PLACED)]
    counts = store.jobs.counts()
    store.server.close()

    assert {number: placed.count(number) for number in numbers} == dict.fromkeys(numbers, 3)
    assert sum(counts.values()) == len(jobs)
    assert counts[State.SCHEDULED] == len(jobs) - len(placed) - counts[State.DEAD]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["+911", "+912"]),
        st.integers(1, 3),
        st.sampled_from([SECOND, 59 * SECOND, HOUR, 7 * HOUR, 23 * HOUR]),
        st.sampled_from([PLACED, REFUSED[Kind.REQUEST], Doubtful("x")]),
    ),
    max_size=25,
)


@examples(30, 200)
@given(steps=STEPS, gap=st.sampled_from([0, 60, 7200]), most=st.integers(1, 4))
def test_no_history_breaks_the_rules(scratch_server, steps, gap, most):
    """Whatever was called when, the rings that may have been heard keep gap and cap."""
    client = connect(scratch_server.url)
    client.flushdb()
    clockwork = Clockwork(Store.on(Server(client, clock=MOVABLE_CLOCK), BREAKER))
    rules = CustomerRules(gap * SECOND, (Cap(most, DAY),))
    heard: dict[str, list] = {"+911": [], "+912": []}
    for number, rings, wait, outcome in steps:
        clockwork.enqueue(protected=(number,), rings=(rings,), ring_lead=10 * SECOND, **LONG)
        clockwork.forward(wait)
        go = call(clockwork, rules)
        if not isinstance(go, Go):
            clockwork.store.holds.release("account:default", owner="breaker", who="test")
            continue
        job = clockwork.store.jobs.get(go.job_id)
        record = read_record(client.hgetall(clockwork.store.server.keys.job(go.job_id)))
        count = int(record["rings"])
        clockwork.settle(go, outcome)
        if outcome != REFUSED[Kind.REQUEST]:
            heard[job.protected[0]] += [(clockwork.now, nth == 0) for nth in range(count)]
    client.close()

    for rung in heard.values():
        for at, _ in rung:
            assert sum(at - DAY < other <= at for other, _ in rung) <= most
        calls = [at for at, first in rung if first]
        assert all(b - a >= gap * SECOND for a, b in itertools.pairwise(calls))


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [(1, 30, True), (7, 30, True), (30, 30, False), (30, 7, False), (1, 1, False)],
)
def test_cap_that_is_made_longer_says_from_when_it_counts(clockwork, before, after, missing):
    """Rings of before were kept for a shorter time; nothing is said where none can be missing."""
    customers = clockwork.store.customers
    old, new = (CustomerRules(timedelta(0), (Cap(3, days * DAY),)) for days in (before, after))
    assert customers.counted_from(new, clockwork.now) is None, "nobody was rung yet"
    clockwork.enqueue(protected=("+911",), **LONG)
    assert isinstance(call(clockwork, old), Go)
    clockwork.forward(10 * DAY)

    set_at = clockwork.now
    assert customers.counted_from(new, set_at) == (set_at if missing else None)
    clockwork.enqueue(protected=("+912",), **LONG)
    assert isinstance(call(clockwork, new), Go)
    clockwork.forward(DAY)
    assert customers.counted_from(new, clockwork.now) == (set_at if missing else None)
    assert bool(new.counted_in_words(customers.counted_from(new, clockwork.now))) == missing
    clockwork.forward(after * DAY)
    assert customers.counted_from(new, clockwork.now) is None


def test_what_no_cap_asks_is_not_said(clockwork):
    """Without a cap, or with one whose period was always kept, all is known."""
    clockwork.enqueue(protected=("+911",), **LONG)
    call(clockwork, CustomerRules(timedelta(0), (Cap(3, 30 * DAY),)))

    for rules in (UNPROTECTED, GAP, THREE_A_DAY):
        assert clockwork.store.customers.counted_from(rules, clockwork.now) is None
