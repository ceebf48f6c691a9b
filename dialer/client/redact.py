"""
The provider's words, made fit to be shown.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

_LONGEST = 120
_MASK = "***"

# Five digits or more, also when they are written in groups.
_NUMBER = re.compile(r"\d(?:[ ().,:/_+-]{0,3}\d){4,}")


def redact(words: str, secrets: Iterable[str]) -> str:
    """
    Return *words* without secrets and numbers, on one line, at most 120 characters.

    The API may echo what it was sent, in whatever letters: each secret is
    masked as it is and as it stands in a query, upper and lower case alike,
    and so is whatever may be a telephone number (5 digits or more).

    Args:
        words: Any text.

        secrets: Token, user id; an empty one is ignored.
    """
    shown = "".join(c if c.isprintable() else " " for c in words)
    spellings = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    # The longest first, or a secret inside another would save the rest of it.
    for spelling in sorted(filter(None, spellings), key=len, reverse=True):
        shown = re.sub(re.escape(spelling), _MASK, shown, flags=re.IGNORECASE)
    shown = _NUMBER.sub(_MASK, " ".join(shown.split()))
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
