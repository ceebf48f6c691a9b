"""
Text without anybody's number, token or password in it.

The rule is a guess on purpose: whatever looks like a phone number is masked,
an innocent ten-digit number with it. Ids are kept, because a line nobody can
look up is worth nothing: ULIDs, UUIDs, hex digests, runs of 14 digits and
more (microseconds, the provider's call ids), shorter digests as long as a
letter and a digit are in them.
"""

import re

# What people put between digits; a dot only where no decimal fraction can be meant.
_BETWEEN = r"[ \u00a0\u2009\u2010-\u2015-]|%20|%2D"
_GAP = rf"(?:{_BETWEEN})"
_DOT = rf"(?:\.|{_BETWEEN})"

_KEPT = (
    r"\b[0-9A-HJKMNP-TV-Z]{26}\b",  # ULID
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    r"\b(?=\d*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\b",
    # Of settings, and of numbers in a lane; %2c and ten digits are twelve letters too, and a leak.
    r"(?<!%)\b(?=\d*[a-f])(?=[a-f]*\d)(?:[0-9a-f]{12}|[0-9a-f]{16})\b",
)
# Where digits begin: also after an escape such as %20, whose own digits are none of the number.
_START = r"(?:(?<!\d)|(?<=%[0-9A-Fa-f]{2}))"
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
# So wild that only a mobile number of India is meant, which no day, month, hour, year or minute
# begins as; nor may it be a piece of a fraction, a version, an address or a date.
_WILD = "|".join(
    [
        rf"\d{{5}}{_GAP}\d{{4}}",
        rf"\d{_GAP}\d{{2}}{_GAP}\d{{6}}",
        rf"\d{{3}}{_GAP}\d{{4}}{_GAP}\d{{2}}",
        r"\d{4}/\d{5}",
        r"\d{3}\.\d{3}\.\d{3}",
    ]
)
_WILD_START = r"(?:(?<!\d)(?<!\d[.:/])|(?<=%[0-9A-Fa-f]{2}))"
_WILD_END = r"(?!\d|[-.:/]\d)"
_NUMBERS = (
    # With a plus, in any grouping, up to the fifteen digits of E.164.
    rf"(?:\+|%2[Bb])[ (]{{0,2}}\d(?:(?:{_DOT}|[()])*\d){{7,14}}(?!\d)",
    # 0091 before ten digits is the only longer run that is a number.
    rf"{_START}0091\d{{10}}(?!\d)",
    rf"{_START}\d{{10,13}}(?!\d)",
    # The digits of %20 are none of a group of four.
    rf"{_START}(?!(?<=%)20)(?:(?:0|91|0091){_GAP}?)?(?:{_GROUPS})(?!\d)",
    rf"{_WILD_START}(?:(?:0|91|0091){_GAP}?)?[6-9](?:{_WILD}){_WILD_END}",
    # Free of charge for whoever calls.
    rf"{_START}18[06]0{_GAP}\d{{3}}{_GAP}?\d{{4}}(?!\d)",
    # A dialling code with its zero, or in brackets.
    rf"{_START}0\d{{2,4}}{_GAP}\d{{3,4}}{_GAP}?\d{{3,4}}(?!\d)",
    rf"\(0?\d{{2,4}}\){_GAP}?\d{{3,4}}{_GAP}?\d{{3,4}}(?!\d)",
)
_NUMBER = re.compile(f"(?P<kept>{'|'.join(_KEPT)})|{'|'.join(f'(?:{form})' for form in _NUMBERS)}")

# token=…, 'token': '…', b'token': b'…', "token": "…", token%3D…
_TOKEN = re.compile(
    r"""((?:token|password)(?:\s*=\s*|%3D|\\*["']\s*[:,=]\s*)(?:SecretStr\(|b(?=\\*["']))?)"""
    r"""(\\*["'])?(?(2)(?:(?!\2).)*|[^\s&"',;)}\]>]+)""",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"(://[^\s/:@]*:)[^\s/]+@")


def mask(text: str) -> str:
    """
    The text with every phone-like number, token value and password in an address masked.

    Of a number the last four digits stay, `******3210`: enough to recognise
    one that is known. Masking twice changes nothing more.
    """
    text = _LOGIN.sub(r"\1***@", text)
    text = _TOKEN.sub(r"\1\2***", text)
    return _NUMBER.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if match["kept"]:
        return match["kept"]
    digits = re.sub(r"%[0-9A-Fa-f]{2}|\D", "", match[0])
    return f"******{digits[-4:]}"
