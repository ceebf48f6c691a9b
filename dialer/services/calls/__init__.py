"""
CallService: the use cases of single jobs.

    intake.py    calls that are handed over become jobs, each with its receipt
    records.py   jobs that are named are read
    handover.py  the same with all that a producer is told at once
    paging.py    pages of a list
    answers.py   questions about jobs, and the answers, as values
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from heapq import merge
from math import inf
from typing import TypeVar

from dialer.diagnosis.explain import Explanation
from dialer.diagnosis.facts_reader import Explainer
from dialer.domain.call.customer import UNPROTECTED
from dialer.domain.call.number import read_number
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.job import Job, State
from dialer.domain.job.receipt import Moved
from dialer.errors import InvalidCall, InvalidRequest, JobNotFound
from dialer.services.calls.answers import (
    ANY_JOB,
    DeadGroup,
    JobFilter,
    NumberExplanation,
    Resolution,
    Waiting,
)
from dialer.services.calls.records import Records
from dialer.store import Store

__all__ = ["CallService", "JobFilter"]

_Word = TypeVar("_Word", bound=StrEnum)
#: Jobs each second of the slowest redrive: one a day.
_SLOWEST = 0.00001
_TARGETS = {
    Resolution.PLACED: State.PLACED,
    Resolution.DEAD: State.DEAD,
    Resolution.AGAIN: State.READY,
}


@dataclass(frozen=True, slots=True, repr=False)
class CallService(Records):
    """
    The use cases of jobs.

    A job that is `placed` was taken by the provider: whether anybody answered, it does not say.
    Every method raises StoreUnavailable when the store does not answer, and may be called again.
    """

    explainer: Explainer
    #: Has the feeder look at the campaigns of jobs that wait again.
    look_at_jobs: Callable[[Iterable[str]], None]

    def jobs(self, which: JobFilter = ANY_JOB) -> Iterator[Job]:
        """
        List jobs, those first that entered their state last; each at most once.

        One that moves while the list is read may be left out; one that cannot be read is,
        and the log names it.
        """
        if which.campaign is not None:
            self.store.campaigns.progress(which.campaign)  # a misspelt one is none without jobs
        states = list(State) if which.state is None else [_one_of(State, which.state, "state")]
        select, campaign = self.store.jobs.select, which.campaign
        newest = (select(state, newest_first=True, campaign=campaign) for state in states)
        merged = merge(*newest, key=lambda job: job.entered, reverse=True)
        return (job for job in _once(merged) if which.fits(job))

    def counts(self, campaign: str | None = None) -> dict[str, int]:
        """
        Count all jobs by state; or a campaign's, and as "waiting" its contacts that are none yet.

        Raises:
            CampaignNotFound: There is none with this name.
        """
        progress = self.store.campaigns.progress(campaign) if campaign else None
        counts = progress.counts if progress else self.store.jobs.counts()
        named = {str(state): count for state, count in counts.items()}
        return {"waiting": progress.waiting, **named} if progress else named

    def explain(self, job_id: str) -> Explanation:
        """
        Say why a job was not rung, or a campaign's contact: campaign:row, a job or not.

        Raises:
            JobNotFound: There is none with this id.
        """
        contact = ContactJobId.parse(job_id)
        name = str(contact or job_id)
        try:
            job = self.get(name)
        except JobNotFound:
            waiting = contact and self.explainer.contact(contact.campaign, contact.row)
            if not waiting:
                raise
            return waiting
        explained, now = self.explainer.job(job), self.get(name)
        # Once it was begun, its own reservations are not in its way.
        return explained if now.state is job.state else self.explainer.job(now)

    def explain_number(self, number: str) -> NumberExplanation:
        """
        Say why a number was not rung, in every list and for every job of it.

        Raises:
            InvalidCall: It is no number.
        """
        number = read_number(number)
        found = self.explainer.contacts(number)
        found += map(self.explainer.job, self.store.jobs.of_number(number)[::-1])
        return NumberExplanation(found, self.store.suppression.find(number))

    def may_ring(self, number: str, account: str) -> str:
        """Name the rule that keeps an account from ringing a number, E.164, now; "" for none."""
        route = self.explainer.routes.get(account)
        if route is None:
            return "account"
        ask = self.store.customers.allow_contacts
        return ask(account, [([number], [1])], route.customer, UNPROTECTED)[0].rule

    def waiting_for(self, number: str) -> Waiting:
        """
        Look where a number waits to be rung.

        Raises:
            InvalidCall: It is no number.
        """
        number = read_number(number)
        # In this order: a contact that leaves its list meanwhile is a job by then.
        contacts = list(_in_lists(self.store, number))
        jobs = self.store.jobs.of_number(number)
        waits = (State.SCHEDULED, State.READY)
        return Waiting([job.id for job in jobs if job.state in waits], contacts)

    def cancel(self, ids: Iterable[str], *, reason: str = "cancelled") -> Moved:
        """
        Take back jobs that have not been dialled; when this returns, none of them starts.

        Each becomes cancelled, or is refused by the state it is in and stays so.
        """
        return self.store.operator.cancel(_several(ids), who=self.who, reason=reason)

    def cancel_number(self, number: str, *, reason: str = "cancelled") -> tuple[Moved, Waiting]:
        """
        Take back every job for a number that waits to be dialled.

        A contact that is no job yet cannot be cancelled: it is rung when its campaign comes to
        it, unless the number is put on the do-not-call list.

        Returns:
            The jobs moved and refused, and where the number waited; in lists it waits still.

        Raises:
            InvalidCall: It is no number; nothing was changed.
        """
        waiting = self.waiting_for(number)
        return self.cancel(waiting.jobs, reason=reason), waiting

    def dead_letters(self, which: JobFilter = ANY_JOB) -> list[str]:
        """List the ids of dead letters, the oldest first."""
        # To the end, before the first is moved: moving changes the list that is read.
        return [job.id for job in self.jobs(replace(which, state=State.DEAD))][::-1]

    def dead_by_code(self, which: JobFilter = ANY_JOB) -> list[DeadGroup]:
        """Count dead letters by answer code, the most first."""
        counts: Counter[str] = Counter()
        latest: dict[str, Job] = {}
        for job in self.jobs(replace(which, state=State.DEAD)):
            counts[job.code] += 1
            latest.setdefault(job.code, job)
        ordered = sorted(counts.items(), key=lambda one: -one[1])
        return [DeadGroup(code, count, latest[code]) for code, count in ordered]

    def redrive(self, ids: Iterable[str], *, per_second: float = 1.0) -> Moved:
        """
        Put dead letters back with fresh tries; those of a campaign as it is defined now.

        Args:
            ids: Each becomes scheduled; one that is not dead is refused, so doing it twice
                does it once.
            per_second: Jobs that become due each second, over all redrives.

        Raises:
            InvalidCall: *per_second* is no such number; nothing was changed.
        """
        if not isinstance(per_second, int | float) or not _SLOWEST <= per_second < inf:
            rule = f"must be more than 0 and finite, in jobs each second, not {per_second}"
            raise InvalidCall([("per_second", rule)])
        moved = self.store.operator.redrive(
            _several(ids),
            who=self.who,
            per_second=per_second,
            deadline=self.settings.jobs.deadline,
        )
        self.look_at_jobs(moved.done)
        return moved

    def discard(self, ids: Iterable[str], *, reason: str = "discarded") -> Moved:
        """Give dead letters up for good: they become cancelled, and others are refused."""
        return self.store.operator.discard(_several(ids), who=self.who, reason=reason)

    def unconfirmed(self, account: str | None = None) -> list[Job]:
        """List the calls that may have rung, the oldest first."""
        return list(self.jobs(JobFilter(State.UNCONFIRMED, account)))[::-1]

    def resolve(self, job_id: str, finding: Resolution | str, *, reason: str) -> timedelta:
        """
        Resolve an unconfirmed call by a person's finding.

        Args:
            job_id: The job's.
            finding: "placed"; "dead"; or "again", to ring it again once its quarantine
                (`jobs.quarantine`) is over, a campaign's as it is defined now.
            reason: The evidence; on record.

        Returns:
            Zero when it is done; else the rest of the quarantine, and nothing was changed.

        Raises:
            JobNotFound: There is no such job.
            StateConflict: It is not unconfirmed; nothing was changed.
            InvalidRequest: There is no such finding.
        """
        finding, jobs = _one_of(Resolution, finding, "finding"), self.settings.jobs
        left = self.store.operator.resolve(
            job_id,
            _TARGETS[finding],
            who=self.who,
            reason=reason,
            quarantine=jobs.quarantine,
            deadline=jobs.deadline,
        )
        if finding is Resolution.AGAIN and not left:
            self.look_at_jobs([job_id])
        return left


def _several(ids: Iterable[str]) -> Iterable[str]:
    """Make a list of a single id, which would give its letters one by one."""
    several = [ids] if isinstance(ids, str) else list(ids)
    if wrong := [one for one in several if not isinstance(one, str)]:
        raise InvalidRequest("id", f"must be the id of a job, not {wrong[0]!r}")
    return several


def _one_of(kind: type[_Word], word: _Word | str, field: str) -> _Word:
    try:
        return kind(word)
    except ValueError:
        raise InvalidRequest(field, f'must be one of {", ".join(kind)}, not "{word}"') from None


def _once(jobs: Iterable[Job]) -> Iterator[Job]:
    seen: set[str] = set()
    for job in jobs:
        if job.id not in seen:
            seen.add(job.id)
            yield job


def _in_lists(store: Store, number: str) -> Iterator[tuple[str, int]]:
    now = store.now()
    for progress in store.campaigns.every():
        if progress.state is CampaignState.CANCELLED or progress.ends <= now:
            continue
        row = store.contacts.find(progress.name, number)
        place = store.contacts.place(progress.name, row) if row else None
        if row and place and not place.fed:
            yield progress.name, row
