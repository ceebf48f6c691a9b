"""
Unseen characters, and other ways to write those of ASCII.

Source: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) and its general
categories Zs and Pd, without the wave dashes, which mean "from … to"; U+2212 is a minus.
"""

import re
import unicodedata
from typing import Final

#: What is not seen and only misleads: soft hyphens, marks of direction, tags that spell words.
HIDDEN: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
)
#: What is not seen and belongs to what is: joiners of Hindi and of emoji, selectors, fillers.
_JOINING: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\u3164\ufe00-\ufe0f"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0080-\U000e0fff"
)
#: Both, as the inside of a set in a regular expression, as are those below.
UNSEEN: Final = HIDDEN + _JOINING
SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
DASHES: Final = "\u058a\u05be\u1806\u2010-\u2015\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58\ufe63"
INVISIBLE: Final = re.compile(f"[{UNSEEN}]")
_SPACES: Final = re.compile(f"[{SPACES}]")
_DASHES: Final = re.compile(f"[{DASHES}]")
#: Twice as wide as those of ASCII, and the same characters.
_WIDE: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def visible(text: str) -> str:
    """Return *text* without unseen characters: marks of direction, joiners, soft hyphens."""
    return text if text.isascii() else INVISIBLE.sub("", text)


def plain(text: str) -> str:
    """
    Return *text* as ASCII would have it: `visible`, and with its spaces, dashes and digits.

    Digits of any script become those of ASCII; `scripts` tells whether there are several.
    """
    if text.isascii():
        return text
    text = _DASHES.sub("-", _SPACES.sub(" ", visible(text).translate(_WIDE)))
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)


def scripts(text: str) -> set[str]:
    """Return the zero of each script that *text* has digits of; wide ones are those of ASCII."""
    digits = [one for one in text.translate(_WIDE) if one.isdecimal()]
    return {chr(ord(one) - unicodedata.decimal(one)) for one in digits}


def named(character: str) -> str:
    """Return the name of a character that may not be seen: "U+202A"."""
    return f"U+{ord(character):04X}"
