"""The scripts driven as a state machine, against a model that fits on a page."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

import fakeredis
from budgets import examples
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
    MOVABLE_CLOCK,
    REFUSED,
    SECOND,
    Clockwork,
    decided,
    no_wait,
    whole_state,
)

from dialer.domain.job.attempt import Ended, Go, No
from dialer.domain.job.job import Job, State
from dialer.domain.job.outcome import Doubtful, NotSent, Placed
from dialer.domain.job.settle import row_of
from dialer.domain.server import Damaged
from dialer.local.embedded_server import EmbeddedServer
from dialer.maintenance.recovery import recover
from dialer.maintenance.upkeep import Upkeep
from dialer.store import Store
from dialer.store.redis import event_log as moves
from dialer.store.redis.connection import connect
from dialer.store.redis.damage import Damage
from dialer.store.redis.epochs import Epochs
from dialer.store.redis.server import Server
from dialer.store.redis.witness import Witness

OUTCOMES = [Placed("c"), NotSent("refused"), Doubtful("silence"), *REFUSED.values()]
NUMBERS = [("+911",), ("+912",), ("+911", "+913")]
LANES = ["default/-/-/", "default/-/-/agent:1", "default/-/-/agent:2"]
#: Who makes the moves that an attempt does to its own job; the dispatcher tells those.
ATTEMPTS = ("worker", "api", "api, late")
#: What is made from the records alone.
INDEXES = [
    *(f"in:{state}" for state in State),
    *(f"lane:{lane}" for lane in LANES),
    *("awake:default", "posting:default", "accounts", "of:+911"),
]
QUARANTINE = 120 * SECOND
#: Longer than all steps of a clock together: the model forgets no job.
EVER = timedelta(days=40_000)
VOLATILE = ("{dialer}:wake", "{dialer}:tick", "{dialer}:damaged")


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
        #: Jobs whose record was damaged: never rung again, and named.
        self.lost: set[str] = set()
        self.lines = Lines()
        Epochs(self.store.server).begin()
        self.store.maintenance.notice()
        self.upkeep = Upkeep(
            self.store,
            period=SECOND,
            retention=EVER,
            key_retention=EVER,
            first=(self.store.maintenance.notice,),
            monotonic=lambda: self.clockwork.passed.total_seconds(),  # noqa: PLW0108 - as in storekit
        )

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

    @rule(count=st.integers(1, 4))
    def begin(self, count) -> None:
        self.clockwork.forward(SECOND)
        ask = self.clockwork.ask(count=count, lookahead=SECOND)
        grant = self.twice(lambda: self.store.attempts.begin(ask))
        self.notice_skips()
        assert len(grant.jobs) <= count
        assert self.store.attempts.begin(ask).jobs == grant.jobs
        for reply in grant.jobs:
            assert reply.job_id not in self.lost
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
        for actual in self.sound(State.SKIPPED):
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
        hold = ["default"] if row_of(outcome).verb == "hold" else []
        settlement = replace(decided(job.go, outcome, max_tries=3), hold=hold)
        done = self.twice(
            lambda: self.store.attempts.settle([Ended(job_id, job.go.token, settlement)])[0]
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
        assert not self.clockwork.settle(stranger, outcome)
        assert before == self.snapshot()

    @rule(data=st.data())
    def take_back(self, data) -> None:
        job_id = self.some(data, State.DIALING)
        if job_id is not None:
            job = self.jobs[job_id]
            assert self.twice(lambda: self.store.attempts.release([job.go], "slow")[0])
            job.state = State.READY

    @rule(by=st.sampled_from([SECOND, 10 * SECOND, LEASE, 1000 * SECOND]))
    def let_time_pass(self, by) -> None:
        self.let_time_pass_by(by)

    def let_time_pass_by(self, by) -> None:
        self.clockwork.forward(by)
        reaped = self.store.maintenance.reap()
        self.store.maintenance.due()
        before = self.snapshot()
        self.store.maintenance.reap()
        self.store.maintenance.due()
        assert before == self.snapshot()
        for job_id in set(reaped) - self.lost:
            job = self.jobs[job_id]
            assert job.state is State.DIALING
            job.state, job.tries = State.UNCONFIRMED, job.tries + 1
        self.notice_skips()
        for actual in self.sound(State.READY):
            assert self.jobs[actual.id].state in (State.READY, State.SCHEDULED)
            self.jobs[actual.id].state = State.READY
        for actual in self.sound(State.SCHEDULED):
            assert actual.due > self.clockwork.now

    @rule(data=st.data(), verb=st.sampled_from(["cancel", "discard", "redrive"]))
    def person_moves(self, data, verb) -> None:
        job_id = self.some(data, *State)
        if job_id is None:
            return
        job, desk = self.jobs[job_id], self.store.operator
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
        left = self.store.operator.resolve(
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
            ended = Ended(job_id, job.go.token, decided(job.go, OUTCOMES[0]))
            assert self.store.attempts.settle([ended]) == [False]
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

    def sound(self, state: State) -> list[Job]:
        return [job for job in self.store.jobs.select(state) if job.id not in self.lost]

    @rule(data=st.data(), how=st.sampled_from(["deleted", "retyped", "rank", "state", "lane"]))
    def damage_a_record(self, data, how) -> None:
        """A job whose record is damaged is lost to everybody, and it alone; it is named."""
        job_id = self.some(data, *State)
        if job_id is None:
            return
        client, key = self.store.server.client, self.store.server.keys.job(job_id)
        if how in ("deleted", "retyped"):
            client.delete(key)
        if how == "retyped":
            client.set(key, "x")
        elif how != "deleted":
            client.hset(key, how, "no such thing")
        del self.jobs[job_id]
        self.lost.add(job_id)
        named = {one.name for one in Damage(self.store.server).look()}
        assert f"job:{job_id}" in named or any(job_id in one.why for one in self.look())

    @rule(
        by=st.sampled_from([SECOND, 66 * SECOND, timedelta(hours=5.5), timedelta(days=40)]),
        ahead=st.booleans(),
        accepted=st.booleans(),
    )
    def step_the_clock(self, by, ahead, accepted) -> None:
        """Nothing ends by it; backwards is healed, forwards held until it is back or accepted."""
        step = by if ahead else -by
        before = self.counts()
        self.clockwork.step(step)
        large = by > 3 * SECOND
        if large:
            assert not isinstance(self.clockwork.begin(), Go)
        for _ in range(2):
            self.upkeep.tick()
            self.clockwork.forward(SECOND)
        if large:
            assert self.counts() == before
        held = ("all", "clock") in {(one.scope, one.owner) for one in self.store.holds.all()}
        assert held is (large and ahead)
        if held and not accepted:
            self.clockwork.step(-step)
            self.upkeep.tick()
        elif held:
            self.store.holds.release("all", owner="clock", who="asha", reason="it is right")
        assert "clock" not in {one.owner for one in self.store.holds.all()}
        self.let_time_pass_by(SECOND)

    def counts(self) -> dict[State, int]:
        return {state: len(self.sound(state)) for state in State}

    @rule()
    def empty_the_store(self) -> None:
        """Everything is held in the step that meets it; a person joins what was and what is."""
        client, keys = self.store.server.client, self.store.server.keys
        clock = client.get(f"{keys.prefix}test-clock")
        client.flushdb()
        if clock:
            client.set(f"{keys.prefix}test-clock", clock)
        assert self.clockwork.begin() == No("rollback")
        assert {one.owner for one in self.store.holds.all()} == {"witness"}
        recover(self.store, who="asha")
        self.store.holds.release("all", owner="recover", who="asha", reason="nothing is left")
        self.jobs, self.lost, self.suppressed = {}, set(), set()
        assert self.store.holds.all() == []

    def look(self) -> list[Damaged]:
        return list(Damage(self.store.server).look())

    @rule(index=st.sampled_from(INDEXES), how=st.sampled_from(["deleted", "retyped"]))
    def damage_an_index(self, index, how) -> None:
        """Without it the others' steps go on; a repair makes it anew from the records."""
        client, key = self.store.server.client, self.store.server.keys.prefix + index
        client.delete(key)
        if how == "retyped":
            client.set(key, "x")
            self.store.maintenance.reap()
        for _ in range(2):
            list(Damage(self.store.server).look(mend=True))
        self.notice_skips()

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def every_job_is_where_the_model_says_and_nowhere_else(self) -> None:
        state = whole_state(self.store)
        prefix = self.store.server.keys.prefix

        def members(key: str) -> set[str]:
            return {member for member, _ in state.get(prefix + key, [])} - self.lost

        where = {one: members(f"in:{one}") for one in State}
        assert sum(len(ids) for ids in where.values()) == len(self.jobs)
        for job_id, job in self.jobs.items():
            assert job_id in where[job.state]
            record = state[f"{prefix}job:{job_id}"]
            assert (record["state"], record["tries"]) == (job.state, str(job.tries)), record["log"]
        filled = {lane for lane in LANES if state.get(f"{prefix}lane:{lane}")}
        in_lanes = [job_id for lane in filled for job_id in members(f"lane:{lane}")]
        assert sorted(in_lanes) == sorted(where[State.READY])
        assert members("posting:default") == where[State.DIALING]
        awake, asleep = members("awake:default"), members("asleep")
        # An entry whose record is damaged is no work: the next job of its lane wakes it.
        at_work = {lane for lane in filled if members(f"lane:{lane}")}
        assert at_work - asleep <= awake, "a lane with work is awake or asleep, never lost"
        assert awake <= filled - asleep


def test_machine_on_fakeredis():
    """The scripts and the model agree, on fakeredis."""

    class OnFakeredis(StoreMachine):
        @staticmethod
        def make_clockwork():
            client = fakeredis.FakeRedis(decode_responses=True)
            server = Server(
                client, clock=MOVABLE_CLOCK, shebang=False, fullness=lambda: 0.0, sleep=no_wait
            )
            return Clockwork(Store.on(server, BREAKER))

    # The real server has the last word.
    run_state_machine_as_test(OnFakeredis, settings=examples(10, 200))


def test_machine_on_the_server(scratch_server: EmbeddedServer):
    """The scripts and the model agree, on a real server."""
    server = Server(connect(scratch_server.url), clock=MOVABLE_CLOCK, sleep=no_wait)

    class OnServer(StoreMachine):
        @staticmethod
        def make_clockwork():
            server.client.flushdb()
            server.witness = Witness()
            return Clockwork(Store.on(server, BREAKER))

    run_state_machine_as_test(OnServer, settings=examples(60, 400))
    server.close()
