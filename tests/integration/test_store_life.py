"""The arrows of a job's life, on the real scripts."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from storekit import (
    ALWAYS,
    LEASE,
    LIMITS,
    PLACED,
    REFUSED,
    SECOND,
    START,
    Clockwork,
    whole_state,
    windows,
)

from dialer.domain.account.limits import Limits
from dialer.domain.job.attempt import Go, No, Wait
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.job import TRANSITIONS, State
from dialer.domain.job.outcome import Doubtful, NotSent, Placed, Refused
from dialer.errors import JobNotFound, StateConflict, StoreRefused

Q = {"quarantine": 600 * SECOND, "deadline": timedelta(hours=1)}


def state_of(clockwork: Clockwork, job_id: str) -> State:
    return clockwork.store.jobs.get(job_id).state


def test_job_is_accepted_once(clockwork: Clockwork):
    """The same id and content again is the same job; other content is a conflict."""
    job = clockwork.job("one")
    other = clockwork.job("one", digest="other")

    answers = clockwork.store.jobs.enqueue([job, job, other], who="test")

    assert answers == ["created", "duplicate", "conflict:ready"]
    assert sum(clockwork.store.jobs.counts().values()) == 1


def test_job_past_its_deadline_is_not_accepted(clockwork: Clockwork):
    """A call that may not be rung any more is refused at the door."""
    late = clockwork.job(not_after=START - SECOND)

    assert clockwork.store.jobs.enqueue([late], who="test") == ["late"]
    assert {s: n for s, n in clockwork.store.jobs.counts().items() if n} == {}


def test_begin_and_settle_place_a_call(clockwork: Clockwork):
    """A job goes ready, dialing, placed, and its record tells the way."""
    job_id = clockwork.enqueue()
    go = clockwork.begun()

    assert State.DIALING is state_of(clockwork, job_id)
    assert clockwork.settle(go, PLACED)

    job = clockwork.store.jobs.get(job_id)
    assert (job.state, job.call_id, job.tries, job.attempts) == (State.PLACED, "call-1", 1, 1)
    assert [event.target for event in job.events] == ["ready", "dialing", "placed"]


def test_begin_repeated_with_its_token_grants_the_same_job(clockwork: Clockwork):
    """A reply that was lost can be asked for again, and only one job is dialing."""
    clockwork.enqueue()
    clockwork.enqueue()
    first = clockwork.begun(token="t")

    assert first == clockwork.begin(token="t")
    assert clockwork.store.jobs.counts()[State.DIALING] == 1


def test_settle_twice_changes_nothing(clockwork: Clockwork):
    """A settle whose reply was lost can be repeated."""
    clockwork.enqueue()
    go = clockwork.begun()
    clockwork.settle(go, PLACED)
    before = whole_state(clockwork.store)

    assert clockwork.settle(go, PLACED)
    assert before == whole_state(clockwork.store)


TABLE = [
    (Placed("c"), State.PLACED, 1, True),
    (NotSent("refused"), State.READY, 0, False),
    (REFUSED[Kind.PROVIDER], State.SCHEDULED, 1, False),
    (REFUSED[Kind.AGENT], State.SCHEDULED, 0, False),
    (REFUSED[Kind.CAPACITY], State.SCHEDULED, 0, False),
    (REFUSED[Kind.ACCOUNT], State.READY, 0, False),
    (REFUSED[Kind.REQUEST], State.DEAD, 1, False),
    (REFUSED[Kind.COMPLIANCE], State.DEAD, 1, False),
    (REFUSED[Kind.UNKNOWN], State.UNCONFIRMED, 1, True),
    (REFUSED[Kind.AMBIGUOUS], State.UNCONFIRMED, 1, True),
    (Doubtful("no answer"), State.UNCONFIRMED, 1, True),
]


@pytest.mark.parametrize(("outcome", "state", "tries", "live"), TABLE)
def test_settlement_table(clockwork: Clockwork, outcome, state, tries, live):
    """Each row of the settlement table ends in its state, with its tries and its live call."""
    job_id = clockwork.enqueue()
    go = clockwork.begun()
    clockwork.settle(go, outcome)

    job = clockwork.store.jobs.get(job_id)
    standing = clockwork.store.accounts.standing("default", LIMITS)
    assert (state, tries) == (job.state, job.tries)
    assert (0, int(live)) == (standing.posting, standing.live)


@pytest.mark.parametrize(("outcome", "state", "tries", "live"), TABLE)
def test_late_answer_is_evidence(clockwork: Clockwork, outcome, state, tries, live):
    """An answer that comes after the lease moves the job out of doubt, as the table says."""
    job_id = clockwork.enqueue()
    go = clockwork.begun()
    clockwork.forward(LEASE + SECOND)
    assert [job_id] == clockwork.store.maintenance.reap()

    clockwork.settle(go, outcome)

    job = clockwork.store.jobs.get(job_id)
    assert (state, tries) == (job.state, job.tries)


def test_lease_over_is_unconfirmed_and_stays_so(clockwork: Clockwork):
    """A job whose worker went silent is never dialled again by a machine."""
    job_id = clockwork.enqueue()
    clockwork.begun()
    assert clockwork.store.maintenance.reap() == []
    clockwork.forward(LEASE)
    assert [job_id] == clockwork.store.maintenance.reap()

    clockwork.forward(timedelta(days=3))
    clockwork.store.maintenance.due()

    assert State.UNCONFIRMED is state_of(clockwork, job_id)
    assert No("empty") == clockwork.begin()


def test_take_back_leaves_no_trace_but_the_record(clockwork: Clockwork):
    """A job that surely was not sent is ready again, its try and attempt unused."""
    job_id = clockwork.enqueue()
    go = clockwork.begun()

    assert clockwork.store.attempts.release([go], "too slow")[0]
    assert not clockwork.store.attempts.release([go], "too slow")[0]

    job = clockwork.store.jobs.get(job_id)
    assert (job.state, job.tries, job.attempts) == (State.READY, 0, 0)
    assert not clockwork.settle(go, PLACED), "a taken back attempt may not settle"


def test_resolution_fences_the_late_worker(clockwork: Clockwork):
    """After a person has decided, the attempt's own answer changes nothing."""
    job_id = clockwork.enqueue()
    go = clockwork.begun()
    clockwork.forward(LEASE)
    clockwork.store.maintenance.reap()
    clockwork.store.operator.resolve(job_id, State.DEAD, who="asha", reason="not heard", **Q)

    assert not clockwork.settle(go, PLACED)
    assert State.DEAD is state_of(clockwork, job_id)


