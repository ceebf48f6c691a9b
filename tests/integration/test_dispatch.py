"""Answering a doorbell: one ask, at most one request, one settlement."""

import json
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from dispatchkit import RULES, Line, Near, inline, route
from storekit import (
    EVER,
    LEASE,
    SECOND,
    Clockwork,
)

from dialer.client.answer import Answer, read_answer
from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.domain.account.account import Route
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.job import codes
from dialer.domain.job.codes import Kind, lookup, undocumented
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent, Placed, Refused
from dialer.errors import StoreUnavailable
from dialer.machine.clock import Clock
from dialer.maintenance.account_check import AccountCheck
from dialer.store.attempts import Attempts

CONTENT = ClickToCall(from_="9000000001", to="9000000002").content()


def dispatcher(clockwork: Clockwork, line: Line, *routes: Route, attempts=None, **given):
    routes = routes or (route(),)
    clock = {"t": 0.0}

    def sleep(seconds: float) -> None:
        clock["t"] += seconds
        clockwork.forward(timedelta(seconds=seconds))

    def tell() -> float:
        return clock["t"]

    hands = {"monotonic": tell, "boottime": tell, "sleep": sleep, "now": lambda: clockwork.now}
    hands |= {name: given.pop(name) for name in set(given) & set(hands)}
    options = {"rules": RULES, "threads": inline(), "hands": Hands(**hands)} | given
    return Dispatcher(
        attempts=attempts or clockwork.store.attempts,
        client=line,
        routes={one.account: one for one in routes},
        rng=Random(1),
        **options,
    )


def enqueue(clockwork: Clockwork, **changes) -> str:
    return clockwork.enqueue(**({"mode": "live", "content": CONTENT} | changes))


def test_worker_that_does_not_know_an_account_leaves_its_doorbells_to_others(clockwork: Clockwork):
    """It gives them back and waits; else it would take nine of ten from those that can dial."""
    enqueue(clockwork)
    line, slept = Line(Placed("c1")), []
    stranger = dispatcher(clockwork, line, route("other"), sleep=slept.append)
    bells = clockwork.store.server.keys.bells("default")
    clockwork.store.server.client.zadd(bells, {"b1": 1, "b2": 2})

    assert stranger.answer("default", "b1") == "no: this worker has no account default with a token"
    assert (line.sent, slept) == ([], [1.0])
    assert clockwork.store.server.client.zrange(bells, 0, -1) == ["b2"]
    assert clockwork.store.doorbells.wait(timedelta(seconds=1)), "another is rung at once"


def test_doorbell_places_one_call(clockwork: Clockwork):
    """The request carries the call, and Flower is told what came of it."""
    enqueue(clockwork)
    line = Line(Placed("c1"))

    assert dispatcher(clockwork, line).answer("default") == "placed 1"
    assert [one["to"] for one in line.sent] == ["9000000002"]
    assert dispatcher(clockwork, line).answer("default") == "no: empty"
    assert len(line.sent) == 1


@pytest.mark.parametrize(
    ("account", "job", "sent"),
    [
        ("live", "live", "live"),
        ("live", "developer", "developer"),
        ("developer", "developer", "developer"),
    ],
)
def test_mode_never_goes_up(clockwork: Clockwork, account, job, sent):
    """A phone rings only when job and account both say live."""
    enqueue(clockwork, mode=job)
    line = Line(Placed("c"))
    dispatcher(clockwork, line, route(mode=account)).answer("default")

    assert line.modes == [sent]


def test_job_that_shall_ring_is_not_spent_on_a_request_that_rings_nobody(clockwork: Clockwork):
    """An account switched to developer stops before it, says why, and goes on when it is live."""
    enqueue(clockwork, mode="live")
    line = Line(Placed("c"))
    tested = dispatcher(clockwork, line, route(mode="developer"))
    assert [tested.answer("default") for _ in range(2)] == ["no: held:account:default"] * 2
    (hold,) = clockwork.store.holds.all()
    assert (hold.scope, hold.owner) == ("account:default", "mode")
    assert 'write mode = "live" again' in hold.reason

    AccountCheck(clockwork.store, frozenset({"default"}), "here").look()
    assert clockwork.store.holds.all() == [hold]
    AccountCheck(clockwork.store, frozenset({"default"}), "here", frozenset({"default"})).look()
    assert dispatcher(clockwork, line, route(mode="live")).answer("default") == "placed 1"
    assert line.modes == ["live"]


