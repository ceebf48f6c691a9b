"""
Settlement: the consequences of an attempt's outcome, for its job and beyond it.

The table is DESIGN's, one row an outcome. `decide` reads it and adds what depends on the
job, its call and the clock: how long to wait, whether a try is left, which accounts are
held, which number is never to be called again. `dialer.store.attempts` carries a
`Settlement` out in one atomic script.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import assert_never

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.backoff import BackoffTable
from dialer.domain.job.codes import Code, Kind, undocumented
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome, Placed, Refused
from dialer.domain.job.redial import NO_REDIAL, Redial
from dialer.errors import InvalidCall, InvalidCampaign


class Breaker(StrEnum):
    """Signals of an outcome to the account's breaker."""

    SUCCESS = "success"
    FAULT = "fault"
    SILENT = "-"


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """
    One row of the settlement table.

    Attributes:
        target: The state the job moves to.
        verb: The word for it: placed, retry, defer, take_back, hold, bury, doubt.
        try_used: Whether one of the job's tries is gone.
        rang: Whether a phone may have rung, so that the customer's cap
            reservation and the live-call place are kept.
        breaker: Its signal to the breaker.
        backoff: The backoff of the next attempt; None where there is none.
    """

    target: State
    verb: str
    try_used: bool
    rang: bool
    breaker: Breaker
    backoff: str | None = None


PLACED = SettlementRow(State.PLACED, "placed", True, True, Breaker.SUCCESS)
DOUBT = SettlementRow(State.UNCONFIRMED, "doubt", True, True, Breaker.FAULT)
#: Nobody's fault: the way is kept open, or found shut, before a job is asked for.
NOT_SENT = SettlementRow(State.READY, "take_back", False, False, Breaker.SILENT)
REFUSED: dict[Kind, SettlementRow] = {
    Kind.PROVIDER: SettlementRow(State.SCHEDULED, "retry", True, False, Breaker.FAULT, "provider"),
    Kind.AGENT: SettlementRow(State.SCHEDULED, "defer", False, False, Breaker.SUCCESS, "agent"),
    Kind.CAPACITY: SettlementRow(
        State.SCHEDULED, "defer", False, False, Breaker.SILENT, "capacity"
    ),
    Kind.ACCOUNT: SettlementRow(State.READY, "hold", False, False, Breaker.SILENT),
    Kind.REQUEST: SettlementRow(State.DEAD, "bury", True, False, Breaker.SUCCESS),
    Kind.COMPLIANCE: SettlementRow(State.DEAD, "bury", True, False, Breaker.SUCCESS),
    Kind.UNKNOWN: DOUBT,
    Kind.AMBIGUOUS: DOUBT,
}

#: Where the rules of a campaign, and so each of its calls, cannot be read.
_UNREADABLE_RULES = Code(
    "unreadable_rules", "not documented", Kind.REQUEST, "redial", shared_value=True
)
#: Where nothing rings again by itself.
_ENDS = (State.PLACED, State.UNCONFIRMED, State.DEAD)


