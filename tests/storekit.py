"""What store tests are made of: a clock that is moved by hand, jobs, asks, settlements."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from dialer.domain.account.breaker import BreakerRules
from dialer.domain.account.limits import Limits
from dialer.domain.call.call import ClickToCall
from dialer.domain.call.customer import UNPROTECTED
from dialer.domain.job.attempt import Ask, Ended, Go, No, Wait
from dialer.domain.job.backoff import Backoff
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.new_job import NewJob
from dialer.domain.job.outcome import Outcome, Placed, Refused
from dialer.domain.job.settle import Settlement, decide
from dialer.machine.clock import Clock
from dialer.store import Store
from dialer.store.redis.notation import micros, stamp
from dialer.store.redis.server import Server

SECOND = timedelta(seconds=1)
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
BREAKER = BreakerRules(
    faults_in_row=5, share=0.5, of_last=20, first_probe=5 * SECOND, factor=2, cap=300 * SECOND
)
BACKOFFS = {
    "provider": Backoff(2 * SECOND, 2, 60 * SECOND),
    "agent": Backoff(60 * SECOND, 1.5, 900 * SECOND),
    "capacity": Backoff(10 * SECOND, 2, 300 * SECOND),
}
LIMITS = Limits(1000, 1, 1000, 0, 300 * SECOND)
LEASE = 60 * SECOND

#: The clock of the scripts is a key; every test starts it at START.
MOVABLE_CLOCK = f"""
local function server_time()
  return tonumber(redis.call('GET', KEYS[1] .. 'test-clock') or '{stamp(START)}')
end
"""


def no_wait(seconds: float) -> None:
    """Take a stop to be true at once, where no call leaves but by the test's own hand."""
    del seconds


def windows(*spans: tuple[datetime, datetime]) -> tuple[tuple[datetime, datetime], ...]:
    """Say when an account is open."""
    return spans


ALWAYS = windows((START - timedelta(days=1), START + timedelta(days=400)))
#: By any clock.
EVER = windows((datetime(1970, 1, 1, tzinfo=UTC), datetime(2286, 1, 1, tzinfo=UTC)))