def test_correlation_id_is_the_attempt(clockwork: Clockwork):
    """Where an account wants it, each attempt carries its own id."""
    job_id = enqueue(clockwork)
    line = Line(Refused(lookup("1501")))
    worker = dispatcher(clockwork, line, route(correlation_param="reqId"))
    for _ in range(2):
        worker.answer("default")
        clockwork.forward(60 * SECOND)
        clockwork.store.maintenance.due()

    assert [one["reqId"] for one in line.sent] == [f"{job_id}.1", f"{job_id}.2"]


def test_wrong_user_id_holds_every_account_that_has_it(clockwork: Clockwork):
    """The code that blames the user id stops all its accounts, the token's only its own."""
    routes = (route(), route("twin"), route("other", user_id="2"))
    enqueue(clockwork)
    dispatcher(clockwork, Line(Refused(lookup("1013"))), *routes).answer("default")

    assert [hold.scope for hold in clockwork.store.holds.all()] == [
        "account:default",
        "account:twin",
    ]


def test_register_puts_one_number_on_the_list(clockwork: Clockwork):
    """The provider's do-not-call answer enters our list when it can only mean one number."""
    enqueue(clockwork, protected=("+919000000002",))
    dispatcher(clockwork, Line(Refused(lookup("1574")))).answer("default")

    assert clockwork.store.suppression.find("+919000000002")


def test_register_with_several_numbers_blames_none(clockwork: Clockwork):
    """Nobody is suppressed when the code does not say who was meant."""
    call = ClickToCall(from_="9000000001", to=["9000000002", "9000000003"])
    enqueue(clockwork, content=call.content())
    dispatcher(clockwork, Line(Refused(lookup("1574")))).answer("default")

    assert not list(clockwork.store.suppression.entries())


class Noting(dict):
    """A table that notes what is looked up in it."""

    def __init__(self, table) -> None:
        super().__init__(table)
        self.asked: list[str] = []

    def get(self, name, default=None):
        self.asked.append(name)
        return super().get(name, default)


@pytest.mark.parametrize("code", ["1013", "1501", "1508", "1573", "1574", "1578", "1999"])
def test_a_code_is_looked_up_once_for_an_attempt_and_a_call_read_once(
    clockwork: Clockwork, monkeypatch, code
):
    """From the answer to its settlement and its line in the log, whatever follows from it."""
    table, read, loads = Noting(codes.CODES), [], json.loads
    monkeypatch.setattr("dialer.domain.job.codes.CODES", table)
    enqueue(clockwork)
    monkeypatch.setattr(json, "loads", lambda text, **how: read.append(text) or loads(text, **how))
    body = json.dumps({"status": "error", "code": code, "message": "no"}).encode()

    def answered():
        return read_answer(Answer(200, {}, body), mode="live", secrets=(), now=clockwork.now)

    assert dispatcher(clockwork, Line(answered)).answer("default").endswith(" 1")
    assert table.asked == [code]
    assert read.count(CONTENT) <= 1  # not at all, where one of its kind was read before


def test_unreadable_job_is_buried_and_nothing_sent(clockwork: Clockwork):
    """A call this version cannot read, or may not send, is a dead letter."""
    for content in ("{}", "no json", CONTENT.replace("9000000002", "12")):
        job_id = enqueue(clockwork, content=content)
        line = Line(Placed("c"))
        dispatcher(clockwork, line).answer("default")

        assert clockwork.store.jobs.get(job_id).state is State.DEAD
        assert line.sent == []


