"""
Masking of phone numbers, tokens and passwords in any text.

A guess on purpose: whatever looks like a phone number is masked, an innocent ten-digit
number with it. Ids are kept, because a line that cannot be looked up is worth nothing:
ULIDs, UUIDs, hex digests, runs of 14 digits and more (microseconds, the provider's call
ids), shorter digests with a letter and a digit in them. So are dates, times, amounts,
addresses and most counts: what begins like none of these, and has ten digits, is a number.
"""

import re
from functools import cache

from dialer.text.characters import DASHES, INVISIBLE, SPACES, UNSEEN

# What people put between digits: blanks, dashes, underscores, what cannot be seen, and how an
# address writes them. A dot only where no decimal fraction can be meant, a slash where no share.
_BLANKS = rf" \t{SPACES}{UNSEEN}"
_DASHES = rf"\-_{DASHES}\u2043\uff0d\uff3f"
_DOTS = r".\u00b7\u2024\u3002\uff0e"
_SLASHES = r"/\u2044\uff0f"
_BRACKETS = r"()\[\]\uff08\uff09"
_ESCAPED = r"%(?:25)*(?:20|2D|2d|5F|5f)"
_GAP = rf"(?:(?:[{_BLANKS}{_DASHES}+]|{_ESCAPED}){{1,3}})"
_ANY = rf"[{_BLANKS}{_DASHES}{_DOTS}{_SLASHES}()\uff08\uff09]|%(?:25)*[0-9A-Fa-f]{{2}}"
_DOT = rf"(?:\.|{_GAP})"

# What is hidden inside a number, and no more than that: other words need their joiners.
_UNSEEN = re.compile(
    rf"(?<=\d){INVISIBLE.pattern}+|(?<!{INVISIBLE.pattern}){INVISIBLE.pattern}+(?=\d)"
)

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_KEPT = (
    r"\b[0-9A-HJKMNP-TV-Z]{26}\b",  # ULID
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    r"\b(?=\d*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\b",
    # Of settings, and of numbers in a lane; %2c and ten digits are twelve letters too, and a leak.
    r"(?<!%)\b(?=\d*[a-f])(?=[a-f]*\d)(?:[0-9a-f]{12}|[0-9a-f]{16})\b",
    rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.])",
)
# Where digits begin: also after an escape such as %20, whose own digits are none of the number.
_START = r"(?:(?<!\d)|(?<=%[0-9A-Fa-f]{2}))"
_INDIA = rf"(?:(?:0|91|0091){_GAP}?)?"
# A date with a time is 4-2-2-2, and none of these.
_GROUPS = "|".join(
    [
        rf"\d{{5}}{_GAP}\d{{5}}",
        rf"\d{{3}}{_DOT}\d{{3}}{_DOT}\d{{4}}",
        rf"\d{{4}}{_GAP}\d{{3}}{_GAP}\d{{3}}",
        rf"\d{{2}}{_GAP}\d{{4}}{_GAP}\d{{4}}",
        rf"\d{{3}}{_GAP}\d{{7}}",
        rf"\d{{4}}{_GAP}\d{{6}}",
    ]
)
# The first digit of a mobile number of India, in any letters: no day, month, hour, year or minute
# begins as it does; nor may it be a piece of a fraction, a version, an address or a date.
_MOBILE = "[6-9\u096c-\u096f\u0666-\u0669\u06f6-\u06f9\uff16-\uff19]"
_DASHED = (
    rf"(?:[{_BLANKS}]{{0,2}}(?:(?:[{_DASHES}{_BRACKETS}]|{_ESCAPED})[{_BLANKS}]{{0,2}}){{1,2}})"
)
_FIRST = r"(?:(?<=\b91 .)|(?<=\b0 .)|(?<!\d .))"
# Ten digits in two groups, or in three of at least two: what the first digit leaves of them.
_FEW_GROUPS = [
    *(rf"\d{{{first - 1}}}{_GAP}\d{{{10 - first}}}" for first in range(1, 9)),
    *(
        rf"\d{{{first - 1}}}{_DOT}\d{{{second}}}{_DOT}\d{{{10 - first - second}}}"
        for first in range(2, 7)
        for second in range(2, 9 - first)
    ),
]
_WILD = "|".join(
    [
        *_FEW_GROUPS,
        rf"\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{2}}",
        # All in ones or in pairs, and no more of them: longer rows are counts.
        rf"{_FIRST}\d(?:(?:[{_DOTS}]|{_GAP})\d{{2}}){{4}}(?! \d)",
        rf"{_FIRST}(?:(?:[{_DOTS}]|{_GAP})\d){{9}}(?! \d)",
        rf"\d{{4}}[{_SLASHES}{_DOTS}]\d{{5}}",
        rf"\d{{2}}[{_SLASHES}]\d{{3}}[{_SLASHES}]\d{{4}}",
        rf"\d{{3}}[{_SLASHES}{_DOTS}]\d{{3}}[{_SLASHES}{_DOTS}]\d{{3}}",
        # With dashes or brackets all groups are a number's, whatever their size.
        rf"(?:{_DASHED}?\d){{9}}(?:(?:{_DASHED}?\d){{10}})*",
    ]
)
_WILD_START = r"(?:(?<!\d)(?<!\d[-.:/])|(?<=%[0-9A-Fa-f]{2}))"
_WILD_END = r"(?!\d|[-.:/]\d)"
_TWICE = rf"(?:0|91)?{_MOBILE}\d{{9}}"
_CELL = r"(?:(?<![\d.,])|(?<=%[0-9A-Fa-f]{2}))"
_NUMBERS = (
    # With a plus, in any grouping, up to the fifteen digits of E.164.
    rf"(?:[+\uff0b]|%(?:25)*2[Bb])[ (]{{0,2}}\d(?:(?:{_ANY}){{0,4}}\d){{7,14}}(?!\d)",
    # 0091 before ten digits, and two numbers without a gap: no other longer run is a number.
    rf"{_START}0091\d{{10}}(?!\d)",
    rf"{_START}{_TWICE}{_TWICE}(?!\d)",
    rf"{_START}\d{{10,13}}(?!\d)",
    # The digits of %20 are none of a group of four.
    rf"{_START}(?!(?<=%)20){_INDIA}(?:{_GROUPS})(?!\d)",
    rf"{_WILD_START}{_INDIA}{_MOBILE}(?:{_WILD}){_WILD_END}",
    rf"{_WILD_START}91\.{_MOBILE}\d{{4}}\.\d{{5}}{_WILD_END}",
    # As a spreadsheet has it: in thousands, in lakhs, with an exponent.
    rf"{_CELL}(?:91)?[6-9](?:(?:,\d{{3}}){{3}}|(?:,\d\d){{3}},\d{{3}})(?![\d,])",
    rf"{_CELL}9,1[6-9](?:,\d\d){{3}},\d{{3}}(?![\d,])",
    rf"{_CELL}(?:[6-9][.,]\d{{9}}0*[eE]\+?0{{0,2}}9|9[.,]1[6-9]\d{{9}}0*[eE]\+?0?11)(?!\d)",
    # Free of charge for whoever calls.
    rf"{_START}18[06]0{_GAP}\d{{3}}{_GAP}?\d{{4}}(?!\d)",
    # A dialling code with its zero, or in brackets.
    rf"{_START}0\d{{2,4}}{_GAP}\d{{3,4}}{_GAP}?\d{{3,4}}(?!\d)",
    rf"[(\uff08]0?\d{{2,4}}[)\uff09]{_GAP}?\d{{3,4}}{_GAP}?\d{{3,4}}(?!\d)",
    rf"[(\[\uff08]{_INDIA}\d{{5}}[)\]\uff09]{_GAP}?\d{{5}}(?!\d)",
)
# Where there is none of these there is no number, and most lines are done.
_MAYBE = re.compile(
    rf"(?:[+(\[\uff0b\uff08]|2[Bb])[ (]{{0,2}}\d(?:(?:{_ANY}|[+\[\]]){{0,5}}\d){{7}}"
    rf"|\d(?:(?:{_ANY}|[+\[\]]){{0,5}}\d){{8}}|\d(?:,\d{{2,3}}){{3}}"
)

