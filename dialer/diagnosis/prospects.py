"""
Prospects: what keeps jobs from being rung, for many at once and from facts of the last second.

The same reasoning as `dialer.diagnosis.explain`. What is the same for all jobs of an account is
read once a second; what is each job's own, its customer, with one script for all of them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, cast

from dialer.diagnosis.explain import AccountFacts, Facts, explain
from dialer.diagnosis.explain.barriers import earliest
from dialer.diagnosis.facts_reader import Explainer, second_of
from dialer.domain.call.call import ClickToCall, Customer
from dialer.domain.call.customer import UNPROTECTED, Allowed
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.hold import Hold
from dialer.domain.job.job import Job, State
from dialer.domain.job.lane import Ahead
from dialer.errors import InvalidCall

#: Facts that are shared are at most so old.
_AGE: Final = timedelta(seconds=1)
#: Of more lanes than these the queue is not counted, at once: it is not known then.
_LANES: Final = 8
_WAITING: Final = (State.SCHEDULED, State.READY)
#: Reasons that are the others who come first.
_OTHERS: Final = ("queue", "list")
#: In the place of sentences that quote people's free text.
_PLAIN: Final = {
    "hold": "it is held by a person or a part of the system; it goes on when that is released",
    "do_not_call": "the customer is on the do-not-call list; it will be skipped",
    "scheduled": "it waits for its time",
}


@dataclass(frozen=True, slots=True)
class Prospect:
    """
    What becomes of a job next.

    Attributes:
        barrier: Stable word of the first reason against ringing it now; "" for none.
        because: Its sentence, without people's free text; "" for none.
        opens_at: First moment at which nothing with a known end stands in the way; None where a
            person must act, or nobody knows.
        ahead: Ready jobs that come first; None where it was not counted.
        starts_about: The moment before which it is hardly rung; None where it is not known.
    """

    barrier: str = ""
    because: str = ""
    opens_at: datetime | None = None
    ahead: int | None = None
    starts_about: datetime | None = None


#: That of a job that does not wait.
NO_PROSPECT: Final = Prospect()


@dataclass
class _Shared:
    """Facts that many jobs share, as they were read within one second."""

    explainer: Explainer
    now: datetime
    holds: Sequence[Hold]
    workers: Sequence[LiveWorker]
    fullness: float
    accounts: dict[str, AccountFacts | None] = field(default_factory=dict)
    pools: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    queues: dict[tuple[str, int], Ahead | None] = field(default_factory=dict)

    @classmethod
    def read(cls, explainer: Explainer) -> "_Shared":
        store, now = explainer.store, explainer.store.now()
        holds, workers = store.holds.all(), store.doorbells.live(now)
        return cls(explainer, now, holds, workers, store.fullness())

    def account(self, job: Job) -> AccountFacts | None:
        if job.account not in self.accounts:
            self.accounts[job.account] = self.explainer.account(job, self.now)
        return self.accounts[job.account]

    def pool(self, job: Job) -> datetime | None:
        at = (job.account, job.pool)
        if job.pool and at not in self.pools:
            self.pools[at] = self.explainer.store.accounts.pool_sleeps_until(*at)
        return self.pools.get(at)

    def ahead(self, job: Job) -> Ahead | None:
        """Count those ahead of a job; None for one of too many lanes."""
        at = (job.lane, job.priority)
        if at not in self.queues and len(self.queues) < _LANES:
            account = self.account(job)
            closed = account is not None and not any(
                opens <= self.now < closes for opens, closes in account.windows
            )
            self.queues[at] = self.explainer.store.ahead_of(job, same_hours=closed)
        return self.queues.get(at)


@dataclass
class Prospects:
    """Looks ahead for jobs; for one thread at a time."""

    explainer: Explainer
    clock: Callable[[], float] = time.monotonic
    _shared: _Shared | None = None
    _read_at: float = 0.0

    def of(self, jobs: Sequence[Job]) -> list[Prospect]:
        """
        Look ahead for each of some jobs.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        waiting = [job for job in jobs if job.state in _WAITING]
        direct = [job for job in waiting if not job.campaign]
        shared, found = self._fresh(), {}
        for job, allowed in self._customers(direct):
            found[job.id] = self._look(shared, job, allowed)
        for job in waiting:
            if job.campaign:
                found[job.id] = _prospect(self.explainer.facts(job), counted=True)
        return [found.get(job.id, NO_PROSPECT) for job in jobs]

    def _fresh(self) -> _Shared:
        now = self.clock()
        if self._shared is None or now - self._read_at >= _AGE.total_seconds():
            self._shared, self._read_at = _Shared.read(self.explainer), now
        return self._shared

    def _customers(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Allowed | None]]:
        for account, group in groupby(sorted(jobs, key=_account), _account):
            some, route = list(group), self.explainer.routes.get(account)
            if route is None:
                yield from ((job, None) for job in some)
                continue
            asked = [(job.protected, _rings(job)) for job in some]
            ask = self.explainer.store.customers.allow_contacts
            allowed = ask(account, asked, route.customer, UNPROTECTED)
            yield from zip(some, allowed, strict=True)

    def _look(self, shared: _Shared, job: Job, allowed: Allowed | None) -> Prospect:
        ahead, find = shared.ahead(job), self.explainer.store.suppression.find
        listed = allowed is not None and allowed.rule == "do_not_call"
        entries = []
        if listed:
            entries = [one for number in job.protected for one in find(number, job.account)]
        facts = Facts(
            job=job,
            now=shared.now,
            holds=shared.holds,
            suppressed=entries,
            account=shared.account(job),
            customer=None if listed else allowed,
            pool_until=shared.pool(job),
            ahead=ahead or Ahead(),
            workers=shared.workers,
            lease=self.explainer.lease,
            quarantine=self.explainer.quarantine,
            fullness=shared.fullness,
            peers=self.explainer.peers(job.account),
            second=second_of(job),
        )
        return _prospect(facts, counted=ahead is not None)


def _prospect(facts: Facts, *, counted: bool) -> Prospect:
    found = explain(facts)
    opens = found.next
    if facts.first:
        campaign = facts.campaign and replace(facts.campaign, before=0, before_same_agents=0)
        known = all(one.until for one in found.reasons if one.name not in _OTHERS)
        alone = replace(facts, ahead=Ahead(), campaign=campaign)
        opens = earliest(alone) if known else None
    reason = next(iter(found.reasons), None)
    return Prospect(
        barrier=reason.name if reason else "",
        because=_PLAIN.get(reason.name, reason.text) if reason else "",
        opens_at=opens,
        ahead=facts.first if counted else None,
        starts_about=found.next if counted else None,
    )


def _account(job: Job) -> str:
    return job.account


def _rings(job: Job) -> Sequence[int]:
    try:
        return ClickToCall.from_content(job.content).rings(cast("Customer", job.customer))
    except InvalidCall:  # it will be dead instead of rung
        return [1] * len(job.protected)