@pytest.mark.parametrize("late", [False, True])
def test_what_was_not_sent_is_taken_back(clockwork: Clockwork, late):
    """A request that was ready too late, or lost its connection before, leaves no try behind."""
    job_id = enqueue(clockwork)
    answer = dispatcher(clockwork, Line(NotSent("why", late=late))).answer("default")

    job = clockwork.store.jobs.get(job_id)
    assert answer == "taken back 1"
    assert (job.state, job.tries, job.attempts) == (State.READY, 0, 0)


@pytest.mark.parametrize(("late", "held"), [(False, 0), (True, 1)])
def test_the_breaker_hears_of_late_starts_and_not_of_the_way(clockwork: Clockwork, late, held):
    """A worker that is always late must not go round for ever; a way that is shut is no answer."""
    enqueue(clockwork)
    worker = dispatcher(clockwork, Line(NotSent("why", late=late)))
    for _ in range(5):
        assert worker.answer("default").startswith("taken back")
        clockwork.forward(SECOND)

    assert len(clockwork.store.holds.all()) == held


class Away(Line):
    """A client that no connection of can be had."""

    def reserve(self, endpoint, most):
        return []


def test_without_a_connection_no_job_is_asked_for(clockwork: Clockwork):
    """The doorbell is given back, the worker stands apart, and the job never heard of it."""
    job_id = enqueue(clockwork)
    bells, slept = clockwork.store.server.keys.bells("default"), []
    clockwork.store.server.client.zadd(bells, {"b1": 1})
    away = dispatcher(clockwork, Away(Placed("c")), sleep=slept.append)

    assert away.answer("default", "b1") == "no: account default cannot be reached"
    assert (slept, clockwork.store.server.client.zcard(bells)) == ([1.0], 0)
    assert len(clockwork.store.jobs.get(job_id).events) == 1


@pytest.mark.parametrize("outcome", [Placed("c"), None, Refused(lookup("1509"))])
def test_a_connection_that_carried_nothing_is_given_back(clockwork: Clockwork, outcome):
    """One that was reserved in vain serves the next doorbell."""
    if outcome:
        enqueue(clockwork)
    line = Line(outcome)
    reserve, reserved, given = line.reserve, [], []
    line.reserve = lambda *asked: reserved.extend(found := reserve(*asked)) or found  # type: ignore[method-assign]
    line.give_back = lambda _, unused: given.extend(unused)  # type: ignore[method-assign]
    dispatcher(clockwork, line).answer("default")

    assert len(given) == len(reserved) - bool(outcome)


def test_late_start_after_its_lease_is_not_left_in_doubt(clockwork: Clockwork):
    """A worker that froze and then sent nothing says so, also after the reaper gave it up."""
    job_id = enqueue(clockwork)

    def freeze() -> NotSent:
        clockwork.forward(2 * LEASE)
        clockwork.store.maintenance.reap()
        assert clockwork.store.jobs.get(job_id).state is State.UNCONFIRMED
        return NotSent("ready after its last moment to start", late=True)

    answer = dispatcher(clockwork, Line(freeze)).answer("default")

    job = clockwork.store.jobs.get(job_id)
    assert answer == "taken back 1"
    assert (job.state, job.tries) == (State.READY, 0)


def test_answer_that_nobody_wants_any_more_is_not_called_done(clockwork: Clockwork):
    """Flower is not told "placed" of a job that a person has resolved since."""
    job_id = enqueue(clockwork)

    def slow() -> Placed:
        clockwork.forward(2 * LEASE)
        clockwork.store.maintenance.reap()
        clockwork.store.operator.resolve(
            job_id, State.DEAD, who="me", reason="seen", quarantine=LEASE, deadline=LEASE
        )
        return Placed("c1")

    answer = dispatcher(clockwork, Line(slow)).answer("default")

    assert answer == "too late 1"
    assert clockwork.store.jobs.get(job_id).state is State.DEAD


