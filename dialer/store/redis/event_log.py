"""
The event log: a line for each step of a job, a hold or a campaign.

The process that ran the script writes what it moved, for any caller. The steps of an
attempt are written by the worker that makes it, which knows the answer. All lines have the
same fields, masked already here: a program that uses this as a library has handlers of its
own. A line that cannot be written is lost and nothing else: it must not decide what becomes
of a call.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from dialer.domain.holds.owners import MACHINES
from dialer.domain.job.attempt import Go
from dialer.domain.job.ids import campaign_of
from dialer.domain.job.job import State
from dialer.domain.job.settle import Settlement
from dialer.text.masking import mask

#: Named for what is moved, so that it can be turned down by itself.
log = logging.getLogger("dialer.moves")
#: Named for where attempts are made, which is where people look for these lines.
_attempts = logging.getLogger("dialer.dispatch")

_TOLD_BY_WORKER = frozenset({"begin", "settle", "take_back"})
_FIELDS = {
    "job": ("verb", "job", "attempt", "account", "campaign", "before", "after", "who", "why"),
    "hold": ("verb", "scope", "owner", "who", "why"),
    "campaign": ("verb", "campaign", "before", "after", "who", "why"),
    "damage": ("verb", "key", "why"),
}
_TEXTS = {
    "job": "%(verb)s job=%(job)s %(before)s -> %(after)s by %(who)s: %(why)s",
    "hold": "hold %(verb)s on %(scope)s owner=%(owner)s by %(who)s: %(why)s",
    "damage": "%(verb)s: %(key)s: %(why)s",
    "campaign": "campaign %(verb)s %(campaign)s %(before)s -> %(after)s by %(who)s: %(why)s",
}
_BEGUN = "begin job=%(job)s attempt=%(attempt)s"
_TAKEN_BACK = "taken back job=%(job)s attempt=%(attempt)s: %(why)s"
_ENDED = "%(verb)s job=%(job)s attempt=%(attempt)s account=%(account)s code=%(code)s took=%(took)ss"
_SETTLED, _FENCED = f"{_ENDED}: %(why)s", f"{_ENDED} (no longer this attempt's): %(why)s"


def write(told: Sequence[str]) -> None:
    """
    Write one line for each row that a script told of its moves.

    A row is what `tell` in `damage.lua` makes: a kind, then its fields in the order of `_FIELDS`,
    between tabs. A row of another shape is written as it is. One that cannot be written is left
    out: its move was done, and an error here would be taken for one of the move.
    """
    for row in told:
        with suppress(Exception):
            _write_row(row)


def begun(go: Go, account: str) -> None:
    """Write that an attempt of an account has begun; what comes of it is the line people read."""
    why, arrow = f"attempt {go.attempt}", (State.READY, State.DIALING)
    _write_attempt(logging.DEBUG, _BEGUN, go, account, verb="begin", why=why, arrow=arrow)


def taken_back(go: Go, account: str, why: str) -> None:
    """Write that an attempt of an account was undone before anything was sent."""
    arrow = (State.DIALING, State.READY)
    level, verb = logging.WARNING, "take_back"
    _write_attempt(level, _TAKEN_BACK, go, account, verb=verb, why=why, arrow=arrow)


def settled(go: Go, account: str, settlement: Settlement, *, done: bool, took: timedelta) -> None:
    """
    Write the one line of an attempt: how it ended, and how long ago it was begun.

    Not *done*: the job was no longer this attempt's.
    """
    verb = settlement.row.verb
    level = logging.WARNING if verb in ("doubt", "hold") else logging.INFO
    _write_attempt(
        logging.ERROR if settlement.alert else level,
        _SETTLED if done else _FENCED,
        go,
        account,
        verb=verb,
        why=settlement.reason,
        arrow=(State.DIALING, settlement.target) if done else ("", ""),
        code=settlement.code,
        took=f"{took.total_seconds():.3f}",
    )


def of_worker(level: int, text: str, *args: object) -> None:
    """Write a line on the worker itself, and no job."""
    with suppress(Exception):
        _attempts.log(level, text, *args)


def _write_attempt(
    level: int,
    text: str,
    go: Go,
    account: str,
    *,
    verb: str,
    why: str,
    arrow: tuple[str, str],
    code: str = "",
    took: str = "",
) -> None:
    if not _attempts.isEnabledFor(level):
        return
    of_what = (verb, go.job_id, str(go.attempt), account, campaign_of(go.job_id))
    words = (*of_what, *map(str, arrow), "worker", mask(why))
    fields = dict(zip(_FIELDS["job"], words, strict=True)) | {"code": code, "took": took}
    with suppress(Exception):
        _attempts.log(level, text, fields | {"code": code or "-"}, extra=_extra(fields))


def _write_row(row: str) -> None:
    kind, *words = row.split("\t")
    names = _FIELDS.get(kind, ())
    if not names or len(names) != len(words):
        log.warning("a move that cannot be read: %s", mask(" ".join(row.split())))
        return
    fields = dict(zip(names, words, strict=True))
    level = _level(kind, fields)
    if fields["verb"] in _TOLD_BY_WORKER or not log.isEnabledFor(level):
        return
    fields = {name: mask(word) for name, word in fields.items()}
    if fields.get("before") == "":
        fields["before"] = "new"
    log.log(level, _TEXTS[kind], fields, extra=_extra(fields))


def _level(kind: str, fields: dict[str, str]) -> int:
    """ERROR for an automatic hold on everything, WARNING for another one, INFO for a person's."""
    if kind == "hold" and fields["verb"] == "set" and fields["owner"] in MACHINES:
        return logging.ERROR if fields["scope"] == "all" else logging.WARNING
    uneasy = kind == "damage" or fields.get("after") == "unconfirmed"
    return logging.WARNING if uneasy else logging.INFO


def _extra(fields: dict[str, str]) -> dict[str, str | float]:
    """Fields of a JSON line, without the empty ones; counts and seconds as numbers."""
    extra: dict[str, str | float] = {name: value for name, value in fields.items() if value}
    if (attempt := fields.get("attempt", "")).isdecimal():
        extra["attempt"] = int(attempt)
    if took := fields.get("took"):
        extra["took"] = float(took)
    return extra