# token=…, 'token': '…', b'token': b'…', "token": "…", token%3D…
_TOKEN = re.compile(
    r"""((?:token|password)(?:\s*=\s*|%3D|\\*["']\s*[:,=]\s*)(?:SecretStr\(|b(?=\\*["']))?)"""
    r"""(\\*["'])?(?(2)(?:(?!\2).)*|[^\s&"',;)}\]>]+)""",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(://[^\s/:@]*:)[^\s/]+@")


def mask(text: str) -> str:
    """
    Return *text* with each phone-like number, token value and password in an address masked.

    Of a number the last four digits stay, `******3210`. Masking twice changes nothing more.
    """
    if "://" in text:
        text = _LOGIN.sub(r"\1***@", text)
    # As a pattern without regard to case reads it: it knows letters that lower() leaves alone.
    folded = text.casefold()
    if "token" in folded or "password" in folded:
        text = _TOKEN.sub(r"\1\2***", text)
    bare = text if text.isascii() else _UNSEEN.sub("", text)
    masked = _number().sub(_masked, bare) if _MAYBE.search(bare) else bare
    return text if masked == bare else masked


@cache
def _number() -> re.Pattern[str]:
    # Compiled when it is first needed: that takes longer than many a command.
    forms = "|".join(f"(?:{form})" for form in _NUMBERS)
    return re.compile(f"(?P<kept>{'|'.join(_KEPT)})|{forms}")


def _masked(match: re.Match[str]) -> str:
    if match["kept"]:
        return match["kept"]
    digits = re.sub(r"%[0-9A-Fa-f]{2}|[eE]\+?\d+$|\D", "", match[0])
    return f"******{digits[-4:]}"