def test_machine_that_slept_while_it_asked_sends_nothing(clockwork: Clockwork):
    """The sleep of a laptop does not carry a call from the evening into the night."""
    enqueue(clockwork)
    line = Line(Placed("c1"))
    # Asked, slept for eight hours with the answer already in the kernel, woke up.
    boottime = iter([0.0, 8 * 3600.0])
    answer = dispatcher(clockwork, line, boottime=lambda: next(boottime)).answer("default")

    assert line.sent == []
    assert answer == "taken back 1"


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(1), RuntimeError("bug")])
def test_stopped_in_mid_request_is_doubt(clockwork: Clockwork, stop):
    """Whatever stops a worker while a request may be out, the job is unconfirmed."""
    job_id = enqueue(clockwork)
    with pytest.raises(type(stop)):
        dispatcher(clockwork, Line(stop)).answer("default")

    assert clockwork.store.jobs.get(job_id).state is State.UNCONFIRMED


def test_waits_for_a_near_slot(clockwork: Clockwork):
    """A doorbell that comes a little early waits for the meter instead of giving up."""
    limits = Limits(8, 1, 100, 0, SECOND)
    enqueue(clockwork)
    second = enqueue(clockwork)
    worker = dispatcher(clockwork, Line(Placed("c")), route(limits=limits))
    worker.answer("default")

    assert worker.answer("default") == "placed 1"
    assert clockwork.store.jobs.get(second).state is State.PLACED
    slow = dispatcher(clockwork, Line(Placed("c")), route(limits=Limits(0.1, 1, 9, 0, SECOND)))
    enqueue(clockwork)
    assert slow.answer("default") == "no: the meter is charged"


class Broken(Attempts):
    """A store that loses a reply after, or before, the script ran."""

    def __init__(self, clockwork: Clockwork, verb: str, *, ran: bool, times: int = 1) -> None:
        self._real, self._verb, self._ran, self._times = clockwork.store.attempts, verb, ran, times

    def _do(self, verb, *args, **kwargs):
        if verb == self._verb and self._times > 0:
            self._times -= 1
            if self._ran:
                getattr(self._real, verb)(*args, **kwargs)
            raise StoreUnavailable("the reply was lost")
        return getattr(self._real, verb)(*args, **kwargs)

    def begin(self, ask):
        return self._do("begin", ask)

    def settle(self, *args, **kwargs):
        return self._do("settle", *args, **kwargs)

    def release(self, *args, **kwargs):
        return self._do("release", *args, **kwargs)

    def disown(self, *args, **kwargs):
        return self._do("disown", *args, **kwargs)


@pytest.mark.parametrize("ran", [True, False])
def test_lost_answer_to_begin_sends_nothing_and_gives_back(clockwork: Clockwork, ran):
    """A worker that does not know what it was granted does not send, and returns it."""
    job_id = enqueue(clockwork)
    line = Line(Placed("c"))
    broken = Broken(clockwork, "begin", ran=ran)

    assert dispatcher(clockwork, line, attempts=broken).answer("default").startswith("no:")
    assert line.sent == []
    assert clockwork.store.jobs.get(job_id).state is State.READY


@pytest.mark.parametrize("ran", [True, False])
@pytest.mark.parametrize("times", [1, 5])
def test_lost_answer_to_settle_is_repeated(clockwork: Clockwork, ran, times):
    """An outcome is written down once, however often its answer is lost."""
    job_id = enqueue(clockwork)
    broken = Broken(clockwork, "settle", ran=ran, times=times)
    dispatcher(clockwork, Line(Placed("c1")), attempts=broken).answer("default")

    job = clockwork.store.jobs.get(job_id)
    assert (job.state, job.tries, job.call_id) == (State.PLACED, 1, "c1")


class Carrying(Broken):
    """A store whose jobs carry another record than was written, as a damaged one does."""

    def __init__(self, clockwork: Clockwork, **changes) -> None:
        super().__init__(clockwork, "", ran=False)
        self._changes = changes

    def begin(self, ask):
        grant = super().begin(ask)
        return replace(grant, jobs=tuple(replace(go, **self._changes) for go in grant.jobs))


GOOD_RULES = {"max_tries": 3, "delays": {"agent": "1h"}, "not_same_day": [], "zone": "UTC"}


