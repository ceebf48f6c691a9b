"""A batch is granted, fenced, settled and given back as its calls would be one by one."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from campaignkit import Field
from storekit import LIMITS, PLACED, REFUSED, SECOND, Clockwork, decided, windows

from dialer.domain.call.customer import CustomerRules
from dialer.domain.job.attempt import Ended, Grant, No, Wait
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful

MS = timedelta(milliseconds=1)
FAR = timedelta(milliseconds=100)
ONE_AN_HOUR = CustomerRules(gap=timedelta(hours=1), caps=())
AGENT = "default/-/-/agent:12/web=na/call=na"


def batch(clockwork: Clockwork, count: int, **changes: object) -> Grant:
    """Ask for several jobs at once."""
    ask = clockwork.ask(count=count, **{"lookahead": FAR, **changes})
    return clockwork.store.attempts.begin(ask)


def ids(grant: Grant) -> list[str]:
    return [go.job_id for go in grant.jobs]


def fill(clockwork: Clockwork, count: int, **changes: object) -> list[str]:
    return [clockwork.enqueue(**changes) for _ in range(count)]


def test_each_job_has_its_own_slot_lease_and_fence(clockwork: Clockwork):
    """Slots are an interval apart, none later than the lookahead; the rest is told when."""
    jobs = fill(clockwork, 20)
    grant = batch(clockwork, 20, limits=replace(LIMITS, calls_per_second=100))

    assert ids(grant) == jobs[:11]
    assert [go.ahead for go in grant.jobs] == [nth * 10 * MS for nth in range(11)]
    assert len({go.token for go in grant.jobs}) == 11
    assert grant.rest == Wait(110 * MS)
    started = [clockwork.store.jobs.get(one).started for one in jobs[:11]]
    assert started == [clockwork.now + nth * 10 * MS for nth in range(11)]


def test_no_more_than_asked_for(clockwork: Clockwork):
    """Who has three connections gets three calls, and the next ask goes on from there."""
    jobs = fill(clockwork, 5)
    first, second = batch(clockwork, 3), batch(clockwork, 3)
    assert (ids(first), first.rest) == (jobs[:3], No("more"))
    assert (ids(second), second.rest) == (jobs[3:], No("empty"))


@pytest.mark.parametrize("count", [1, 7, 40])
def test_the_rate_is_the_same_however_many_are_asked_for(clockwork: Clockwork, count):
    """Whatever the batches, the account's starts are those of the meter."""
    fill(clockwork, 80)
    limits = replace(LIMITS, calls_per_second=200, burst=3)
    began, starts = clockwork.now, []
    while len(starts) < 40:
        grant = batch(clockwork, count, limits=limits)
        assert grant.rest != No("empty")
        starts += [clockwork.now - began + go.ahead for go in grant.jobs]
        if isinstance(grant.rest, Wait):
            clockwork.forward(grant.rest.time)
    starts = starts[:40]
    for first, start in enumerate(starts):
        within = sum(start <= other < start + SECOND / 10 for other in starts[first:])
        assert within <= 20 + 3


def test_two_jobs_of_one_customer_are_not_in_one_batch(clockwork: Clockwork):
    """What the first reserves is read before the second is looked at."""
    one, two, other = (
        clockwork.enqueue(protected=(number,)) for number in ("+911", "+911", "+912")
    )
    grant = batch(clockwork, 3, customer=ONE_AN_HOUR)
    assert ids(grant) == [one, other]
    assert clockwork.store.jobs.get(two).state is State.SCHEDULED


def test_two_jobs_for_one_agent_are_not_in_one_batch(scratch_clockwork: Clockwork):
    """An agent of a campaign talks to one customer at a time, also within a batch."""
    field = Field.on(scratch_clockwork)
    field.create("diwali", range(4), call={"from": "12", "fromType": "Agent"})
    grant = batch(field.clock, 4)
    assert len(grant.jobs) == 1


@pytest.mark.parametrize(("limit", "calls"), [("max_posting", 1), ("max_live_calls", 2)])
def test_limits_of_a_campaign_hold_within_a_batch(scratch_clockwork: Clockwork, limit, calls):
    """A campaign has no more on the wire, or going on, than it may."""
    field = Field.on(scratch_clockwork)
    field.create("diwali", range(8), live_per_agent=0, **{limit: calls})
    assert len(batch(field.clock, 8).jobs) == calls


@pytest.mark.parametrize("limits", [{"max_posting": 3}, {"max_live_calls": 3}])
def test_limits_of_an_account_hold_within_a_batch(clockwork: Clockwork, limits):
    """An account has no more on the wire, or going on, than it may; the word says which."""
    fill(clockwork, 8)
    grant = batch(clockwork, 8, limits=replace(LIMITS, **limits))
    assert len(grant.jobs) == 3
    assert grant.rest == No("live" if "max_live_calls" in limits else "posting")


