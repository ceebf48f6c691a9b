"""Ten minutes in which the API takes every request and answers none, on a clock moved by hand."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from storekit import SECOND, Clockwork

from dialer.domain.account.limits import Limits
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, Outcome, Placed
from dialer.settings import Settings
from dialer.store import Store

SETTINGS = Settings()
RATE = 20
MAX_POSTING = 20
SILENCE = timedelta(minutes=10)
STEP = SECOND / RATE


@dataclass
class Api:
    """An API in virtual time: silent for ten minutes, then well."""

    clockwork: Clockwork
    well_from: datetime
    #: Whether what it keeps waiting is given up by workers, or by workers that have died.
    workers_live: bool = True
    open: list[tuple[datetime, int, Go, Outcome]] = field(default_factory=list)
    sent: int = 0

    def take(self, go: Go) -> None:
        """Answer in 100 ms, or never."""
        self.sent += 1
        now = self.clockwork.now
        if now >= self.well_from:
            heapq.heappush(self.open, (now + SECOND / 10, self.sent, go, Placed(f"c{self.sent}")))
        elif self.workers_live:
            late = now + SETTINGS.wire.deadline
            heapq.heappush(self.open, (late, self.sent, go, Doubtful("no answer")))

    def settle(self) -> None:
        """Write down what has been answered or given up by now."""
        while self.open and self.open[0][0] <= self.clockwork.now:
            _, _, go, outcome = heapq.heappop(self.open)
            assert self.clockwork.settle(go, outcome)


def ask(clockwork: Clockwork, api: Api) -> timedelta:
    """Let a worker answer a doorbell; return how long until the next one is rung."""
    limits = Limits(RATE, 1, MAX_POSTING, 0, 300 * SECOND)
    reply = clockwork.begin(limits=limits, lease=SETTINGS.jobs.lease)
    if isinstance(reply, Go):
        api.take(reply)
        return STEP
    return SECOND


def run(clockwork: Clockwork, api: Api, until: datetime) -> None:
    """Ring a doorbell for each slot of the rate, each second while none may start, and tick."""
    store, beat = clockwork.store, clockwork.now
    while clockwork.now < until and store.jobs.counts()[State.READY]:
        clockwork.forward(ask(clockwork, api))
        api.settle()
        if clockwork.now >= beat:
            store.maintenance.reap()
            store.maintenance.due()
            beat += SETTINGS.beat.tick


@pytest.mark.parametrize("workers_live", [True, False])
def test_ten_minutes_of_silence(scratch_clockwork: Clockwork, workers_live):
    """At most `max_posting` + 20 doubts at 20 calls a second, and then it drains by itself."""
    clockwork = scratch_clockwork
    store = clockwork.store = Store.on(clockwork.store.server, SETTINGS.breaker)
    calls = 400
    for _ in range(calls):
        clockwork.enqueue()
    api = Api(clockwork, clockwork.now + SILENCE, workers_live=workers_live)

    run(clockwork, api, api.well_from)
    doubts = store.jobs.counts()[State.UNCONFIRMED]
    assert MAX_POSTING <= doubts <= MAX_POSTING + 20
    assert [hold.owner for hold in store.holds.all()] == ["breaker"]

    # The next probe may be as far away as the longest wait between two.
    run(clockwork, api, api.well_from + SETTINGS.breaker.cap + calls * STEP + 10 * SECOND)
    clockwork.forward(SECOND)
    api.settle()
    ended = store.jobs.counts()
    assert ended[State.PLACED] + ended[State.UNCONFIRMED] == calls
    assert ended[State.UNCONFIRMED] <= MAX_POSTING + 20
    assert store.holds.all() == []