@pytest.mark.parametrize(
    "redial",
    [
        "no json",
        "[]",
        "7",
        "null",
        "[" * 5000,
        "{}",
        json.dumps(GOOD_RULES | {"strictest": True}),
        json.dumps(GOOD_RULES | {"max_tries": "3"}),
        json.dumps(GOOD_RULES | {"max_tries": 0}),
        json.dumps(GOOD_RULES | {"delays": {"agent": 3600}}),
        json.dumps(GOOD_RULES | {"delays": {"agent": "soon"}}),
        json.dumps(GOOD_RULES | {"delays": []}),
        json.dumps(GOOD_RULES | {"not_same_day": "agent"}),
        json.dumps(GOOD_RULES | {"zone": "Nowhere/Land"}),
        json.dumps({name: v for name, v in GOOD_RULES.items() if name != "zone"}),
    ],
)
def test_redial_rules_that_cannot_be_read_ring_nobody(clockwork: Clockwork, redial):
    """Rules of a campaign that are damaged, or of another version, are found before the POST."""
    job_id = enqueue(clockwork)
    line = Line(Placed("c1"))
    carrying = Carrying(clockwork, redial=redial)

    answer = dispatcher(clockwork, line, attempts=carrying).answer("default")

    job = clockwork.store.jobs.get(job_id)
    assert line.sent == []
    assert (answer, job.state, job.code) == ("dead 1", State.DEAD, "unreadable_rules")


def test_redial_rules_that_can_be_read_hinder_nobody(clockwork: Clockwork):
    """A campaign's rules as they are written let its calls out."""
    enqueue(clockwork)
    carrying = Carrying(clockwork, redial=json.dumps(GOOD_RULES))

    assert dispatcher(clockwork, Line(Placed("c1")), attempts=carrying).answer("default")


OURS = RuntimeError("an error of ours")
UNDECIDED = [
    (Placed("c1"), State.PLACED),
    (Doubtful("no answer"), State.UNCONFIRMED),
    (Refused(undocumented("1999", Kind.UNKNOWN)), State.UNCONFIRMED),
    (Refused(lookup("1032")), State.UNCONFIRMED),
    (Refused(lookup("1501")), State.DEAD),
    (Refused(lookup("1578")), State.DEAD),
    (Refused(undocumented("http_429", Kind.CAPACITY)), State.DEAD),
    (Refused(lookup("1574")), State.DEAD),
    (Refused(lookup("1509")), State.DEAD),
    (Refused(lookup("1013")), State.DEAD),
]


@pytest.mark.parametrize(("outcome", "state"), UNDECIDED)
@pytest.mark.parametrize("part", ["decide", "settle"])
def test_error_of_ours_behind_the_post_settles_by_the_outcome(
    clockwork: Clockwork, monkeypatch, outcome, state, part
):
    """What the API said is written down, whatever we fail to make of it, and rings nobody again."""
    job_id = enqueue(clockwork)
    store = clockwork.store.attempts

    def failing(*_args, **_kwargs):
        raise OURS

    class FailingOnce(Broken):
        def settle(self, *args, **kwargs):
            if not self._times:
                return store.settle(*args, **kwargs)
            self._times -= 1
            raise OURS

    if part != "settle":
        monkeypatch.setattr(f"dialer.dialing.calling.{part}", failing)
    broken = FailingOnce(clockwork, "", ran=False, times=int(part == "settle"))
    dispatcher(clockwork, Line(outcome), attempts=broken).answer("default")

    job = clockwork.store.jobs.get(job_id)
    assert job.state is state
    assert job.call_id == ("c1" if isinstance(outcome, Placed) else "")
    assert "RuntimeError" in job.reason
    held = [hold.scope for hold in clockwork.store.holds.all()]
    assert ("account:default" in held) == (outcome == Refused(lookup("1013")))


def test_backoff_that_is_missing_loses_no_outcome(clockwork: Clockwork):
    """Settings without a row for a kind of refusal bury its jobs, not leave them in doubt."""
    enqueue(clockwork)
    bare = dispatcher(clockwork, Line(Refused(lookup("1501"))), rules=replace(RULES, backoffs={}))

    assert bare.answer("default") == "dead 1"


