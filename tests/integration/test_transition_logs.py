"""What a worker logs of a job: one line for each of its transitions, with its ids, masked."""

import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from campaignkit import Field
from dispatchkit import RULES, Line, inline, route
from storekit import LEASE, SECOND, Clockwork

from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.codes import Kind, lookup, undocumented
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome, Placed, Refused
from dialer.machine.logs import JsonFormatter, MaskingHandler
from dialer.maintenance.upkeep import Upkeep
from dialer.store.redis import event_log as moves

NUMBERS = ("9000000001", "9000000002")
CONTENT = ClickToCall(from_=NUMBERS[0], to=NUMBERS[1]).content()


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What our loggers write as JSON."""
    stream, ours = io.StringIO(), logging.getLogger("dialer")
    handler, level = MaskingHandler(stream), ours.level
    handler.setFormatter(JsonFormatter())
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    ours.removeHandler(handler)
    ours.setLevel(level)


def dispatcher(
    clock: Clockwork, outcome: Outcome | Callable[[], Outcome], dialling: Any = None
) -> Dispatcher:
    return Dispatcher(
        attempts=dialling or clock.store.attempts,
        client=Line(outcome),
        routes={"default": route()},
        rules=RULES,
        rng=Random(1),
        threads=inline(),
        hands=Hands(now=lambda: clock.now, monotonic=lambda: 0.0),
    )


@pytest.mark.parametrize(
    ("outcome", "words", "level"),
    [
        (Placed("c1"), "placed job", "info"),
        (Refused(lookup("1501")), "retry job", "info"),
        (Refused(undocumented("1304", Kind.REQUEST)), "bury job", "info"),
        (Refused(lookup("1573")), "bury job", "error"),
        (Doubtful(f"no answer about {NUMBERS[1]}"), "doubt job", "warning"),
        (NotSent("too late", late=True), "taken back job", "warning"),
    ],
)
def test_each_transition_around_a_call_is_one_line(
    clockwork: Clockwork, written, outcome: Outcome, words: str, level: str
):
    """One for what came of it, and at debug one when it begins; ids are fields of their own."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    dispatcher(clockwork, outcome).answer("default")

    _, begun, ended = written()
    assert begun["message"] == f"begin job={job_id} attempt=1"
    assert begun["level"] == "debug"
    assert ended["message"].startswith(f"{words}={job_id} attempt=1")
    assert ended["level"] == level
    ids = [(line["job"], line["attempt"], line["account"]) for line in (begun, ended)]
    assert ids == [(job_id, 1, "default")] * 2
    job = clockwork.store.jobs.get(job_id)
    assert (begun["before"], begun["after"], begun["who"]) == ("ready", "dialing", "worker")
    assert (ended["before"], ended["after"], ended["who"]) == ("dialing", job.state, "worker")
    assert ended["message"].endswith(f": {ended['why']}")
    assert not any(number in json.dumps([begun, ended]) for number in NUMBERS)


def test_an_attempt_is_one_line_at_info(clockwork: Clockwork, written):
    """Begun and settled in one: by its time and what it took one knows when it began."""
    logging.getLogger("dialer").setLevel(logging.INFO)
    clockwork.enqueue(content=CONTENT, mode="live")
    dispatcher(clockwork, Placed("c1")).answer("default")

    (line,) = [line for line in written() if line["logger"] == "dialer.dispatch"]
    assert (line["verb"], line["took"]) == ("placed", 0.0)


def test_what_is_not_written_is_not_formatted(clockwork: Clockwork, written, monkeypatch):
    """At error no word of a move is masked, which costs more than the move's other words."""
    logging.getLogger("dialer").setLevel(logging.ERROR)
    monkeypatch.setattr(moves, "mask", lambda _: pytest.fail("it is written nowhere"))
    clockwork.enqueue(content=CONTENT, mode="live")
    dispatcher(clockwork, Placed("c1")).answer("default")

    assert written() == []


