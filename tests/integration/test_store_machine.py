"""The scripts driven as a state machine, against a model that fits on a page."""

import logging
import os
from dataclasses import dataclass
from datetime import timedelta

import fakeredis
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from storekit import (
    BREAKER,
    LEASE,
    LIMITS,
    MOVABLE_CLOCK,
    REFUSED,
    SECOND,
    Clockwork,
    decided,
    whole_state,
)

from dialer.embedded import EmbeddedServer
from dialer.job import State
from dialer.outcome import Doubtful, NotSent, Placed
from dialer.settle import row_of
from dialer.store import Store, moves
from dialer.store.dialling import Go
from dialer.store.server import Server, connect

OUTCOMES = [Placed("c"), NotSent("refused"), Doubtful("silence"), *REFUSED.values()]
NUMBERS = [("+911",), ("+912",), ("+911", "+913")]
LANES = ["default/-/-/", "default/-/-/agent:1", "default/-/-/agent:2"]
#: Who makes the moves that an attempt does to its own job; `dialer.journal` tells those.
ATTEMPTS = ("worker", "api", "api, late")
QUARANTINE = 120 * SECOND
VOLATILE = ("{dialer}:wake", "{dialer}:tick")


@dataclass
class Expected:
    """What the model believes of one job."""

    state: State
    numbers: tuple[str, ...]
    tries: int = 0
    go: Go | None = None
    settled: bool = False


