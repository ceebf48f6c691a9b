"""What a person does to jobs: on record in one piece, and no way around a rule."""

from datetime import timedelta

import pytest
from storekit import LIMITS, PLACED, SECOND, Clockwork

from dialer.domain.doorbell import PacerRules
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful

Q = {"quarantine": 600 * SECOND, "deadline": timedelta(hours=1)}
NOISE = "first line\nsecond\tline\u2028third"


def test_words_of_a_person_leave_the_record_readable(clockwork: Clockwork):
    """A reason of several lines, pasted from somewhere, does not make a job unreadable."""
    cancelled, resolved = clockwork.enqueue(priority=1), clockwork.enqueue(priority=9)
    desk, jobs = clockwork.store.operator, clockwork.store.jobs
    clockwork.settle(clockwork.begun(), Doubtful("silence"))

    desk.cancel([cancelled], who=NOISE, reason=NOISE)
    desk.resolve(resolved, State.DEAD, who=NOISE, reason=NOISE, **Q)
    desk.redrive([resolved], who=NOISE, per_second=1, deadline=SECOND)
    desk.cancel([resolved], who="me", reason="x" * 1000)
    jobs.enqueue([clockwork.job("other")], who=NOISE)

    assert jobs.get(cancelled).reason == "first line second line third"
    assert [event.target for event in jobs.get(resolved).events[-3:]] == [
        State.DEAD,
        State.SCHEDULED,
        State.CANCELLED,
    ]
    assert len(jobs.get("other").events) == 1


def test_redrive_is_no_way_around_the_quarantine(clockwork: Clockwork):
    """A call that may be under way is not rung again soon, whatever a person called it."""
    job_id = clockwork.enqueue()
    begun = clockwork.begun()
    clockwork.settle(begun, Doubtful("silence"))
    desk, rounds = clockwork.store.operator, clockwork.store.maintenance

    desk.resolve(job_id, State.DEAD, who="me", reason="nobody was rung", **Q)
    assert desk.redrive([job_id], who="me", per_second=1, deadline=SECOND).done == [job_id]
    clockwork.forward(599 * SECOND)
    rounds.due()
    assert clockwork.begin() == No("empty")

    clockwork.forward(SECOND)
    rounds.due()
    assert isinstance(clockwork.begin(), Go)


def test_quarantined_job_delays_no_other_redrive(clockwork: Clockwork):
    """The jobs redriven beside it come back at the wanted speed."""
    ids = [clockwork.enqueue() for _ in range(3)]
    for _ in ids:
        go = clockwork.begun()
        clockwork.settle(go, Doubtful("silence"))
        clockwork.store.operator.resolve(go.job_id, State.DEAD, who="me", reason="r", **Q)
    clockwork.forward(598 * SECOND)

    clockwork.store.operator.redrive(ids, who="me", per_second=1, deadline=SECOND)

    dues = [clockwork.store.jobs.get(job_id).due for job_id in ids]
    assert [due - clockwork.now for due in dues if due] == [0 * SECOND, SECOND, 2 * SECOND]


@pytest.mark.parametrize("max_live", [0, 5])
def test_calls_that_are_over_take_no_room(clockwork: Clockwork, max_live: int):
    """A million calls leave no million entries behind, also where live calls are not limited."""
    for _ in range(3):
        clockwork.enqueue()
        clockwork.settle(clockwork.begun(), PLACED)
    clockwork.forward(timedelta(days=1))
    server = clockwork.store.server

    clockwork.store.doorbells.plan(
        "default",
        LIMITS.__class__(1, 1, 1, max_live, SECOND),
        "",
        PacerRules(SECOND, SECOND, SECOND),
        worker="w",
        record={},
        capacity=1,
    )

    assert server.client.zcard(server.keys.live("default")) == 0