def test_ringing_again_waits_for_the_quarantine(clockwork: Clockwork):
    """A person may have an unconfirmed job rung again only when the quarantine is over."""
    job_id = clockwork.enqueue()
    clockwork.begun()
    clockwork.forward(LEASE)
    clockwork.store.maintenance.reap()

    def resolve() -> timedelta:
        return clockwork.store.operator.resolve(job_id, State.READY, who="asha", reason="ask", **Q)

    assert resolve() == 540 * SECOND
    assert State.UNCONFIRMED is state_of(clockwork, job_id)
    clockwork.forward(540 * SECOND)
    assert timedelta(0) == resolve()
    assert job_id == clockwork.begun().job_id


def test_out_of_tries_is_dead_and_redrive_gives_fresh_ones(clockwork: Clockwork):
    """Retries end in a dead letter; redriving it twice puts it back once."""
    job_id = clockwork.enqueue()
    for _ in range(6):
        clockwork.forward(100 * SECOND)
        clockwork.store.maintenance.due()
        clockwork.settle(clockwork.begun(), REFUSED[Kind.PROVIDER])
        clockwork.store.holds.release("account:default", owner="breaker", who="test")
    assert State.DEAD is state_of(clockwork, job_id)

    def redrive() -> list[str]:
        moved = clockwork.store.operator.redrive(
            [job_id], who="asha", per_second=1, deadline=timedelta(hours=1)
        )
        return moved.done

    assert [job_id] == redrive()
    assert redrive() == []
    assert (
        state_of(clockwork, job_id),
        clockwork.store.jobs.get(job_id).tries,
    ) == (State.SCHEDULED, 0)


