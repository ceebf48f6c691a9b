"""
The log lines of what the scripts move: jobs, holds and campaigns, a line for each.

The process that ran the script writes them, whoever asked for the move. What
an attempt does to its own job is told by `dialer.journal`, which knows the
answer it got; here those moves are left out. Lines and fields are masked already
here: a program that uses this as a library has handlers of its own.
"""

import logging
from collections.abc import Sequence

from dialer.masking import mask
from dialer.owners import MACHINES

#: Named for what is moved, so that it can be turned down by itself.
log = logging.getLogger("dialer.moves")

_TOLD_BY_JOURNAL = frozenset({"begin", "settle", "take_back"})
_FIELDS = {
    "job": ("verb", "job", "attempt", "account", "campaign", "before", "after", "who", "why"),
    "hold": ("verb", "scope", "owner", "who", "why"),
    "campaign": ("verb", "campaign", "before", "after", "who", "why"),
}
_TEXTS = {
    "job": "%(verb)s job=%(job)s %(before)s -> %(after)s by %(who)s: %(why)s",
    "hold": "hold %(verb)s on %(scope)s owner=%(owner)s by %(who)s: %(why)s",
    "campaign": "campaign %(verb)s %(campaign)s %(before)s -> %(after)s by %(who)s: %(why)s",
}


def write(told: Sequence[str]) -> None:
    """
    Write one line for each move that a script told of.

    Args:
        told: Rows of words between tabs, as `tell` in `prologue.lua` makes them:
            what it is, then its fields in the order of `_FIELDS`. A row that is
            made otherwise is written as it is: what it tells of was done, and
            an error here would be taken for one of the move.
    """
    if not log.isEnabledFor(logging.WARNING):
        return
    for row in told:
        kind, *words = row.split("\t")
        names = _FIELDS.get(kind, ())
        if names and len(names) == len(words):
            _write(kind, dict(zip(names, map(mask, words), strict=True)))
        else:
            log.warning("a move that cannot be read: %s", mask(" ".join(row.split())))


def _write(kind: str, fields: dict[str, str]) -> None:
    if fields["verb"] in _TOLD_BY_JOURNAL:
        return
    if fields.get("before") == "":
        fields["before"] = "new"
    log.log(_level(kind, fields), _TEXTS[kind], fields, extra=_extra(fields))


def _level(kind: str, fields: dict[str, str]) -> int:
    """What the system stops is a warning, and all of it an error; a person knows of their own."""
    if kind == "hold" and fields["verb"] == "set" and fields["owner"] in MACHINES:
        return logging.ERROR if fields["scope"] == "all" else logging.WARNING
    return logging.WARNING if fields.get("after") == "unconfirmed" else logging.INFO


def _extra(fields: dict[str, str]) -> dict[str, str | int]:
    """Everything that was said, as fields of a JSON line; what is empty is left out."""
    return {
        name: int(value) if name == "attempt" and value.isdecimal() else value
        for name, value in fields.items()
        if value
    }
