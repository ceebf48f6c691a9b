"""When bytes may leave, and how long an answer may take, on a clock that is moved by hand."""

from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

import pytest

from dialer.client.exchange import Exchange, GoneError, TimeLimits, UnsentError
from dialer.domain.job.outcome import Doubtful, NotSent
from dialer.machine.clock import Clock


@dataclass
class Hands:
    """A clock's hands; `suspend` moves only those that run while the machine sleeps."""

    awake: float = 1000.0
    asleep: float = 50.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.awake += seconds

    def suspend(self, seconds):
        self.asleep += seconds

    def clock(self):
        return Clock(
            monotonic=lambda: self.awake,
            boottime=lambda: self.awake + self.asleep,
            sleep=self.sleep,
        )


def exchange(hands, *, start_at=0.0, start_by=inf):
    limits = TimeLimits(start_at, start_by, timedelta(seconds=30))
    return Exchange(limits, hands.clock())


def test_waits_for_its_instant():
    """A request that is ready early waits exactly until its instant."""
    hands = Hands()
    early = exchange(hands, start_at=1000.25, start_by=1000.5)

    early.release(lambda: True)

    assert hands.slept == [0.25]
    assert early.may_have_left


def test_goes_at_once_after_its_instant():
    """A request that is ready between its instants does not wait."""
    hands = Hands()
    ready = exchange(hands, start_at=999.0, start_by=1000.0)

    ready.release(lambda: True)

    assert hands.slept == []


@pytest.mark.parametrize("move", [Hands.sleep, Hands.suspend])
def test_too_late(move):
    """After `start_by` nothing leaves, whether the machine was slow or asleep."""
    hands = Hands()
    late = exchange(hands, start_at=1000.0, start_by=1000.25)
    move(hands, 0.26)

    with pytest.raises(UnsentError) as caught:
        late.release(lambda: True)

    assert isinstance(caught.value.outcome, NotSent)
    assert caught.value.outcome.late
    assert not late.may_have_left


def test_suspended_while_waiting():
    """A machine that is suspended while the request waits wakes up too late."""
    hands = Hands()
    waiting = exchange(hands, start_at=1000.2, start_by=1000.25)
    hands.sleep = lambda seconds: hands.suspend(3600)
    waiting.clock = hands.clock()

    with pytest.raises(UnsentError):
        waiting.release(lambda: True)

    assert not waiting.may_have_left


def test_gone_while_it_waited():
    """A connection that was closed meanwhile is seen directly before the first byte."""
    hands = Hands()
    waiting = exchange(hands, start_at=1000.2, start_by=1000.25)

    with pytest.raises(GoneError) as caught:
        waiting.release(lambda: not hands.slept)

    assert caught.value.outcome == NotSent("the connection was closed before the request")
    assert not waiting.may_have_left


def test_time_to_answer():
    """Sending and reading share one budget, counted from the release and not from its beginning."""
    hands = Hands()
    slow = exchange(hands)
    hands.sleep(4.0)
    slow.release(lambda: True)
    assert slow.answer_left() == 30.0
    hands.sleep(30.0)

    with pytest.raises(TimeoutError):
        slow.answer_left()


@pytest.mark.parametrize(
    ("sizes", "error", "why"),
    [
        ([], TimeoutError(), "no answer within 30s"),
        ([7], TimeoutError(), "no whole answer within 30s"),
        ([], ConnectionResetError(), "connection reset before the answer"),
        ([7], ConnectionResetError(), "connection reset within the answer"),
        ([], BrokenPipeError(), "connection closed before the answer"),
        ([0], None, "connection closed before the answer"),
        ([7, 0], None, "connection closed within the answer"),
        ([7], OSError(), "connection broken (OSError) within the answer"),
        ([7], None, "answer that cannot be read: KeyError"),
    ],
)
def test_what_was_seen(sizes, error, why):
    """A doubt says in plain words what was seen on the wire, never the error's own text."""
    seen = exchange(Hands())
    seen.release(lambda: True)
    for size in sizes:
        seen.heard(size)
    if error:
        seen.broke(error)

    assert Doubtful(why) == seen.outcome_of(KeyError("https://calls.invalid/?token=made-up"))


def test_a_fault_before_the_first_byte():
    """A fault of our own before the release is known not to have rung anybody."""
    outcome = exchange(Hands()).outcome_of(KeyError("https://calls.invalid/?token=made-up"))

    assert NotSent("stopped before sending: KeyError") == outcome