def test_redrive_spreads_jobs_over_time(clockwork: Clockwork):
    """Redriven jobs become due one after another, over all redrives."""
    ids = [clockwork.enqueue() for _ in range(4)]
    for _ in ids:
        clockwork.settle(clockwork.begun(), REFUSED[Kind.REQUEST])
    start = clockwork.now
    for pair in (ids[:2], ids[2:]):
        clockwork.store.operator.redrive(pair, who="a", per_second=2, deadline=SECOND)

    dues = [clockwork.store.jobs.get(job_id).due for job_id in ids]
    assert [start + nth * SECOND / 2 for nth in range(4)] == dues


REACH = {
    State.SCHEDULED: lambda c, j: None,
    State.READY: lambda c, j: None,
    State.DIALING: lambda c, j: c.begun(token="t"),
    State.PLACED: lambda c, j: c.settle(c.begun(token="t"), PLACED),
    State.UNCONFIRMED: lambda c, j: c.settle(c.begun(token="t"), Doubtful("silence")),
    State.DEAD: lambda c, j: c.settle(c.begun(token="t"), REFUSED[Kind.REQUEST]),
    State.CANCELLED: lambda c, j: c.store.operator.cancel([j], who="a", reason="b"),
    State.SKIPPED: lambda c, j: (
        c.store.suppression.add(["+910"], account=None, who="a", reason="b"),
        c.begin(),
    ),
}


def in_state(clockwork: Clockwork, state: State) -> str:
    not_before = START + timedelta(hours=5) if state is State.SCHEDULED else None
    job_id = clockwork.enqueue(not_before=not_before, protected=("+910",))
    REACH[state](clockwork, job_id)
    assert state is state_of(clockwork, job_id)
    return job_id


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", ["cancel", "discard", "redrive", "resolve"])
def test_person_is_refused_from_every_wrong_state_by_name(clockwork: Clockwork, verb, state):
    """A move that a state does not allow is refused, names the state, and changes nothing."""
    job_id = in_state(clockwork, state)
    before = whole_state(clockwork.store)
    desk = clockwork.store.operator
    legal = state in TRANSITIONS[verb][0]

    if verb == "resolve":
        if legal:
            desk.resolve(job_id, State.PLACED, who="a", reason="b", **Q)
        else:
            with pytest.raises(StateConflict, match=state):
                desk.resolve(job_id, State.PLACED, who="a", reason="b", **Q)
    else:
        moved = (
            desk.redrive([job_id], who="a", per_second=1, deadline=SECOND)
            if verb == "redrive"
            else getattr(desk, verb)([job_id], who="a", reason="b")
        )
        assert moved.refused == ({} if legal else {job_id: state})
    after = whole_state(clockwork.store)
    for volatile in ("{dialer}:redrive", "{dialer}:wake"):
        before.pop(volatile, None)
        after.pop(volatile, None)
    assert legal == (before != after)


@pytest.mark.parametrize("state", list(State))
def test_settle_and_take_back_are_refused_from_every_wrong_state(clockwork: Clockwork, state):
    """An attempt can end only a job that is its own and is dialing or unconfirmed."""
    job_id = in_state(clockwork, state)
    stranger = Go(job_id, "another token", 1, SECOND, 0, 0, 0, "developer", "", "{}")
    before = whole_state(clockwork.store)

    assert not clockwork.settle(stranger, PLACED)
    assert not clockwork.release(stranger)
    assert before == whole_state(clockwork.store)


