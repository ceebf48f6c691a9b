"""Questions about jobs, and the answers, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialer.diagnosis.explain import Explanation
from dialer.domain.call.customer import Suppressed
from dialer.domain.job.job import Job


@dataclass(frozen=True, slots=True)
class JobFilter:
    """
    A choice of jobs; each field that is not None narrows it.

    Attributes:
        state: A `State`, such as "dead".
        account: An account's name.
        code: That of the last answer, such as "1578".
        campaign: A campaign's name; CampaignNotFound is raised when there is none.
    """

    state: str | None = None
    account: str | None = None
    code: str | None = None
    campaign: str | None = None

    def fits(self, job: Job) -> bool:
        """Say whether a job has this account and code."""
        return self.account in (None, job.account) and self.code in (None, job.code)


ANY_JOB = JobFilter()


class Resolution(StrEnum):
    """A person's finding about an unconfirmed call."""

    PLACED = "placed"
    DEAD = "dead"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """The dead letters of one answer code, "" where the API gave none; *latest* died last."""

    code: str
    count: int
    latest: Job


@dataclass(frozen=True, slots=True)
class NumberExplanation:
    """
    Reasons why a number has not been rung.

    Attributes:
        found: One explanation for each list it waits in, then for each job of it, newest first.
        suppressed: Its entries on the do-not-call lists.
    """

    found: Sequence[Explanation]
    suppressed: Sequence[Suppressed]


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    Places in which a number waits to be rung.

    Attributes:
        jobs: Ids of its jobs that can be cancelled.
        contacts: Campaign and row of each list in which it is no job yet.
    """

    jobs: list[str]
    contacts: list[tuple[str, int]]
