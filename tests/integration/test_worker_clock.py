"""A worker whose clock is wrong would misjudge calling hours: it never rings, and says why."""

import logging
from datetime import timedelta
from random import Random

import pytest
from dispatchkit import RULES, Line, inline, route
from storekit import ALWAYS, LIMITS, SECOND, Clockwork

from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.domain.call.call import ClickToCall
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Placed
from dialer.store.redis.notation import stamp

CONTENT = ClickToCall(from_="9000000001", to="9000000002").content()


@pytest.mark.parametrize("off", [5 * SECOND, -5 * SECOND])
def test_worker_with_a_wrong_clock_never_rings(clockwork: Clockwork, caplog, off):
    """Five seconds either way: each doorbell is refused, it is said once, and repair is enough."""
    caplog.set_level(logging.INFO, "dialer.dispatch")
    job_id = clockwork.enqueue(content=CONTENT, mode="live")
    line = Line(Placed("c1"))
    clockwork.off = off
    worker = Dispatcher(
        attempts=clockwork.store.attempts,
        client=line,
        routes={"default": route()},
        rules=RULES,
        rng=Random(1),
        threads=inline(),
        hands=Hands(now=lambda: clockwork.now + clockwork.off),
    )
    for _ in range(3):
        assert worker.answer("default") == "no: clock"
    assert (line.sent, clockwork.store.jobs.get(job_id).state) == ([], State.READY)
    assert caplog.messages == [
        "this worker dials nothing: its clock is off; synchronise the clocks (NTP)"
    ]

    clockwork.off = timedelta(0)
    assert worker.answer("default") == "placed 1"


def test_wrong_clock_is_shown_wherever_one_looks(cli):
    """Doctor names the worker and how far it is off; explain says that nobody may dial."""
    job_id = cli.job()
    now = cli.store.server.time()
    cli.store.doorbells.plan(
        "default",
        LIMITS,
        ALWAYS,
        PacerRules(SECOND, SECOND / 10, SECOND),
        worker="far:7",
        record={"host": "far", "pid": 7, "settings": "x", "wall_us": stamp(now + 5 * SECOND)},
        capacity=8,
    )
    ran = cli("doctor", "--json")
    (found,) = [one for one in ran.records if one["check"] == "worker_clock"]
    assert (ran.status, found["level"]) == (1, "fail")
    assert "far:7's clock is 5.0 s ahead of the store's; a worker with it never" in found["text"]
    out = " ".join(cli("explain", job_id).out.split())
    assert "the clock of every live worker is more than 2 s off (far:7), so none may dial" in out
