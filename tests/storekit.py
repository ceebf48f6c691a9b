"""What store tests are made of: a clock that is moved by hand, jobs, asks, settlements."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from dialer.customer import UNPROTECTED
from dialer.limits import Limits
from dialer.outcome import Kind, Outcome, Placed, Refused
from dialer.retry import Backoff
from dialer.settle import Settlement, decide
from dialer.store import Store
from dialer.store.dialling import Ask, BreakerRules, Go, No, Wait
from dialer.store.jobs import NewJob
from dialer.store.server import micros, stamp

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


def windows(*spans: tuple[datetime, datetime]) -> str:
    """Write spans as begin reads them."""
    return ",".join(f"{stamp(start)}-{stamp(end)}" for start, end in spans)


ALWAYS = windows((START - timedelta(days=1), START + timedelta(days=400)))


@dataclass
class Clockwork:
    """A store with the hand on its clock."""

    store: Store
    now: datetime = START
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def forward(self, by: timedelta) -> None:
        """Move the store's clock."""
        self.now += by
        server = self.store.server
        server.client.set(f"{server.keys.prefix}test-clock", stamp(self.now))

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
            token=token or f"token{next(self.numbers)}",
            bell="",
            wall=stamp(self.now),
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
        return self.store.dialling.begin(self.ask(**changes))  # type: ignore[arg-type]  # as above

    def begun(self, **changes: object) -> Go:
        """Ask for a job, and get one."""
        self.forward(SECOND)
        reply = self.begin(**changes)
        assert isinstance(reply, Go), reply
        return reply

    def settle(self, go: Go, outcome: Outcome, **changes: object) -> bool:
        """Settle an attempt as the dispatcher would."""
        return self.store.dialling.settle(go.job_id, go.token, decided(go, outcome), **changes)  # type: ignore[arg-type]  # as above


def decided(go: Go, outcome: Outcome, max_tries: int = 6) -> Settlement:
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
    )


PLACED = Placed("call-1")
REFUSED = {kind: Refused(f"code-{kind}", kind) for kind in Kind}


READERS = {
    "string": lambda pipe, key: pipe.get(key),
    "hash": lambda pipe, key: pipe.hgetall(key),
    "set": lambda pipe, key: pipe.smembers(key),
    "zset": lambda pipe, key: pipe.zrange(key, 0, -1, withscores=True),
    "list": lambda pipe, key: pipe.lrange(key, 0, -1),
}


def whole_state(store: Store) -> dict[str, object]:
    """Everything the store holds, comparable; for "the same twice changes nothing"."""
    client = store.server.client
    keys = sorted(client.keys("*"))
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
    "whole_state",
    "windows",
]
