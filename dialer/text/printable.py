"""
Foreign text made safe to show: on a terminal, in a log, in a table, in a JSON line.

Text of a person, a file or the API may hold characters that move a cursor, change a colour,
turn the direction of what follows, end a line or hide a letter. It is never printed but
through here. All else passes, the joiners of Hindi and of emoji too.
"""

import re

from dialer.text.characters import HIDDEN

# Controls; what is hidden; what ends a line; halves of characters; marks of annotations.
_UNSAFE = re.compile(f"[\\x00-\\x1f\\x7f-\\x9f{HIDDEN}\u2028\u2029\ud800-\udfff\ufff9-\ufffb]")


def printable(text: str, *, instead: str = "\ufffd") -> str:
    """Return *text* on one line, with *instead* for each unsafe character."""
    return _UNSAFE.sub(instead, text)


def printable_lines(text: str) -> list[str]:
    """Return the lines of *text*, each safe to show, its tabs widened."""
    return [printable(line.expandtabs(4)) for line in text.splitlines()]


def printable_json(document: str) -> str:
    """Return a JSON document on one line, unsafe characters escaped, its value the same."""
    return _UNSAFE.sub(_escaped, document)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
