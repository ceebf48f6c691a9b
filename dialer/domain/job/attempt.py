"""Attempts: a worker's ask for jobs, the answers to it, and how they ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dialer.domain.account.limits import Limits
from dialer.domain.call.customer import CustomerRules
from dialer.domain.job.settle import Settlement
from schedules.windows import Window


@dataclass(frozen=True, slots=True)
class Ask:
    """
    A worker's ask for jobs.

    Attributes:
        account: The doorbell's account.
        ask: New for every ask; a repeat of the same ask is answered alike.
        bell: The doorbell that is answered, "" for none.
        limits: The account's limits in the worker's settings.
        windows: When the account may dial.
        lease: How long each job is the worker's.
        lookahead: How far ahead a start may be granted.
        customer: How often one customer may be called.
        start_by: How long after its slot the request may leave.
        settings: The fingerprint of the worker's settings; "" is not compared.
        mode: The account's mode in the worker's settings; a job that is live
            where that is "developer" stops the account (hold of owner `mode`).
        peers: The accounts that share its user id, itself among them: their agents
            are the same people. Empty for itself alone.
        count: The most jobs it can begin now.
    """

    account: str
    ask: str
    bell: str
    limits: Limits
    windows: Sequence[Window]
    lease: timedelta
    lookahead: timedelta
    customer: CustomerRules
    start_by: timedelta
    mode: str
    settings: str = ""
    peers: Sequence[str] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Go:
    """
    A granted job: dialing, durably; it may be sent once.

    Attributes:
        token: The fence of this attempt, `<ask>.<n>`: only who knows it ends it.
        attempt: Its number, from 1.
        ahead: How long after the answer was made the call may start, >= 0.
        tries: Tries the job had used before.
        misses: Deferrals of the job in a row before.
        pool_misses: The same for its pool.
        pool: The job's pool, "" for a plain number.
        content: The call as JSON.
        redial: The redial rules of its campaign as JSON, "" for a direct call.
    """

    job_id: str
    token: str
    attempt: int
    ahead: timedelta
    tries: int
    misses: int
    pool_misses: int
    mode: str
    pool: str
    content: str
    redial: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """The meter allows the next call only after this time; ask again then."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class No:
    """
    Nothing, or nothing more, may be dialled now.

    Attributes:
        reason: One word: empty, posting, live, share, closed, held:<scope>, breaker,
            clock, rollback, settings, sorting, settled, damaged; enough where as many
            were granted as were asked for.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Grant:
    """
    The answer to an ask.

    Attributes:
        jobs: Those that were granted, by their slots; each may be sent once.
        rest: Why there are no more.
    """

    jobs: tuple[Go, ...]
    rest: Wait | No


@dataclass(frozen=True, slots=True)
class Ended:
    """
    An attempt that is over.

    Attributes:
        token: Its fence.
        settlement: What that means.
    """

    job_id: str
    token: str
    settlement: Settlement