def test_an_attempt_that_is_over_takes_nothing_back(clockwork: Clockwork):
    """A worker that wakes up late undoes neither what came of its attempt nor the next one."""
    clockwork.enqueue()
    first = clockwork.begun()
    clockwork.settle(first, PLACED)
    clockwork.enqueue()
    late = clockwork.begun()
    clockwork.forward(2 * LEASE)
    clockwork.store.maintenance.reap()
    clockwork.forward(timedelta(hours=1))
    assert not clockwork.store.operator.resolve(late.job_id, State.READY, who="a", reason="b", **Q)
    again = clockwork.begun()
    assert again.job_id == late.job_id
    before = whole_state(clockwork.store)

    for go in (first, late):
        assert not clockwork.store.attempts.release([go], "too late")[0]
    assert whole_state(clockwork.store) == before


def test_unknown_job_is_named(clockwork: Clockwork):
    """Moving or reading a job that does not exist says so."""
    with pytest.raises(JobNotFound, match="nobody"):
        clockwork.store.jobs.get("nobody")
    with pytest.raises(JobNotFound, match="nobody"):
        clockwork.store.operator.resolve("nobody", State.DEAD, who="a", reason="b", **Q)
    moved = clockwork.store.operator.cancel(["nobody"], who="a", reason="b")
    assert moved.refused == {"nobody": "missing"}


def test_record_keeps_the_last_32_events(clockwork: Clockwork):
    """A job's record is bounded however often it is put back."""
    job_id = clockwork.enqueue()
    for _ in range(40):
        clockwork.store.attempts.release([clockwork.begun()], "slow")

    assert len(clockwork.store.jobs.get(job_id).events) == 32


class TestTime:
    """What the passing of time does."""

    def test_scheduled_job_becomes_ready_at_its_time(self, clockwork: Clockwork):
        """A call for later waits, and not longer."""
        job_id = clockwork.enqueue(not_before=START + timedelta(hours=1))
        clockwork.forward(timedelta(minutes=59))
        assert clockwork.store.maintenance.due() == 0
        assert No("empty") == clockwork.begin()
        clockwork.forward(timedelta(minutes=1))
        assert clockwork.store.maintenance.due() == 1

        assert job_id == clockwork.begun().job_id

    def test_deadline_is_checked_at_the_instant_of_dialling(self, clockwork: Clockwork):
        """A ready job whose deadline has passed is skipped, never rung."""
        job_id = clockwork.enqueue(not_after=START + SECOND)
        clockwork.forward(SECOND)

        assert No("empty") == clockwork.begin()
        assert State.SKIPPED is state_of(clockwork, job_id)

    def test_retry_after_the_deadline_is_skipped(self, clockwork: Clockwork):
        """A job put back waits no longer than its deadline, and then says so."""
        job_id = clockwork.enqueue(not_after=START + 3 * SECOND)
        go = clockwork.begun()
        clockwork.settle(
            go, Refused(undocumented("x", Kind.CAPACITY), retry_after=timedelta(hours=1))
        )
        clockwork.forward(3 * SECOND)
        clockwork.store.maintenance.due()

        assert State.SKIPPED is state_of(clockwork, job_id)