@pytest.mark.parametrize("logger", ["dialer.dispatch", "dialer.moves"])
@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Placed("c1"), State.PLACED), (Refused(lookup("1020")), State.READY)],
)
def test_log_that_fails_decides_nothing(clockwork: Clockwork, caplog, logger, outcome, state):
    """A handler that raises loses its line, and not what became of a call."""

    class Failing(logging.Handler):
        def handle(self, record):
            raise OSError("no space left on device")

    job_id = enqueue(clockwork)
    failing = Failing()
    logging.getLogger(logger).addHandler(failing)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger):
            broken = Broken(clockwork, "settle", ran=True)
            answer = dispatcher(clockwork, Line(outcome), attempts=broken).answer("default")
    finally:
        logging.getLogger(logger).removeHandler(failing)

    assert answer == ("placed 1" if state is State.PLACED else "held 1")
    assert clockwork.store.jobs.get(job_id).state is state


def test_store_that_stays_away_leaves_the_job_to_the_reaper(clockwork: Clockwork):
    """When an outcome cannot be written the lease ends in doubt, never in a second call."""
    job_id = enqueue(clockwork)
    broken = Broken(clockwork, "settle", ran=False, times=10_000)
    line = Line(Placed("c1"))
    dispatcher(clockwork, line, attempts=broken).answer("default")
    clockwork.store.maintenance.reap()

    assert clockwork.store.jobs.get(job_id).state is State.UNCONFIRMED
    assert len(line.sent) == 1


def test_unknown_account_rings_nobody(clockwork: Clockwork):
    """A doorbell for an account this worker does not have is dropped with words."""
    line = Line(Placed("c"))

    assert "no account nobody" in dispatcher(clockwork, line).answer("nobody")
    assert "no account default" in dispatcher(clockwork, line, route(endpoint=None)).answer(
        "default"
    )
    assert line.sent == []


