"""
What an attempt's outcome means for its job: the settlement table.

The table is DESIGN's, one row an outcome. `decide` reads it and adds what
depends on the job and the clock: how long to wait, and whether a try is left.
Nothing here talks to anything; `dialer.store.dialling` carries a `Settlement`
out in one atomic script.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import assert_never

from dialer.job import State
from dialer.outcome import Doubtful, Kind, NotSent, Outcome, Placed, Refused
from dialer.redial import NO_REDIAL, Redial
from dialer.retry import Backoff, BackoffTable


class Breaker(StrEnum):
    """What an outcome tells the account's breaker."""

    SUCCESS = "success"
    FAULT = "fault"
    SILENT = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of the settlement table.

    Attributes:
        target: The state the job moves to.
        verb: The word for it: placed, retry, defer, hold, bury, doubt.
        try_used: Whether one of the job's tries is gone.
        rang: Whether a phone may have rung, so that the customer's cap
            reservation and the live-call place are kept.
        breaker: What the breaker learns.
        backoff: Which backoff paces the next attempt; None where there is none.
    """

    target: State
    verb: str
    try_used: bool
    rang: bool
    breaker: Breaker
    backoff: str | None = None


PLACED = Row(State.PLACED, "placed", True, True, Breaker.SUCCESS)
DOUBT = Row(State.UNCONFIRMED, "doubt", True, True, Breaker.FAULT)
NOT_SENT = Row(State.SCHEDULED, "retry", True, False, Breaker.FAULT, "provider")
REFUSED: dict[Kind, Row] = {
    Kind.PROVIDER: Row(State.SCHEDULED, "retry", True, False, Breaker.FAULT, "provider"),
    Kind.AGENT: Row(State.SCHEDULED, "defer", False, False, Breaker.SUCCESS, "agent"),
    Kind.CAPACITY: Row(State.SCHEDULED, "defer", False, False, Breaker.SILENT, "capacity"),
    Kind.ACCOUNT: Row(State.READY, "hold", False, False, Breaker.SILENT),
    Kind.REQUEST: Row(State.DEAD, "bury", True, False, Breaker.SUCCESS),
    Kind.COMPLIANCE: Row(State.DEAD, "bury", True, False, Breaker.SUCCESS),
    Kind.UNKNOWN: DOUBT,
    Kind.AMBIGUOUS: DOUBT,
}


def row_of(outcome: Outcome) -> Row:
    """
    Find the row of the settlement table for *outcome*.
    """
    match outcome:
        case Placed():
            return PLACED
        case NotSent():
            return NOT_SENT
        case Doubtful():
            return DOUBT
        case Refused(kind=kind):
            return REFUSED[kind]
        case _:
            assert_never(outcome)


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    What the store shall do with a job after an attempt, in one atomic step.

    Attributes:
        row: The row of the table this came from.
        target: The state to move to; DEAD where the tries are used up.
        delay: How long a scheduled job waits, >= 0; zero elsewhere.
        pool_delay: How long the job's whole pool sleeps; None when only the
            job waits.
        code: The provider's code, or "".
        reason: One clause for the job's record.
        call_id: The provider's id of a placed call, or "".
        cut_rate: Whether the account's rate is to be cut.
    """

    row: Row
    target: State
    delay: timedelta
    pool_delay: timedelta | None
    code: str
    reason: str
    call_id: str
    cut_rate: bool


def decide(
    outcome: Outcome,
    *,
    tries: int,
    max_tries: int,
    misses: int,
    pool_misses: int,
    pool: str,
    backoffs: BackoffTable,
    rng: Random,
    now: datetime,
    redial: Redial = NO_REDIAL,
) -> Settlement:
    """
    Say what *outcome* means for a job.

    Args:
        outcome: What the client returned.
        tries: Tries the job had used before this attempt.
        max_tries: Tries a job has in all, >= 1.
        misses: Deferrals of this job in a row before this one.
        pool_misses: The same for its pool; 0 where it has none.
        pool: The job's pool, "" for a plain number.
        backoffs: The waiting rules by name.
        rng: Source of the jitter.
        now: Aware; what a campaign's "not the same day" counts from.
        redial: The rules of the job's campaign.
    """
    max_tries = redial.max_tries or max_tries
    row = row_of(outcome)
    code, reason = _explain(outcome)
    target, delay, pool_delay = row.target, timedelta(0), None
    if row.verb == "retry" and tries + 1 >= max_tries:
        target = State.DEAD
        reason = f"{reason}; all {max_tries} tries are used"
    elif row.backoff is not None:
        whole_pool = bool(pool) and row is REFUSED[Kind.AGENT]
        nth = tries if row.try_used else pool_misses if whole_pool else misses
        usual = _wait(backoffs[row.backoff], nth, outcome, rng)
        pool_delay = usual if whole_pool else None
        delay = max(redial.delay(row.backoff, usual, now=now, rng=rng), _asked(outcome))
    return Settlement(
        row=row,
        target=target,
        delay=delay,
        pool_delay=pool_delay,
        code=code,
        reason=reason,
        call_id=outcome.call_id if isinstance(outcome, Placed) else "",
        cut_rate=isinstance(outcome, Refused) and outcome.kind is Kind.CAPACITY,
    )


def _wait(backoff: Backoff, nth: int, outcome: Outcome, rng: Random) -> timedelta:
    return max(backoff.delay(nth, rng), _asked(outcome))


def _asked(outcome: Outcome) -> timedelta:
    """How long the API asked to be left alone."""
    asked = outcome.retry_after if isinstance(outcome, Refused) else None
    return asked or timedelta(0)


def _explain(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Placed():
            return "", "accepted by the API"
        case NotSent(why=why):
            return "", f"not sent: {why}"
        case Doubtful(why=why, code=code):
            return code, f"may have rung: {why}"
        case Refused(code=code, message=message):
            return code, f"refused {code}: {message}" if message else f"refused {code}"
        case _:
            assert_never(outcome)
