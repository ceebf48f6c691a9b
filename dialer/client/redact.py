"""The provider's words, made fit to be shown."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from dialer.text.printable import printable

_LONGEST = 120
_MASK = "***"

# Five digits or more, also when they are written in groups.
_NUMBER = re.compile(r"\d(?:[ ().,:/_+-]{0,3}\d){4,}")


def redact(words: str, secrets: Iterable[str]) -> str:
    """
    Text on one line without secrets and numbers, at most 120 characters.

    The API may echo what it was sent, in whatever letters: each of the *secrets* (token, user
    id) is masked as it is and as it stands in a query, upper and lower case alike, and so is
    a likely telephone number (5 digits or more).
    """
    shown = printable(words, instead=" ")
    spellings = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    # The longest first, or a secret inside another would save the rest of it.
    for spelling in sorted(filter(None, spellings), key=len, reverse=True):
        shown = re.sub(re.escape(spelling), _MASK, shown, flags=re.IGNORECASE)
    shown = _NUMBER.sub(_MASK, " ".join(shown.split()))
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
