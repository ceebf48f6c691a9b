"""
The log lines of what the scripts move: jobs, holds and campaigns, a line for each.

The process that ran the script writes them, whoever asked for the move. What
an attempt does to its own job is told by `dialer.journal`, which knows the
answer it got; here those moves are left out.
"""

import logging
from collections.abc import Sequence

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
            what it is, then its fields in the order of `_FIELDS`.
    """
    if not log.isEnabledFor(logging.WARNING):
        return
    for row in told:
        kind, *words = row.split("\t")
        fields = dict(zip(_FIELDS[kind], words, strict=True))
        if fields.get("before") == "":
            fields["before"] = "new"
        if fields["verb"] not in _TOLD_BY_JOURNAL:
            log.log(_level(kind, fields), _TEXTS[kind], fields, extra=_extra(fields))


def _level(kind: str, fields: dict[str, str]) -> int:
    """What somebody has to look at is a warning, and a stop of everything an error."""
    if kind == "hold" and fields["verb"] == "set" and fields["owner"] != "operator":
        return logging.ERROR if fields["scope"] == "all" else logging.WARNING
    return logging.WARNING if fields.get("after") == "unconfirmed" else logging.INFO


def _extra(fields: dict[str, str]) -> dict[str, str | int]:
    """The ids as fields of a JSON line; what is said in words stays in the message."""
    extra: dict[str, str | int] = {
        name: fields[name]
        for name in ("job", "account", "campaign", "scope", "owner")
        if fields.get(name)
    }
    if fields.get("attempt"):
        extra["attempt"] = int(fields["attempt"])
    return extra
