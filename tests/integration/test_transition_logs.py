"""What a worker logs of a job: one line for each of its transitions, with its ids, masked."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from dispatchkit import RULES, Line, route
from storekit import LEASE, SECOND, Clockwork

from dialer.call import ClickToCall
from dialer.dispatch import Dispatcher
from dialer.logs import JsonFormatter, MaskingHandler
from dialer.outcome import Doubtful, Kind, NotSent, Outcome, Placed, Refused
from dialer.upkeep import Upkeep

NUMBERS = ("9000000001", "9000000002")
CONTENT = ClickToCall(from_=NUMBERS[0], to=NUMBERS[1]).content()


@pytest.fixture
def written() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What our loggers write as JSON."""
    stream, ours = io.StringIO(), logging.getLogger("dialer")
    handler, level = MaskingHandler(stream), ours.level
    handler.setFormatter(JsonFormatter())
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    ours.removeHandler(handler)
    ours.setLevel(level)


@pytest.mark.parametrize(
    ("outcome", "words", "level"),
    [
        (Placed("c1"), "placed job", "info"),
        (Refused("1501", Kind.PROVIDER), "retry job", "info"),
        (Refused("1304", Kind.REQUEST), "bury job", "info"),
        (Doubtful(f"no answer about {NUMBERS[1]}"), "doubt job", "warning"),
        (NotSent("too late", late=True), "taken back job", "warning"),
    ],
)
def test_each_transition_around_a_call_is_one_line(
    clockwork: Clockwork, written, outcome: Outcome, words: str, level: str
):
    """One when it begins and one for what came of it; job and attempt are fields of their own."""
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    Dispatcher(
        dialling=clockwork.store.dialling,
        client=Line(outcome),
        routes={"default": route()},
        rules=RULES,
        rng=Random(1),
        now=lambda: clockwork.now,
    ).answer("default")

    begun, ended = written()
    assert begun["message"] == f"begin job={job_id} attempt=1"
    assert ended["message"].startswith(f"{words}={job_id} attempt=1")
    assert ended["level"] == level
    assert [(line["job"], line["attempt"]) for line in (begun, ended)] == [(job_id, 1)] * 2
    assert not any(number in json.dumps([begun, ended]) for number in NUMBERS)


def test_lost_attempt_is_one_line(clockwork: Clockwork, written):
    """The reaper names the job whose worker died."""
    job_id = clockwork.enqueue()
    clockwork.begun()
    clockwork.forward(LEASE + SECOND)
    Upkeep(clockwork.store, period=10 * SECOND).tick()

    (line,) = written()
    assert (line["job"], line["attempt"], line["level"]) == (job_id, 1, "warning")
    assert line["message"].startswith(f"doubt job={job_id} attempt=1: its lease is over")