def test_refusal_that_stops_an_account_is_a_line_for_each(clockwork: Clockwork, written):
    """One for the hold, one for the job that waits under it."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    dispatcher(clockwork, Refused(lookup("1020"), "Invalid token")).answer("default")

    hold, job = written()[-2:]
    assert hold["message"].startswith("hold set on account:default owner=api by api: ")
    assert job["message"] == (
        f"hold job={job_id} attempt=1 account=default code=1020 took=0.000s"
        ": refused 1020: Invalid token"
    )
    assert (job["level"], job["before"], job["after"]) == ("warning", "dialing", "ready")


def test_answer_that_comes_too_late_is_one_line_too(clockwork: Clockwork, written):
    """It says that it changed nothing, and names no states."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")

    def resolved() -> Placed:
        clockwork.forward(2 * LEASE)
        clockwork.store.maintenance.reap()
        clockwork.store.operator.resolve(
            job_id, State.DEAD, who="me", reason="seen", quarantine=LEASE, deadline=LEASE
        )
        return Placed("c1")

    dispatcher(clockwork, resolved).answer("default")

    line = written()[-1]
    assert line["message"] == (
        f"placed job={job_id} attempt=1 account=default code=- took=0.000s"
        " (no longer this attempt's): accepted by the API"
    )
    assert not {"before", "after", "code"} & line.keys()


def test_attempt_for_a_contact_names_its_campaign(clockwork: Clockwork, written):
    """Its two lines are found by the campaign, as all other lines of the job."""
    field = Field.on(clockwork)
    field.create("diwali", range(1))
    dispatcher(clockwork, Placed("c1")).answer("default")

    ours = [line for line in written() if line["logger"] == "dialer.dispatch"]
    assert [(line["verb"], line["campaign"]) for line in ours] == [
        ("begin", "diwali"),
        ("placed", "diwali"),
    ]


def test_lost_attempt_is_one_line(clockwork: Clockwork, written):
    """The reaper names the job whose worker died."""
    job_id = clockwork.enqueue()
    clockwork.begun()
    clockwork.forward(LEASE + SECOND)
    Upkeep(clockwork.store, period=10 * SECOND).tick()

    _, line = written()
    assert (line["job"], line["attempt"], line["level"]) == (job_id, 1, "warning")
    assert line["message"] == (
        f"expire job={job_id} dialing -> unconfirmed by reaper:"
        " no word from the worker within the lease"
    )


def test_what_happens_to_many_at_once_is_one_line_each(clockwork: Clockwork, written):
    """Jobs handed in, woken by the clock, skipped by a rule, cancelled and forgotten."""
    store, later = clockwork.store, clockwork.now + 10 * SECOND
    due = [clockwork.enqueue(not_before=later) for _ in range(2)]
    late = clockwork.enqueue(not_before=later, not_after=later + SECOND)
    clockwork.forward(20 * SECOND)
    store.maintenance.due()
    store.operator.cancel(due, who="asha", reason=f"{NUMBERS[1]} called back")
    clockwork.forward(SECOND)
    for state in (State.CANCELLED, State.SKIPPED):
        store.maintenance.prune(state, retention=SECOND / 2, key_retention=SECOND / 2)

    def lines(job_id: str) -> list[str]:
        ours = [line for line in written() if line["job"] == job_id]
        assert {(line["account"], line["level"]) for line in ours} == {("default", "info")}
        return [line["message"].partition(" by ")[0].replace(f" job={job_id}", "") for line in ours]

    assert [lines(job_id) for job_id in due] == 2 * [
        [
            "create new -> scheduled",
            "due scheduled -> ready",
            "cancel ready -> cancelled",
            "prune cancelled -> forgotten",
        ]
    ]
    assert lines(late) == [
        "create new -> scheduled",
        "skip scheduled -> skipped",
        "prune skipped -> forgotten",
    ]
    assert NUMBERS[1] not in json.dumps(written())


def test_contacts_of_a_campaign_and_its_steps_are_told(clockwork: Clockwork, written):
    """Who started it; each contact that becomes a job; what became of those it left behind."""
    field = Field.on(clockwork)
    field.create("diwali", range(3))
    field.steer("cancel", "diwali")
    field.tick()

    def after(**known: str) -> list[str]:
        ours = [line for line in written() if known.items() <= line.items()]
        return [line["message"] for line in ours]

    assert [text.partition(" by ")[0] for text in after() if text.startswith("campaign")] == [
        "campaign create diwali new -> draft",
        "campaign start diwali draft -> running",
        "campaign cancel diwali running -> cancelled",
    ]
    moved = [line for line in written() if line.get("campaign") == "diwali" and "job" in line]
    verbs = Counter(line["message"].partition(" ")[0] for line in moved)
    assert verbs == {"create": 3, "cancel": 3}