def test_racing_workers_share_jobs_without_overlap(real_store):
    """Fifty threads racing for forty jobs send each exactly once."""
    clockwork = Clockwork(real_store, clock=Clock())
    jobs = [
        clockwork.job(
            mode="live", content=ClickToCall(from_="9000000001", to=f"91000{n:05d}").content()
        )
        for n in range(40)
    ]
    real_store.jobs.enqueue(jobs, who="test")
    line = Line(Placed("c"))
    fast = route(limits=Limits(1000, 1000, 1000, 0, SECOND))
    worker = Dispatcher(
        attempts=real_store.attempts,
        client=line,
        routes={"default": fast},
        rules=RULES,
        rng=Random(1),
        threads=inline(),
    )
    fast.hours.windows = lambda now: EVER
    threads = [threading.Thread(target=worker.answer, args=("default",)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    sent = sorted(one["to"] for one in line.sent)
    assert sent == [f"91000{n:05d}" for n in range(40)]
    assert real_store.jobs.counts()[State.PLACED] == 40


def test_doubt_is_never_sent_again(clockwork: Clockwork):
    """After an unanswered request no doorbell, however late, repeats it."""
    enqueue(clockwork)
    line = Line(Doubtful("silence"))
    worker = dispatcher(clockwork, line)
    for _ in range(20):
        worker.answer("default")
        clockwork.forward(timedelta(minutes=30))
        clockwork.store.maintenance.due()
        clockwork.store.maintenance.reap()

    assert len(line.sent) == 1


def test_crowd_of_blocked_jobs_costs_one_doorbell(clockwork: Clockwork):
    """Jobs that may not be rung are moved out of the way until a good one is found."""
    blocked = [enqueue(clockwork, protected=("+911",), priority=9) for _ in range(70)]
    clockwork.store.suppression.add(["+911"], account=None, who="a", reason="b")
    good = enqueue(clockwork, priority=0)

    assert dispatcher(clockwork, Line(Placed("c"))).answer("default") == "placed 1"
    assert clockwork.store.jobs.get(good).state is State.PLACED
    assert clockwork.store.jobs.counts()[State.SKIPPED] == len(blocked)


class Killed(BaseException):
    """The process is gone; nothing of it runs any more."""


class Dying(Attempts):
    """A process that is killed at one point, and does nothing after it."""

    def __init__(self, clockwork: Clockwork, point: str) -> None:
        self._real, self._point, self.dead = clockwork.store.attempts, point, False

    def _at(self, point: str) -> None:
        if self.dead or point == self._point:
            self.dead = True
            raise Killed

    def _do(self, verb, *args, **kwargs):
        self._at(f"before {verb}")
        reply = getattr(self._real, verb)(*args, **kwargs)
        self._at(f"after {verb}")
        return reply

    begin = Broken.begin
    settle = Broken.settle
    release = Broken.release
    disown = Broken.disown

    def place(self, line: Line, *args, **kwargs):
        self._at("before the request")
        outcome = line.place(*args, **kwargs)
        self._at("after the request")
        return outcome


# killed at | what a healthy fleet makes of it | requests sent by the killed process
CRASHES = [
    ("before begin", State.PLACED, 0),
    ("after begin", State.UNCONFIRMED, 0),
    ("before the request", State.UNCONFIRMED, 0),
    ("after the request", State.UNCONFIRMED, 1),
    ("before settle", State.UNCONFIRMED, 1),
    ("after settle", None, 1),
]


@pytest.mark.parametrize(("point", "state", "sent"), CRASHES)
@pytest.mark.parametrize(
    ("outcome", "settled"),
    [
        (Placed("c"), State.PLACED),
        (Doubtful("silence"), State.UNCONFIRMED),
        (Refused(lookup("1509")), State.DEAD),
        (Refused(lookup("1501")), State.PLACED),
    ],
)
def test_killed_at_every_point(clockwork: Clockwork, point, state, sent, outcome, settled):
    """Wherever a worker dies, nobody is rung twice and the job ends where the table says."""
    job_id = enqueue(clockwork)
    dying = Dying(clockwork, point)
    line = Line(outcome)

    class DyingLine(Near):
        def place(self, *args, **kwargs):
            return dying.place(line, *args, **kwargs)

    with pytest.raises(Killed):
        dispatcher(clockwork, DyingLine(), attempts=dying).answer("default")
    dead = settled is State.DEAD
    healthy = Line(Placed("later"))
    fleet = dispatcher(clockwork, healthy)
    for _ in range(5):
        clockwork.forward(LEASE)
        clockwork.store.maintenance.reap()
        clockwork.store.maintenance.due()
        fleet.answer("default")

    retried = point == "after settle" and isinstance(outcome, Refused) and not dead
    assert clockwork.store.jobs.get(job_id).state is (state or settled)
    assert len(line.sent) == sent
    assert len(healthy.sent) == int(point == "before begin" or retried)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("point", "state"), [("before release", State.UNCONFIRMED), ("after release", State.READY)]
)
def test_killed_while_taking_back(clockwork: Clockwork, point, state, late):
    """What was not sent, and whose worker dies, is doubt unless the store had it back."""
    job_id = enqueue(clockwork)
    dying = Dying(clockwork, point)
    with pytest.raises(Killed):
        dispatcher(clockwork, Line(NotSent("why", late=late)), attempts=dying).answer("default")
    clockwork.forward(LEASE)
    clockwork.store.maintenance.reap()

    assert clockwork.store.jobs.get(job_id).state is state


def test_one_doorbell_is_enough_where_threads_are_short(clockwork: Clockwork):
    """While the meter allows more, each thread that becomes free makes the next call."""
    for nth in range(9):
        enqueue(clockwork, key=f"n{nth}")
    line = Line(Placed("c"))
    worker = dispatcher(clockwork, line, threads=inline(2))

    assert worker.answer("default", "b1.2", 2) == "placed 9"
    assert len(line.sent) == 9


def test_who_gave_a_call_back_leaves_the_others_to_others(clockwork: Clockwork):
    """A worker that is late with one is late with the next."""
    for nth in range(9):
        enqueue(clockwork, key=f"n{nth}")
    line = Line(NotSent("ready after its last moment to start", late=True))
    worker = dispatcher(clockwork, line, threads=inline(2))

    assert worker.answer("default", "b1.2", 2) == "taken back 2"
    assert len(line.sent) == 2