@dataclass
class Clockwork:
    """
    A store with the hand on its clock, and on those of the process that uses it.

    Attributes:
        now: What the store's clock says.
        passed: How much time has really passed.
        off: How far the process's wall clock is ahead of the store's.
        clock: Another clock than that of the test.
    """

    store: Store
    now: datetime = START
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    passed: timedelta = timedelta(0)
    off: timedelta = timedelta(0)
    clock: Clock | None = None

    def __post_init__(self) -> None:
        """Let the process live by the same time, unless it has a clock of its own."""
        self.store.server.witness.clock = self.clock or Clock(
            boottime=lambda: self.passed.total_seconds(),  # noqa: PLW0108 - it is another object each time
            now=lambda: self.now + self.off,
        )

    def forward(self, by: timedelta) -> None:
        """Let time pass."""
        self.passed += by
        self.step(by)

    def step(self, by: timedelta) -> None:
        """Move the clocks on the wall, the store's and the process's, while no time passes."""
        self.now += by
        server = self.store.server
        server.client.set(f"{server.keys.prefix}test-clock", stamp(self.now))

    def newcomer(self, off: timedelta = timedelta(0)) -> "Clockwork":
        """Another process on the same store, with the same clocks, that has seen nothing yet."""
        server = Server(self.store.server.client, clock=MOVABLE_CLOCK, sleep=no_wait)
        return Clockwork(Store.on(server, BREAKER), now=self.now, passed=self.passed, off=off)

    def job(self, job_id: str = "", **changes: object) -> NewJob:
        """Make a job that nobody enqueued yet."""
        nth = next(self.numbers)
        numbers = changes.get("protected", ("one",))
        changes.setdefault("rings", (1,) * len(numbers))  # type: ignore[arg-type]  # as below
        job = NewJob(
            id=job_id or f"job{nth}",
            digest="digest",
            key="",
            account="default",
            mode="developer",
            lane="default/-/-/",
            priority=5,
            not_before=None,
            not_after=None,
            deadline=timedelta(days=1),
            customer="to",
            protected=(f"+9190000{nth:05d}",),
            rings=(),
            ring_lead=timedelta(0),
            longest_ring=60 * SECOND,
            talk_limit=None,
            content="{}",
        )
        return replace(job, **changes)  # type: ignore[arg-type]  # a test names the fields it means

    def enqueue(self, job_id: str = "", **changes: object) -> str:
        """Enqueue one job and return its id."""
        job = self.job(job_id, **changes)
        assert self.store.jobs.enqueue([job], who="test") == ["created"]
        return job.id

    def ask(self, token: str = "", **changes: object) -> Ask:
        """Make a worker's question; the token is new unless given."""
        ask = Ask(
            account="default",
            ask=token or f"token{next(self.numbers)}",
            bell="",
            limits=LIMITS,
            windows=ALWAYS,
            lease=LEASE,
            lookahead=50 * timedelta(milliseconds=1),
            customer=UNPROTECTED,
            start_by=timedelta(0),
            mode="live",
        )
        return replace(ask, **changes)  # type: ignore[arg-type]  # a test names the fields it means

    def begin(self, **changes: object) -> Go | Wait | No:
        """Ask for a job."""
        grant = self.store.attempts.begin(self.ask(**changes))  # type: ignore[arg-type]  # as above
        return grant.jobs[0] if grant.jobs else grant.rest

    def begun(self, **changes: object) -> Go:
        """Ask for a job, and get one."""
        self.forward(SECOND)
        reply = self.begin(**changes)
        assert isinstance(reply, Go), reply
        return reply

    def settle(self, go: Go, outcome: Outcome, **changes: object) -> bool:
        """Settle an attempt as the dispatcher would."""
        settlement = replace(decided(go, outcome), **changes)  # type: ignore[arg-type]  # as above
        return self.store.attempts.settle([Ended(go.job_id, go.token, settlement)])[0]

    def release(self, go: Go, why: str = "late") -> bool:
        """Release the lease of a job that was not sent."""
        return self.store.attempts.release([go], why)[0]


def decided(
    go: Go, outcome: Outcome, max_tries: int = 6, call: ClickToCall | None = None
) -> Settlement:
    """Decide an outcome without any randomness to speak of."""
    return decide(
        outcome,
        tries=go.tries,
        max_tries=max_tries,
        misses=go.misses,
        pool_misses=go.pool_misses,
        pool=go.pool,
        backoffs=BACKOFFS,
        rng=Random(7),
        now=START,
        call=call,
    )


PLACED = Placed("call-1")
REFUSED = {kind: Refused(undocumented(f"code-{kind}", kind)) for kind in Kind}


READERS = {
    "string": lambda pipe, key: pipe.get(key),
    "hash": lambda pipe, key: pipe.hgetall(key),
    "set": lambda pipe, key: pipe.smembers(key),
    "zset": lambda pipe, key: pipe.zrange(key, 0, -1, withscores=True),
    "list": lambda pipe, key: pipe.lrange(key, 0, -1),
}


def whole_state(store: Store) -> dict[str, object]:
    """
    Everything the store holds, comparable; for "the same twice changes nothing".

    Replies that are kept for a call that may come twice are no state.
    """
    client = store.server.client
    keys = sorted(key for key in client.keys("*") if ":said:" not in key)
    with client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.type(key)
        types = pipe.execute()
        for key, kind in zip(keys, types, strict=True):
            READERS[kind](pipe, key)
        return dict(zip(keys, pipe.execute(), strict=True))


__all__ = [
    "ALWAYS",
    "BACKOFFS",
    "BREAKER",
    "EVER",
    "LEASE",
    "LIMITS",
    "MOVABLE_CLOCK",
    "PLACED",
    "REFUSED",
    "SECOND",
    "START",
    "Clockwork",
    "decided",
    "micros",
    "no_wait",
    "whole_state",
    "windows",
]
