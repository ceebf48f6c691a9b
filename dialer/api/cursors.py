"""Cursors: where a list goes on, signed, so that nobody makes one up."""

import base64
import hashlib
import hmac
import json
import time
from typing import Final

from dialer.api.problems import ApiProblem, Fault

#: A list is read on within so long, s.
_GOOD_FOR: Final = 24 * 3600
_DIGEST: Final = 16


def write_cursor(secret: str, what: str, place: str, now: float | None = None) -> str:
    """Write the *place* where the list that *what* names goes on."""
    content = json.dumps([int(now if now is not None else time.time()), place]).encode()
    return base64.urlsafe_b64encode(_sign(secret, what, content) + content).decode().rstrip("=")


def read_cursor(secret: str, what: str, cursor: str, now: float | None = None) -> str:
    """
    Read the place that a cursor of the same list names.

    Raises:
        ApiProblem: It is none of this list, or a day old.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    content = raw[_DIGEST:]
    if not hmac.compare_digest(_sign(secret, what, content), raw[:_DIGEST]):
        rule = "is none of this list; take next_cursor of the page before, and the same filters"
        fault = Fault("invalid", rule, parameter="cursor")
        raise ApiProblem("validation", f"cursor {rule}", [fault])
    at, place = json.loads(content)
    if (now if now is not None else time.time()) - at > _GOOD_FOR:
        raise ApiProblem("cursor-expired", "the cursor is older than a day; begin the list anew")
    return str(place)


def _sign(secret: str, what: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), what.encode() + b"\0" + content, hashlib.sha256).digest()[
        :_DIGEST
    ]