class TestPruning:
    """What is forgotten, and what never is."""

    KEEP: ClassVar = {"retention": timedelta(days=30), "key_retention": timedelta(days=90)}

    def prune(self, clockwork: Clockwork) -> int:
        ends = (State.PLACED, State.DEAD, State.CANCELLED, State.SKIPPED)
        return sum(clockwork.store.maintenance.prune(state, **self.KEEP) for state in ends)

    @pytest.mark.parametrize("state", list(State))
    def test_only_ended_jobs_are_forgotten(self, clockwork: Clockwork, state):
        """A job that came to an end is kept for its retention and then gone; others stay."""
        job_id = in_state(clockwork, state)
        ended = state in (State.PLACED, State.DEAD, State.CANCELLED, State.SKIPPED)
        clockwork.forward(timedelta(days=29))
        assert self.prune(clockwork) == 0
        clockwork.forward(timedelta(days=1))
        assert self.prune(clockwork) == int(ended)

        if ended:
            with pytest.raises(JobNotFound, match=f"it was {state} and has been pruned"):
                clockwork.store.jobs.get(job_id)
            assert clockwork.store.jobs.of_number("+910") == []
            moved = clockwork.store.operator.redrive(
                [job_id], who="a", per_second=1, deadline=SECOND
            )
            assert moved.refused == {job_id: "missing"}
        else:
            assert state_of(clockwork, job_id) is state

    def test_tombstone_still_knows_the_key(self, clockwork: Clockwork):
        """A key outlives its job: the same call is no new job, another one a conflict."""
        job = clockwork.job("one")
        clockwork.store.jobs.enqueue([job], who="test")
        clockwork.settle(clockwork.begun(), PLACED)
        clockwork.forward(timedelta(days=31))
        self.prune(clockwork)
        other = replace(job, digest="other")

        answers = clockwork.store.jobs.enqueue([job, other], who="test")

        assert answers == ["duplicate", "conflict:placed"]

    def test_unconfirmed_may_not_even_be_asked_for(self, clockwork: Clockwork):
        """The script refuses to prune a state that needs a person."""
        with pytest.raises(StoreRefused, match="never pruned"):
            clockwork.store.maintenance.prune(State.UNCONFIRMED, **self.KEEP)


