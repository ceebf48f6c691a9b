"""Outcomes on their way into the store: one trip for many, and none costs another."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from dialer.dialing.settling import Brought, Settler
from dialer.domain.job.attempt import Ended, Go
from dialer.domain.job.outcome import Doubtful, Placed
from dialer.domain.job.settle import PLACED, Settlement
from dialer.errors import StoreUnavailable

LEASE = timedelta(seconds=60)


class FakeAttempts:
    """Takes outcomes, after as many errors as it is given; `meanwhile` runs in each trip."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.trips = list(errors), list[list[str]]()
        self.meanwhile: Callable[[], None] = lambda: None
        self.refuses = ""

    def settle(self, ended: Sequence[Ended]) -> list[bool]:
        jobs = [one.job_id for one in ended]
        self.trips.append(jobs)
        self.meanwhile()
        if self.errors:
            raise self.errors.pop(0)
        if self.refuses in jobs:
            raise ValueError("ours")
        return [job != "gone" for job in jobs]


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.seconds, self.slept = 0.0, list[float]()

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class Known(dict[str, tuple[bool, str]]):
    """What each outcome became."""

    def brought(self, job: str) -> Brought:
        settlement = Settlement(PLACED, PLACED.target, "placed")
        return Brought(go(job), Placed("call"), settlement, ["default"], self._then)

    def _then(self, one: Brought, done: bool) -> None:  # noqa: FBT001 - as `Brought` wants it
        assert one.go.job_id not in self, "told twice"
        self[one.go.job_id] = (done, str(one.settlement.target))


def go(job: str) -> Go:
    return Go(job, f"ask-{job}.1", 1, timedelta(0), 0, 0, 0, "live", "", "{}", "")


def settler(attempts: FakeAttempts, time: Time) -> Settler:
    return Settler(attempts, lease=LEASE, monotonic=time.monotonic, sleep=time.sleep)


def test_what_comes_during_a_trip_goes_together_with_the_next():
    attempts, known = FakeAttempts(), Known()
    writer = settler(attempts, Time())
    more = ["b", "c", "gone"]

    def bring_more() -> None:
        while more:
            writer.bring(known.brought(more.pop(0)))

    attempts.meanwhile = bring_more
    writer.bring(known.brought("a"))
    assert attempts.trips == [["a"], ["b", "c", "gone"]]
    assert known == {
        "a": (True, "placed"),
        "b": (True, "placed"),
        "c": (True, "placed"),
        "gone": (False, "placed"),
    }


def test_a_silent_store_is_asked_until_it_answers():
    attempts, known, time = FakeAttempts(*[StoreUnavailable("away")] * 6), Known(), Time()
    settler(attempts, time).bring(known.brought("a"))
    assert known == {"a": (True, "placed")}
    assert time.slept == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]


def test_who_comes_while_the_store_is_silent_goes_along():
    attempts, known = FakeAttempts(StoreUnavailable("away")), Known()
    writer, more = settler(attempts, Time()), ["b"]

    def bring_more() -> None:
        if more:
            writer.bring(known.brought(more.pop()))

    attempts.meanwhile = bring_more
    writer.bring(known.brought("a"))
    assert attempts.trips == [["a"], ["a", "b"]]
    assert known.keys() == {"a", "b"}


def test_it_gives_up_when_the_lease_is_surely_over():
    """By then the reaper has made the job unconfirmed."""
    attempts, known, time = FakeAttempts(*[StoreUnavailable("away")] * 999), Known(), Time()
    settler(attempts, time).bring(known.brought("a"))
    assert known == {"a": (False, "placed")}
    assert 2 * LEASE.total_seconds() < time.seconds < 2 * LEASE.total_seconds() + 2


def test_an_error_of_ours_costs_that_one_alone():
    attempts, known = FakeAttempts(), Known()
    writer, more = settler(attempts, Time()), ["b", "ours", "c"]
    attempts.refuses = "ours"

    def bring_more() -> None:
        while more:
            writer.bring(known.brought(more.pop(0)))

    attempts.meanwhile = bring_more
    writer.bring(known.brought("a"))
    assert known == {
        "a": (True, "placed"),
        "b": (True, "placed"),
        "ours": (False, "placed"),
        "c": (True, "placed"),
    }


def test_an_error_of_ours_does_not_end_the_settler():
    attempts, known = FakeAttempts(ValueError("ours")), Known()
    writer = settler(attempts, Time())
    writer.bring(known.brought("a"))
    writer.bring(known.brought("b"))
    assert known == {"a": (True, "placed"), "b": (True, "placed")}


def test_an_outcome_that_nobody_could_decide_is_written_as_what_is_known():
    """The settlement is ours to get wrong; what the API said is not lost by it."""
    attempts, known = FakeAttempts(ValueError("ours")), Known()
    one = known.brought("a")
    one.outcome = Doubtful("no answer")
    settler(attempts, Time()).bring(one)
    assert known == {"a": (True, "unconfirmed")}


def test_a_step_is_insisted_on():
    time, answers = Time(), [StoreUnavailable("away"), StoreUnavailable("away"), True]

    def step() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert settler(FakeAttempts(), time).insist(step)
    assert time.slept == [0.05, 0.1]
