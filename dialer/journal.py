"""
The log lines of an attempt: one for each arrow it makes its job go along.

Each carries job, attempt, account and campaign as fields of their own, who made
it and why, and never a number or a token, whoever's handler writes it.
"""

import logging

from dialer.codes import lookup
from dialer.job import State
from dialer.masking import mask
from dialer.outcome import Outcome, Refused
from dialer.settle import Settlement
from dialer.store.dialling import Go

#: Named for where attempts are made, which is where people look for these lines.
log = logging.getLogger("dialer.dispatch")

_BEFORE, _DURING = State.READY, State.DIALING


def begun(go: Go, account: str) -> None:
    """
    Say that an attempt of an account has begun.
    """
    extra = _fields(go, account, "begin", f"attempt {go.attempt}") | _arrow(_BEFORE, _DURING)
    log.info("begin job=%s attempt=%d", go.job_id, go.attempt, extra=extra)


def taken_back(go: Go, account: str, why: str) -> None:
    """
    Say that an attempt of an account was undone before anything was sent.
    """
    why = mask(why)
    extra = _fields(go, account, "take_back", why) | _arrow(_DURING, _BEFORE)
    log.warning("taken back job=%s attempt=%d: %s", go.job_id, go.attempt, why, extra=extra)


def settled(go: Go, account: str, settlement: Settlement, outcome: Outcome, *, done: bool) -> None:
    """
    Say how an attempt ended.

    Args:
        go: The attempt.
        account: Its account.
        settlement: What was made of its outcome.
        outcome: What the client returned.
        done: Whether the store took it; False when the job is no longer this attempt's.
    """
    level = logging.INFO
    if isinstance(outcome, Refused) and lookup(outcome.code).raises_alert:
        level = logging.ERROR
    elif settlement.row.verb in ("doubt", "hold"):
        level = logging.WARNING
    why = mask(settlement.reason)
    extra = _fields(go, account, settlement.row.verb, why)
    if settlement.code:
        extra["code"] = settlement.code
    if done:
        extra |= _arrow(_DURING, settlement.target)
    log.log(
        level,
        "%s job=%s attempt=%d account=%s code=%s%s: %s",
        settlement.row.verb,
        go.job_id,
        go.attempt,
        account,
        settlement.code or "-",
        "" if done else " (no longer this attempt's)",
        why,
        extra=extra,
    )


def _fields(go: Go, account: str, verb: str, why: str) -> dict[str, str | int]:
    """The same fields, under the same names, as `dialer.store.moves` gives every other move."""
    fields: dict[str, str | int] = {
        "verb": verb,
        "job": go.job_id,
        "attempt": go.attempt,
        "account": account,
        "who": "worker",
        "why": why,
    }
    # The job of a campaign's contact is named campaign:row:turn, any other has no colon.
    campaign, colon, _ = go.job_id.partition(":")
    return fields | {"campaign": campaign} if colon else fields


def _arrow(before: str, after: str) -> dict[str, str | int]:
    return {"before": str(before), "after": str(after)}