class TestGate:
    """What `begin` checks at the last moment."""

    def test_hold_stops_and_release_resumes(self, clockwork: Clockwork):
        """Nothing begins under a hold, and it opens only when no owner is left."""
        clockwork.enqueue()
        for scope in ("all", "account:default"):
            for owner in ("operator", "asha"):
                clockwork.store.holds.set(scope, owner=owner, who="asha", reason="test")
            assert No(f"held:{scope}") == clockwork.begin()
            assert clockwork.store.holds.release(scope, owner="asha", who="test") == (True, 1)
            assert No(f"held:{scope}") == clockwork.begin()
            assert clockwork.store.holds.release(scope, owner="operator", who="test") == (True, 0)
        assert isinstance(clockwork.begin(), Go)

    def test_account_refusal_holds_its_accounts(self, clockwork: Clockwork):
        """A refused credential stops the account; the job is ready and keeps its tries."""
        clockwork.enqueue()
        clockwork.settle(clockwork.begun(), REFUSED[Kind.ACCOUNT], hold=["default", "other"])

        assert [h.scope for h in clockwork.store.holds.all()] == [
            "account:default",
            "account:other",
        ]
        assert No("held:account:default") == clockwork.begin()

    def test_do_not_call_is_read_when_dialling(self, clockwork: Clockwork):
        """A number suppressed after it was enqueued is skipped, for all or for its account."""
        one = clockwork.enqueue(protected=("+911", "+912"))
        two = clockwork.enqueue(protected=("+913",))
        add = clockwork.store.suppression.add
        assert add(["+912"], account=None, who="asha", reason="asked") == 1
        assert add(["+913"], account="default", who="asha", reason="asked") == 1
        assert add(["+912"], account=None, who="asha", reason="asked") == 0

        assert No("empty") == clockwork.begin()
        assert State.SKIPPED is state_of(clockwork, one) is state_of(clockwork, two)

    def test_other_accounts_list_does_not_matter(self, clockwork: Clockwork):
        """A number suppressed for one account may be rung by another."""
        clockwork.enqueue(protected=("+911",))
        clockwork.store.suppression.add(["+911"], account="other", who="a", reason="b")

        assert isinstance(clockwork.begin(), Go)

    def test_provider_register_enters_our_list(self, clockwork: Clockwork):
        """A settle can put the customer's number on the list in the same step."""
        clockwork.enqueue(protected=("+911",))
        clockwork.settle(clockwork.begun(), REFUSED[Kind.COMPLIANCE], suppress="+911")

        assert [entry.who for entry in clockwork.store.suppression.find("+911")] == ["api"]

    def test_closed_and_unknown_hours_stop(self, clockwork: Clockwork):
        """Outside the windows, and where there are none, nothing begins."""
        clockwork.enqueue()
        later = windows((START + SECOND, START + 10 * SECOND))

        assert No("closed") == clockwork.begin(windows=later)
        assert No("closed") == clockwork.begin(windows=())
        clockwork.forward(10 * SECOND)
        assert No("closed") == clockwork.begin(windows=later)
        assert isinstance(clockwork.begin(windows=ALWAYS), Go)

    def test_close_protects_the_last_ring(self, clockwork: Clockwork):
        """A call whose last ring could begin after the close waits for the next opening."""
        job_id = clockwork.enqueue(ring_lead=20 * SECOND)
        morning = START + timedelta(hours=12)
        hours = windows((START, START + 21 * SECOND), (morning, morning + timedelta(hours=1)))
        clockwork.forward(SECOND)

        assert No("empty") == clockwork.begin(windows=hours)
        job = clockwork.store.jobs.get(job_id)
        assert (State.SCHEDULED, morning) == (job.state, job.due)

    def test_one_microsecond_before_the_close_counts(self, clockwork: Clockwork):
        """The last allowed moment is the close minus the ring lead, exclusive."""
        clockwork.enqueue(ring_lead=20 * SECOND)
        hours = windows((START, START + 21 * SECOND))
        clockwork.forward(SECOND - timedelta(microseconds=1))

        assert isinstance(clockwork.begin(windows=hours), Go)

    @pytest.mark.parametrize("off", [-3, 3])
    def test_caller_with_a_wrong_clock_is_refused(self, clockwork: Clockwork, off):
        """A worker whose wall clock is off by more than two seconds never dials."""
        clockwork.enqueue()
        clockwork.off = off * SECOND

        assert No("clock") == clockwork.begin()

    def test_server_that_forgot_is_stopped(self, clockwork: Clockwork):
        """A process that has seen a higher transition number holds everything."""
        clockwork.enqueue()
        clockwork.store.server.witness.seq = 99

        assert No("rollback") == clockwork.begin()
        clockwork.store.server.witness.seq = 0
        assert No("held:all") == clockwork.begin()
        assert [hold.owner for hold in clockwork.store.holds.all()] == ["witness"]

    def test_posting_limit(self, clockwork: Clockwork):
        """No more POSTs are on the wire than the account allows."""
        limits = Limits(1000, 1, 1, 0, 300 * SECOND)
        clockwork.enqueue()
        clockwork.enqueue()
        go = clockwork.begun(limits=limits)
        clockwork.forward(SECOND)
        assert No("posting") == clockwork.begin(limits=limits)
        clockwork.settle(go, PLACED)

        assert isinstance(clockwork.begin(limits=limits), Go)

    def test_live_limit_lasts_until_the_call_is_surely_over(self, clockwork: Clockwork):
        """A placed call keeps its place for ring and talk time, a refused one gives it back."""
        limits = Limits(1000, 1, 10, 1, 300 * SECOND)
        for _ in range(3):
            clockwork.enqueue()
        clockwork.settle(clockwork.begun(limits=limits), REFUSED[Kind.REQUEST])
        clockwork.settle(clockwork.begun(limits=limits), PLACED)
        clockwork.forward(359 * SECOND)
        assert No("live") == clockwork.begin(limits=limits)
        clockwork.forward(SECOND)

        assert isinstance(clockwork.begin(limits=limits), Go)

    def test_priority_then_age_decides(self, clockwork: Clockwork):
        """Priority 9 goes first; equals go in the order in which they came."""
        ids = [clockwork.enqueue(priority=p) for p in (5, 0, 9, 5)]

        order = [clockwork.begun().job_id for _ in range(4)]

        assert [ids[2], ids[0], ids[3], ids[1]] == order

    def test_other_lanes_do_not_hide_the_best_job(self, clockwork: Clockwork):
        """Among all lanes of an account the best job is chosen."""
        low = clockwork.enqueue(lane="default/-/-/agent:1", priority=3)
        high = clockwork.enqueue(lane="default/-/-/agent:2", priority=7)

        assert [high, low] == [clockwork.begun().job_id for _ in range(2)]