def row_of(outcome: Outcome) -> SettlementRow:
    """Return the row of the settlement table for *outcome*."""
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
    The store's one atomic step after an attempt: for its job and beyond it.

    Attributes:
        row: Its row of the table.
        target: The state to move to; DEAD where the tries are used up.
        reason: One clause for the job's record.
        code: The provider's code, or "".
        call_id: The provider's id of a placed call, or "".
        delay: How long a scheduled job waits, >= 0; zero elsewhere.
        pool_delay: How long the job's whole pool sleeps; None when only the
            job waits.
        cut_rate: Whether the account's rate is to be cut.
        hold: The accounts to hold, with this reason.
        suppress: The number that a register forbids, E.164, or "".
        fault: A digest of the refusal, alike for alike; three in a row hold
            the job's campaign. "" for nothing.
        alert: Whether a person should look now.
    """

    row: SettlementRow
    target: State
    reason: str
    code: str = ""
    call_id: str = ""
    delay: timedelta = timedelta(0)
    pool_delay: timedelta | None = None
    cut_rate: bool = False
    hold: Sequence[str] = ()
    suppress: str = ""
    fault: str = ""
    alert: bool = False


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
    accounts: Sequence[str] = (),
    call: ClickToCall | None = None,
) -> Settlement:
    """
    Decide what *outcome* means for a job, its account, its campaign and its customer.

    Args:
        outcome: As the client returned it.
        tries: Tries the job had used before this attempt.
        max_tries: Tries a job has in all, >= 1.
        misses: Deferrals of this job in a row before this one.
        pool_misses: The same for its pool; 0 where it has none.
        pool: The job's pool, "" for a plain number.
        backoffs: By name.
        rng: Source of the jitter.
        now: Aware; a campaign's "not the same day" counts from it.
        redial: The rules of the job's campaign.
        accounts: The account that asked, then the others with its user id.
        call: None where it could not be read, and so was not sent.
    """
    max_tries = redial.max_tries or max_tries
    bare = _by_row(outcome, accounts)
    row, delay, pool_delay = bare.row, timedelta(0), None
    if row.verb == "retry" and tries + 1 >= max_tries:
        bare = replace(
            bare, target=State.DEAD, reason=f"{bare.reason}; all {max_tries} tries are used"
        )
    elif row.backoff is not None:
        whole_pool = bool(pool) and row is REFUSED[Kind.AGENT]
        nth = tries if row.try_used else pool_misses if whole_pool else misses
        usual = max(backoffs[row.backoff].delay(nth, rng), _asked(outcome))
        pool_delay = usual if whole_pool else None
        delay = max(redial.delay(row.backoff, usual, now=now, rng=rng), _asked(outcome))
    return replace(
        bare,
        delay=delay,
        pool_delay=pool_delay,
        suppress=_number_to_suppress(outcome, call),
        fault=_shared_fault(outcome, call),
    )


def undecided(outcome: Outcome, error: Exception, accounts: Sequence[str] = ()) -> Settlement:
    """
    Settle *outcome* by its row alone, where *error* kept `decide` from it.

    A call that was placed is placed, one in doubt stays in doubt. One that surely
    rang nobody is a dead letter and not unconfirmed, since there is no doubt about a
    phone; when it may ring again is what could not be decided, so a person redrives it.
    """
    bare = _by_row(outcome, accounts)
    return replace(
        bare,
        target=bare.target if bare.target in _ENDS else State.DEAD,
        reason=f"{bare.reason}; not decided further: {type(error).__name__}, an error of ours",
    )


def unreadable(error: Exception) -> Refused:
    """Return the refusal of a stored call that cannot be sent at all: it was never on the wire."""
    if isinstance(error, InvalidCall):
        fields = ", ".join(field for field, _ in error.problems)
        return Refused(undocumented("invalid_call", Kind.REQUEST), f"our own check of {fields}")
    if isinstance(error, InvalidCampaign):
        return Refused(_UNREADABLE_RULES, f"its campaign's {error}")
    return Refused(undocumented("unreadable_call", Kind.REQUEST), type(error).__name__)


def _by_row(outcome: Outcome, accounts: Sequence[str]) -> Settlement:
    """The settlement that follows from the outcome's row, and its code's, alone."""
    row = row_of(outcome)
    match outcome:
        case Placed(call_id=call_id):
            return Settlement(row, row.target, "accepted by the API", call_id=call_id)
        case NotSent(why=why):
            return Settlement(row, row.target, f"not sent: {why}")
        case Doubtful(why=why, code=code):
            return Settlement(row, row.target, f"may have rung: {why}", code)
        case Refused(row=refusal, message=message):
            every = accounts if refusal.holds_user_id else accounts[:1]
            return Settlement(
                row,
                row.target,
                f"refused {refusal.code}: {message}" if message else f"refused {refusal.code}",
                refusal.code,
                cut_rate=refusal.kind is Kind.CAPACITY,
                hold=every if refusal.kind is Kind.ACCOUNT else (),
                alert=refusal.raises_alert,
            )
        case _:
            assert_never(outcome)


def _asked(outcome: Outcome) -> timedelta:
    """The wait that the API asked for."""
    asked = outcome.retry_after if isinstance(outcome, Refused) else None
    return asked or timedelta(0)


def _number_to_suppress(outcome: Outcome, call: ClickToCall | None) -> str:
    if call is None or not isinstance(outcome, Refused) or not outcome.row.suppresses_to:
        return ""
    # With several numbers the code does not say which one is on the register.
    numbers = call.protected("to")
    return numbers[0] if len(numbers) == 1 else ""


def _shared_fault(outcome: Outcome, call: ClickToCall | None) -> str:
    """
    Name the refused value if it usually stands in every call of a campaign, else "".

    The value itself is hashed: what is kept is only compared.
    """
    if not isinstance(outcome, Refused) or not outcome.row.shared_value:
        return ""
    row = outcome.row
    values = [call.parameter(name) for name in row.blame.split("+")] if call else []
    digest = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
    return f"{row.code} {row.blame} {digest}"