class Lines(logging.Handler):
    """Collects the log lines of moves."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[dict[str, str]] = []
        moves.log.addHandler(self)
        moves.log.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        self.fields.append(record.args)

    def end(self) -> None:
        moves.log.removeHandler(self)
        moves.log.setLevel(logging.NOTSET)

    def of(self, job_id: str) -> list[tuple[str, ...]]:
        """From, to, who and why of each line about one job."""
        ours = [one for one in self.fields if one.get("job") == job_id]
        return [(one["before"], one["after"], one["who"], one["why"]) for one in ours]


class StoreMachine(RuleBasedStateMachine):
    """Any order of producers, workers, deaths, repeats, people and passing time."""

    make_clockwork = staticmethod(lambda: None)

    @initialize()
    def start(self) -> None:
        self.clockwork: Clockwork = self.make_clockwork()
        self.store = self.clockwork.store
        self.jobs: dict[str, Expected] = {}
        self.suppressed: set[str] = set()
        self.lines = Lines()

    def teardown(self) -> None:
        """What was logged of each job is what its record tells, a line for each move, in order."""
        if not hasattr(self, "lines"):
            return
        self.lines.end()
        for job_id in self.jobs:
            kept = self.store.jobs.get(job_id).events
            kept = [event for event in kept if event.who not in ATTEMPTS]
            moved = [(e.source or "new", e.target, e.who, e.why) for e in kept]
            told = self.lines.of(job_id)
            assert told[len(told) - len(moved) :] == moved

    def some(self, data: st.DataObject, *states: State) -> str | None:
        ids = sorted(i for i, job in self.jobs.items() if job.state in states)
        return data.draw(st.sampled_from(ids)) if ids else None

    def twice(self, step):
        """Do a step, then again; the second time must change nothing."""
        first = step()
        before = self.snapshot()
        step()
        assert before == self.snapshot(), "the same again changed something"
        return first

    def snapshot(self) -> dict[str, object]:
        return {k: v for k, v in whole_state(self.store).items() if k not in VOLATILE}

    @rule(
        numbers=st.sampled_from(NUMBERS),
        lane=st.sampled_from(LANES),
        priority=st.integers(0, 9),
        later=st.booleans(),
    )
    def enqueue(self, numbers, lane, priority, later) -> None:
        not_before = self.clockwork.now + 30 * SECOND if later else None
        job = self.clockwork.job(
            protected=numbers, lane=lane, priority=priority, not_before=not_before
        )
        self.twice(lambda: self.store.jobs.enqueue([job], who="machine"))
        self.jobs[job.id] = Expected(State.SCHEDULED if later else State.READY, numbers)

    @rule(limits=st.sampled_from([LIMITS]))
    def begin(self, limits) -> None:
        self.clockwork.forward(SECOND)
        ask = self.clockwork.ask()
        reply = self.twice(lambda: self.store.dialling.begin(ask))
        self.notice_skips()
        if isinstance(reply, Go):
            job = self.jobs[reply.job_id]
            assert job.state is State.READY
            assert not self.suppressed.intersection(job.numbers), (
                "a suppressed number was given out"
            )
            assert self.store.holds.all() == [] or self.only_breaker()
            job.state, job.go, job.settled = State.DIALING, reply, False

    def only_breaker(self) -> bool:
        return {hold.owner for hold in self.store.holds.all()} == {"breaker"}

    def notice_skips(self) -> None:
        """A begin skips suppressed jobs and those past their deadline: follow it, and check why."""
        for actual in self.store.jobs.select(State.SKIPPED):
            job = self.jobs[actual.id]
            if job.state is not State.SKIPPED:
                assert job.state in (State.READY, State.SCHEDULED)
                listed = self.suppressed.intersection(job.numbers)
                assert listed or actual.not_after <= self.clockwork.now
                job.state = State.SKIPPED

    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def settle(self, data, outcome) -> None:
        job_id = self.some(data, State.DIALING, State.UNCONFIRMED)
        if job_id is None:
            return
        job = self.jobs[job_id]
        late = job.state is State.UNCONFIRMED
        settlement = decided(job.go, outcome, max_tries=3)
        hold = ["default"] if row_of(outcome).verb == "hold" else []
        done = self.twice(
            lambda: self.store.dialling.settle(job_id, job.go.token, settlement, hold=hold)
        )
        assert done, "an attempt may always say how it ended"
        if job.settled:
            return
        job.tries += settlement.row.try_used - late
        job.state, job.settled = settlement.target, True

    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def settle_with_a_strangers_token(self, data, outcome) -> None:
        job_id = self.some(data, *State)
        if job_id is None:
            return
        stranger = Go(job_id, "stranger", 1, SECOND, 0, 0, 0, "developer", "", "{}")
        before = self.snapshot()
        assert not self.store.dialling.settle(job_id, "stranger", decided(stranger, outcome))
        assert before == self.snapshot()

    @rule(data=st.data())
    def take_back(self, data) -> None:
        job_id = self.some(data, State.DIALING)
        if job_id is not None:
            job = self.jobs[job_id]
            assert self.twice(lambda: self.store.dialling.take_back(job.go.token, "slow"))
            job.state = State.READY

    @rule(by=st.sampled_from([SECOND, 10 * SECOND, LEASE, 1000 * SECOND]))
    def let_time_pass(self, by) -> None:
        self.clockwork.forward(by)
        reaped = self.store.rounds.reap()
        self.store.rounds.due()
        before = self.snapshot()
        self.store.rounds.reap()
        self.store.rounds.due()
        assert before == self.snapshot()
        for job_id in reaped:
            job = self.jobs[job_id]
            assert job.state is State.DIALING
            job.state, job.tries = State.UNCONFIRMED, job.tries + 1
        self.notice_skips()
        for actual in self.store.jobs.select(State.READY):
            assert self.jobs[actual.id].state in (State.READY, State.SCHEDULED)
            self.jobs[actual.id].state = State.READY
        for actual in self.store.jobs.select(State.SCHEDULED):
            assert actual.due > self.clockwork.now

    @rule(data=st.data(), verb=st.sampled_from(["cancel", "discard", "redrive"]))
    def person_moves(self, data, verb) -> None:
        job_id = self.some(data, *State)
        if job_id is None:
            return
        job, desk = self.jobs[job_id], self.store.desk
        legal = {
            "cancel": (State.READY, State.SCHEDULED),
            "discard": (State.DEAD,),
            "redrive": (State.DEAD,),
        }[verb]
        if verb == "redrive":
            moved = self.twice(
                lambda: desk.redrive([job_id], who="m", per_second=1, deadline=SECOND)
            )
        else:
            moved = self.twice(lambda: getattr(desk, verb)([job_id], who="m", reason="will"))
        assert (job.state in legal) == (moved.done == [job_id])
        assert moved.refused == ({} if job.state in legal else {job_id: job.state})
        if job.state in legal:
            job.state = State.SCHEDULED if verb == "redrive" else State.CANCELLED
            job.tries = 0 if verb == "redrive" else job.tries

    @rule(data=st.data(), into=st.sampled_from([State.PLACED, State.DEAD, State.READY]))
    def resolve(self, data, into) -> None:
        job_id = self.some(data, State.UNCONFIRMED)
        if job_id is None:
            return
        job = self.jobs[job_id]
        left = self.store.desk.resolve(
            job_id,
            into,
            who="asha",
            reason="heard",
            quarantine=QUARANTINE,
            deadline=timedelta(hours=1),
        )
        started = self.store.jobs.get(job_id).started
        early = into is State.READY and self.clockwork.now < started + QUARANTINE
        assert early == (left > timedelta(0))
        if not early:
            job.state = into
            before = self.snapshot()
            assert not self.store.dialling.settle(
                job_id, job.go.token, decided(job.go, OUTCOMES[0])
            )
            assert before == self.snapshot(), "a resolved attempt must be fenced off"

    @rule(number=st.sampled_from(["+911", "+912"]), add=st.booleans())
    def suppress(self, number, add) -> None:
        lists = self.store.suppression
        if add:
            lists.add([number], account=None, who="m", reason="asked")
            self.suppressed.add(number)
        else:
            lists.remove([number], account=None, who="m", reason="a misprint")
            self.suppressed.discard(number)

    @rule(owner=st.sampled_from(["operator", "api", "breaker"]), hold=st.booleans())
    def hold_or_release(self, owner, hold) -> None:
        holds = self.store.holds
        if hold and owner == "operator":
            holds.set("account:default", owner=owner, who="m", reason="test")
        elif not hold:
            holds.release("account:default", owner=owner, who="test")

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def every_job_is_where_the_model_says_and_nowhere_else(self) -> None:
        state = whole_state(self.store)
        prefix = self.store.server.keys.prefix

        def members(key: str) -> set[str]:
            return {member for member, _ in state.get(prefix + key, [])}

        where = {one: members(f"in:{one}") for one in State}
        assert sum(len(ids) for ids in where.values()) == len(self.jobs)
        for job_id, job in self.jobs.items():
            assert job_id in where[job.state]
            record = state[f"{prefix}job:{job_id}"]
            assert (record["state"], record["tries"]) == (job.state, str(job.tries)), record["log"]
        filled = {lane for lane in LANES if members(f"lane:{lane}")}
        in_lanes = [job_id for lane in filled for job_id in members(f"lane:{lane}")]
        assert sorted(in_lanes) == sorted(where[State.READY])
        assert members("posting:default") == where[State.DIALING]
        awake, asleep = members("awake:default"), members("asleep")
        assert awake == filled - asleep, "a lane with work is awake or asleep, never lost"


RUNS = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    print_blob=True,
)


def test_machine_on_fakeredis():
    """The scripts and the model agree, on fakeredis."""

    class OnFakeredis(StoreMachine):
        @staticmethod
        def make_clockwork():
            client = fakeredis.FakeRedis(decode_responses=True)
            server = Server(client, clock=MOVABLE_CLOCK, shebang=False, fullness=lambda: 0.0)
            return Clockwork(Store.on(server, BREAKER))

    # The real server has the last word; `make proofs` runs all of them here too.
    runs = RUNS if os.environ.get("CHAOS_FULL") else settings(RUNS, max_examples=80)
    run_state_machine_as_test(OnFakeredis, settings=runs)


def test_machine_on_the_server(scratch_server: EmbeddedServer):
    """The scripts and the model agree, on a real server."""
    server = Server(connect(scratch_server.url), clock=MOVABLE_CLOCK)

    class OnServer(StoreMachine):
        @staticmethod
        def make_clockwork():
            server.client.flushdb()
            server.witnessed = 0
            return Clockwork(Store.on(server, BREAKER))

    run_state_machine_as_test(OnServer, settings=RUNS)
    server.close()


pytestmark = pytest.mark.timeout(200)