class TestPools:
    """The agents' clock."""

    def test_pool_without_an_agent_sleeps_as_a_whole(self, clockwork: Clockwork):
        """One refusal for want of an agent puts every job of the pool to sleep, no other."""
        pooled = "default/-/-/agent:12"
        for _ in range(3):
            clockwork.enqueue(lane=pooled, priority=9)
        plain = clockwork.enqueue()
        clockwork.settle(clockwork.begun(), REFUSED[Kind.AGENT])

        assert plain == clockwork.begun().job_id
        assert No("empty") == clockwork.begin()
        clockwork.forward(60 * SECOND)
        clockwork.store.maintenance.due()
        assert isinstance(clockwork.begin(), Go)

    def test_success_forgets_the_misses(self, clockwork: Clockwork):
        """The wait grows with each miss in a row and starts again after a placed call."""
        lane = "default/-/-/agent:12"
        clockwork.enqueue(lane=lane)
        waits = []
        for outcome in (REFUSED[Kind.AGENT], REFUSED[Kind.AGENT], PLACED):
            clockwork.forward(timedelta(hours=1))
            clockwork.store.maintenance.due()
            go = clockwork.begun()
            waits.append(go.pool_misses)
            clockwork.settle(go, outcome)
        clockwork.enqueue(lane=lane)

        assert waits == [0, 1, 2]
        assert clockwork.begun().pool_misses == 0