def test_a_file_of_direct_calls_leaves_a_tenth_within_a_batch(scratch_clockwork: Clockwork):
    """Nine direct calls in a row, then a campaign's, in one ask as in ten."""
    field = Field.on(scratch_clockwork)
    field.create("diwali", range(10), live_per_agent=0)
    fill(field.clock, 40)
    of_campaign = [":" in one for one in ids(batch(field.clock, 30))]
    assert of_campaign.count(True) == 3
    assert of_campaign[9]


def test_campaigns_share_within_a_batch(scratch_clockwork: Clockwork):
    """Weights decide whose turn it is also where many are granted at once."""
    field = Field.on(scratch_clockwork)
    for name, weight, first in (("heavy", 3, 0), ("light", 1, 100)):
        field.create(name, range(first, first + 40), weight=weight, live_per_agent=0)
    shares = [one.split(":")[0] for one in ids(batch(field.clock, 40))]
    assert 28 <= shares.count("heavy") <= 32


def test_a_campaigns_own_rate_holds_within_a_batch(scratch_clockwork: Clockwork):
    """Beside a quick one, a campaign at 20/s has what is its own, and takes no slot from it."""
    field = Field.on(scratch_clockwork, calls_per_second=100, burst=1)
    field.create("slow", range(100), live_per_agent=0, calls_per_second=20)
    field.create("quick", range(100, 500), live_per_agent=0)
    starts: list[tuple[str, timedelta]] = []
    began = field.clock.now
    while field.clock.now < began + 2 * SECOND:
        grant = batch(field.clock, 30, limits=field.routes["default"].limits)
        at = field.clock.now - began
        starts += [(go.job_id.split(":")[0], at + go.ahead) for go in grant.jobs]
        field.clock.store.attempts.settle(
            [Ended(go.job_id, go.token, decided(go, PLACED)) for go in grant.jobs]
        )
        field.tick()
        field.clock.forward(80 * MS)
    slow = [at for name, at in starts if name == "slow"]
    assert len(starts) >= 0.98 * 100 * 2
    assert 36 <= len(slow) <= 42
    assert all(later - earlier >= 50 * MS for earlier, later in pairwise(slow))


def test_a_probe_is_one_call_whatever_was_asked_for(clockwork: Clockwork):
    """An open breaker lets one through at a time."""
    fill(clockwork, 10)
    for _ in range(5):
        clockwork.settle(clockwork.begun(), Doubtful("silence"))
    clockwork.forward(10 * SECOND)
    grant = batch(clockwork, 30)
    assert len(grant.jobs) == 1
    assert batch(clockwork, 30) == Grant((), No("breaker"))


def test_hours_are_compared_with_each_slot(clockwork: Clockwork):
    """What would start after closing time is not granted, though the ask came before it."""
    jobs = fill(clockwork, 10)
    until = clockwork.now + 45 * MS
    open_hours = windows((clockwork.now - SECOND, until))
    limits = replace(LIMITS, calls_per_second=100)
    grant = batch(clockwork, 10, limits=limits, windows=open_hours)
    assert ids(grant) == jobs[:5]
    assert grant.rest == No("closed")


def test_deadlines_are_compared_with_each_slot(clockwork: Clockwork):
    """A job whose own slot would come after its deadline is skipped, not rung late."""
    soon = clockwork.now + 25 * MS
    jobs = fill(clockwork, 5, not_after=soon)
    grant = batch(clockwork, 5, limits=replace(LIMITS, calls_per_second=100))
    assert ids(grant) == jobs[:3]
    assert [clockwork.store.jobs.get(one).state for one in jobs[3:]] == [State.SKIPPED] * 2


def test_the_same_ask_again_is_answered_with_the_same_jobs(clockwork: Clockwork):
    """A reply that was lost grants nothing twice; what was settled meanwhile is left out."""
    fill(clockwork, 6)
    ask = clockwork.ask(count=3, lookahead=FAR)
    first = clockwork.store.attempts.begin(ask)
    assert clockwork.store.attempts.begin(ask).jobs == first.jobs
    clockwork.settle(first.jobs[0], PLACED)
    clockwork.release(first.jobs[1])
    assert clockwork.store.attempts.begin(ask).jobs == first.jobs[2:]


def test_a_disowned_ask_gives_everything_back_once(clockwork: Clockwork):
    """Nobody sends what its caller never heard of; a repeat of the ask gets nothing."""
    jobs = fill(clockwork, 3)
    ask = clockwork.ask(count=3)
    grant = clockwork.store.attempts.begin(ask)
    clockwork.settle(grant.jobs[0], PLACED)

    assert clockwork.store.attempts.disown(ask.ask, "lost") == 2
    assert clockwork.store.attempts.disown(ask.ask, "lost") == 0
    assert clockwork.store.attempts.begin(ask) == Grant((), No("settled"))
    states = [clockwork.store.jobs.get(one).state for one in jobs]
    assert states == [State.PLACED, State.READY, State.READY]
    assert clockwork.store.jobs.get(jobs[1]).attempts == 0