def test_a_hold_is_told_when_it_is_set_and_when_it_goes(clockwork: Clockwork, written):
    """What the system stopped is a warning, everything an error; setting it again is no news."""
    holds = clockwork.store.holds
    for _ in range(2):
        holds.set("account:default", owner="api", who="api", reason="token refused")
    holds.release("account:default", owner="api", who="asha", reason="new token")
    holds.release("account:default", owner="api", who="asha", reason="new token")
    holds.set("all", owner="witness", who="witness", reason="forgot")
    holds.set("all", owner="operator", who="asha", reason="wrong file")
    holds.set("all", owner="asha", who="asha", reason="lunch")

    assert [(line["level"], line["message"]) for line in written()] == [
        ("warning", "hold set on account:default owner=api by api: token refused"),
        ("info", "hold release on account:default owner=api by asha: new token"),
        ("error", "hold set on all owner=witness by witness: forgot"),
        ("info", "hold set on all owner=operator by asha: wrong file"),
        ("info", "hold set on all owner=asha by asha: lunch"),
    ]
    first = written()[0]
    assert [first[name] for name in ("verb", "scope", "owner", "who", "why")] == [
        "set",
        "account:default",
        "api",
        "api",
        "token refused",
    ]
    assert [(one.verb, one.scope, one.who, one.reason) for one in holds.history()] == [
        ("set", "account:default", "api", "token refused"),
        ("release", "account:default", "asha", "new token"),
        ("set", "all", "witness", "forgot"),
        ("set", "all", "asha", "wrong file"),
        ("set", "all", "asha", "lunch"),
    ]


def test_a_level_above_hides_what_is_below(clockwork: Clockwork, written):
    """At "warning" only what somebody has to look at is written."""
    logging.getLogger("dialer").setLevel(logging.WARNING)
    clockwork.enqueue()
    clockwork.store.holds.set("account:default", owner="api", who="api", reason="token refused")
    assert [line["level"] for line in written()] == ["warning"]


def test_a_foreign_handler_sees_no_number(clockwork: Clockwork):
    """A program that uses us as a library writes records as they are: they are masked before."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]  # it only listens
    ours = logging.getLogger("dialer")
    ours.addHandler(handler)
    level = ours.level
    ours.setLevel(logging.DEBUG)
    try:
        clockwork.enqueue(content=CONTENT, mode="live")
        dispatcher(clockwork, Doubtful(f"no answer about {NUMBERS[1]}")).answer("default")
        clockwork.store.holds.set("all", owner="x", who=NUMBERS[0], reason=f"{NUMBERS[1]} rang")
    finally:
        ours.removeHandler(handler)
        ours.setLevel(level)

    assert len(records) == 4
    said = [f"{record.getMessage()} {vars(record)}" for record in records]
    assert not any(number in one for number in NUMBERS for one in said)


def test_row_that_cannot_be_read_is_written_as_it_is(written):
    """What it tells of was done: an error would be taken for one of the move."""
    row = f"hold\tset\tall\tx\ty\tasha\t{NUMBERS[1]} rang"
    moves.write([row, "moon\trise", ""])

    assert [(line["level"], line["message"]) for line in written()] == [
        ("warning", "a move that cannot be read: hold set all x y asha ******0002 rang"),
        ("warning", "a move that cannot be read: moon rise"),
        ("warning", "a move that cannot be read: "),
    ]


class _Defective:
    """The arrows around a POST, with a fault of ours right behind the grant."""

    def __init__(self, clock: Clockwork) -> None:
        self._real = clock.store.attempts
        self.disown = self._real.disown

    def begin(self, ask):
        self._real.begin(ask)
        raise TypeError("not all arguments converted")


def test_fault_of_ours_behind_a_grant_is_no_doubt(clockwork: Clockwork):
    """The job was not sent: it is given back, and the fault is told to whoever asked."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    with pytest.raises(TypeError, match="not all arguments"):
        dispatcher(clockwork, Placed("c1"), _Defective(clockwork)).answer("default")
    assert clockwork.store.jobs.get(job_id).state is State.READY