class TestBreaker:
    """Stopping an account that is broken, and probing it."""

    def open_breaker(self, clockwork: Clockwork) -> None:
        for _ in range(5):
            clockwork.enqueue()
        for _ in range(5):
            clockwork.settle(clockwork.begun(), Doubtful("silence"))

    def test_five_faults_in_a_row_open_it(self, clockwork: Clockwork):
        """It is a hold of its own owner, and nothing begins."""
        self.open_breaker(clockwork)
        clockwork.enqueue()

        assert [hold.owner for hold in clockwork.store.holds.all()] == ["breaker"]
        assert No("breaker") == clockwork.begin()

    def test_half_of_the_last_twenty_opens_it(self, clockwork: Clockwork):
        """Faults need not come in a row."""
        for nth in range(20):
            assert clockwork.store.holds.all() == []
            clockwork.enqueue()
            clockwork.settle(clockwork.begun(), PLACED if nth % 2 else Doubtful("silence"))

        assert [hold.owner for hold in clockwork.store.holds.all()] == ["breaker"]

    def test_probes_go_alone_at_growing_intervals(self, clockwork: Clockwork):
        """One job at a time goes through an open breaker, less and less often."""
        self.open_breaker(clockwork)
        for _ in range(8):
            clockwork.enqueue()
        waits = []
        for _ in range(3):
            before = clockwork.now
            while not isinstance(go := clockwork.begin(), Go):
                clockwork.forward(SECOND)
            waits.append((clockwork.now - before) // SECOND)
            assert No("breaker") == clockwork.begin(), "only one probe at a time"
            clockwork.settle(go, Doubtful("silence"))

        assert waits == [5, 10, 20]

    def test_probe_that_succeeds_closes_it(self, clockwork: Clockwork):
        """The hold is gone with the first good answer of a probe."""
        self.open_breaker(clockwork)
        clockwork.enqueue()
        clockwork.forward(5 * SECOND)
        clockwork.settle(clockwork.begun(), PLACED)

        assert clockwork.store.holds.all() == []

    def test_probe_that_dies_counts_as_a_fault(self, clockwork: Clockwork):
        """A probe whose worker was killed does not block the next one for ever."""
        self.open_breaker(clockwork)
        clockwork.enqueue()
        clockwork.enqueue()
        clockwork.forward(5 * SECOND)
        clockwork.begun()
        clockwork.forward(LEASE)
        clockwork.store.maintenance.reap()
        clockwork.forward(10 * SECOND)

        assert isinstance(clockwork.begin(), Go)

    def test_other_holds_stop_probes_too(self, clockwork: Clockwork):
        """A person's hold on top of the breaker's means no probe at all."""
        self.open_breaker(clockwork)
        clockwork.enqueue()
        clockwork.store.holds.set("account:default", owner="operator", who="a", reason="b")
        clockwork.forward(timedelta(hours=1))

        assert No("held:account:default") == clockwork.begin()


class TestMeter:
    """The law of pace."""

    def test_slots_are_exact(self, clockwork: Clockwork):
        """At 4 a second, burst 1, grants are a quarter of a second apart, never closer."""
        limits = Limits(4, 1, 100, 0, SECOND)
        starts = []
        for _ in range(20):
            clockwork.enqueue()
        while len(starts) < 20:
            reply = clockwork.begin(limits=limits)
            if isinstance(reply, Go):
                starts.append(clockwork.now + reply.ahead)
            elif isinstance(reply, Wait):
                clockwork.forward(timedelta(milliseconds=7))

        gaps = {(after - before) for before, after in itertools.pairwise(starts)}
        assert min(gaps) >= SECOND / 4
        assert starts[-1] - starts[0] == 19 * SECOND / 4, "and none of the rate is lost"

    def test_burst_is_allowed_once(self, clockwork: Clockwork):
        """After a quiet time so many calls start at once, and then the rate holds."""
        limits = Limits(1, 3, 100, 0, SECOND)
        for _ in range(5):
            clockwork.enqueue()

        replies = [clockwork.begin(limits=limits) for _ in range(4)]

        assert [Go, Go, Go, Wait] == [type(reply) for reply in replies]

    def test_stored_rate_wins_at_once(self, clockwork: Clockwork):
        """A rate set while running holds for the next call, also when it is higher."""
        limits = Limits(0.01, 1, 100, 0, SECOND)
        for _ in range(3):
            clockwork.enqueue()
        assert isinstance(clockwork.begin(limits=limits), Go)
        assert isinstance(clockwork.begin(limits=limits), Wait)
        clockwork.store.accounts.store("default", {"calls_per_second": 1})
        reply = clockwork.begin(limits=limits)
        assert isinstance(reply, Wait)
        assert reply.time <= SECOND, "the debt of one call is a second now"
        clockwork.forward(reply.time)

        assert isinstance(clockwork.begin(limits=limits), Go)
        clockwork.store.accounts.clear("default")
        reply = clockwork.begin(limits=limits)
        assert isinstance(reply, Wait)
        assert reply.time == 100 * SECOND, "and a hundred seconds again"

    def test_too_fast_halves_the_rate_which_grows_back(self, clockwork: Clockwork):
        """A capacity refusal cuts the rate once in ten seconds; a minute later it is whole."""
        shares = []

        def share() -> float:
            standing = clockwork.store.accounts.standing("default", LIMITS)
            return round(standing.rate_share, 2)

        for _ in range(2):
            clockwork.enqueue()
            clockwork.settle(clockwork.begun(), REFUSED[Kind.CAPACITY])
            shares.append(share())
        clockwork.forward(60 * SECOND)

        assert shares == [0.5, 0.51]
        assert share() == 1.0