def test_releasing_one_leaves_the_others_on_the_wire(clockwork: Clockwork):
    """A late call of a batch takes none of its neighbours back."""
    fill(clockwork, 3)
    grant = batch(clockwork, 3)
    assert clockwork.store.attempts.release([grant.jobs[1]], "late") == [True]
    assert clockwork.settle(grant.jobs[0], PLACED)
    assert clockwork.settle(grant.jobs[2], PLACED)
    assert not clockwork.settle(grant.jobs[1], PLACED), "its fence is gone"


@pytest.mark.parametrize("late", [True, False])
def test_one_pause_of_a_batch_is_one_fault(clockwork: Clockwork, late):
    """Eight starts that were late at once, or leases that ended, open no breaker of five."""
    fill(clockwork, 16)
    for opened in (False, False, False, False, True):
        grant = batch(clockwork, 8)
        if late:
            for go in grant.jobs:
                clockwork.store.attempts.release([go], "late", fault=True)
        else:
            fill(clockwork, 8)
            clockwork.forward(2 * 60 * SECOND)
            clockwork.store.maintenance.reap()
        breaker = clockwork.store.accounts.standing("default", LIMITS).breaker
        assert (breaker == "open") == opened
        clockwork.forward(SECOND)


def test_outcomes_of_many_are_recorded_in_one_step_each_for_itself(clockwork: Clockwork):
    """One that a person resolved, or whose record is damaged, keeps no other from its state."""
    jobs = fill(clockwork, 4)
    grant = batch(clockwork, 4)
    server = clockwork.store.server
    server.client.delete(server.keys.job(jobs[1]))
    outcomes = [PLACED, PLACED, REFUSED[Kind.REQUEST], REFUSED[Kind.PROVIDER]]
    ended = [
        Ended(go.job_id, go.token, decided(go, outcome))
        for go, outcome in zip(grant.jobs, outcomes, strict=True)
    ]
    assert clockwork.store.attempts.settle(ended) == [True, False, True, True]
    assert clockwork.store.attempts.settle(ended) == [True, False, True, True]
    states = [clockwork.store.jobs.get(one).state for one in (jobs[0], jobs[2], jobs[3])]
    assert states == [State.PLACED, State.DEAD, State.SCHEDULED]


def test_more_outcomes_than_one_step_takes_are_all_recorded(clockwork: Clockwork):
    """A worker that could not reach the store for long says everything at once."""
    jobs = fill(clockwork, 70)
    grant = batch(clockwork, 70)
    ended = [Ended(go.job_id, go.token, decided(go, PLACED)) for go in grant.jobs]
    assert clockwork.store.attempts.settle(ended) == [True] * 70
    assert clockwork.store.jobs.counts()[State.PLACED] == len(jobs)


def test_a_batch_moves_the_sequence_once_a_job(clockwork: Clockwork):
    """What a process has seen once must never be missing: each move counts."""
    fill(clockwork, 5)
    server = clockwork.store.server
    before = int(server.client.get(server.keys.seq))
    grant = batch(clockwork, 5)
    assert int(server.client.get(server.keys.seq)) == before + 5
    for go in grant.jobs:
        clockwork.settle(go, PLACED)
    assert int(server.client.get(server.keys.seq)) == before + 10


def test_what_is_left_of_a_doorbell_stays_unanswered(clockwork: Clockwork):
    """Who answers asks again until it is used up; nobody rings for the same calls meanwhile."""
    fill(clockwork, 30)
    server, limits = clockwork.store.server, replace(LIMITS, calls_per_second=100)
    server.client.zadd(server.keys.bells("default"), {"7.20": 2**52})
    grant = batch(clockwork, 20, bell="7.20", limits=limits)
    left = 20 - len(grant.jobs)
    assert left
    assert server.client.zrange(server.keys.bells("default"), 0, -1) == [f"7.{left}"]
    clockwork.forward(grant.rest.time)
    batch(clockwork, left, bell=f"7.{left}", limits=limits)
    assert server.client.zrange(server.keys.bells("default"), 0, -1) == []


def test_a_doorbell_that_is_answered_with_fewer_calls_wakes_the_pacer(clockwork: Clockwork):
    """Calls that a worker has no connections for are there for another, at once."""
    fill(clockwork, 30)
    assert clockwork.store.doorbells.wait(timedelta(milliseconds=1))
    batch(clockwork, 4, bell="7.20")
    assert clockwork.store.doorbells.wait(timedelta(milliseconds=1))
