"""
The log lines of an attempt: one for each arrow it makes its job go along.

Each carries job and attempt as fields of their own, and never a number or a token.
"""

import logging

from dialer.codes import lookup
from dialer.outcome import Outcome, Refused
from dialer.settle import Settlement
from dialer.store.dialling import Go

#: Named for where attempts are made, which is where people look for these lines.
log = logging.getLogger("dialer.dispatch")


def begun(go: Go) -> None:
    """
    Say that an attempt has begun.
    """
    log.info("begin job=%s attempt=%d", go.job_id, go.attempt, extra=_ids(go))


def taken_back(go: Go, why: str) -> None:
    """
    Say that an attempt was undone before anything was sent.
    """
    text = "taken back job=%s attempt=%d: %s"
    log.warning(text, go.job_id, go.attempt, why, extra=_ids(go))


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
    log.log(
        level,
        "%s job=%s attempt=%d account=%s code=%s%s: %s",
        settlement.row.verb,
        go.job_id,
        go.attempt,
        account,
        settlement.code or "-",
        "" if done else " (no longer this attempt's)",
        settlement.reason,
        extra=_ids(go),
    )


def _ids(go: Go) -> dict[str, str | int]:
    return {"job": go.job_id, "attempt": go.attempt}
