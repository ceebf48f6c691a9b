"""
Digits of a number as it was written, without what files do to them.

Undone are invisible characters, other spaces and dashes, digits of other scripts; a
spreadsheet's quotes, its ``="…"``, its exponent and its ``.0``; the ``(0)`` behind a
country's code. Which number they are is not asked here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dialer.text.characters import named, plain, scripts

_ALLOWED: Final = re.compile(r"\+?[0-9(][0-9 ().-]*")
#: "9198765432 10" and "987654321.0": one or two digits set apart behind many.
_TAIL: Final = re.compile(r"[0-9]{4}[^0-9]+[0-9]{1,2}$")
#: "9000001122.0": a whole number that a spreadsheet took for an amount.
_DECIMAL: Final = re.compile(r"([1-9][0-9]{9,14})\.0+")
#: "+91 (0) 9000001932": the zero is dialled inside the country alone.
_TRUNK: Final = re.compile(r"((?:\+|00)[0-9]{1,3}|91)[ .-]*\( *0 *\)")
#: "9.000001121E+09".
_EXPONENT: Final = re.compile(r"\+?([0-9]+)(?:\.([0-9]*))?[eE]\+?([0-9]{1,3})")
_QUOTES: Final = " \"'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
#: It shows the digits behind it from right to left: another number than the one that is there.
_BACKWARDS: Final = "\u202e"
#: "(+91) 9000001932" and "+ 91 9000001932".
_PLUS: Final = re.compile(r"\(?\+ *")
_PUNCTUATION: Final = re.compile(r"[^0-9+]")

#: In running text: an exponent, with a decimal comma too; groups of thousands or lakhs; a date.
_IN_SHEETS: Final = re.compile(
    r"(?<![0-9.,])(?:(?P<whole>[0-9]+)[.,](?P<fraction>[0-9]+)[eE]\+?(?P<exponent>[0-9]{1,3})"
    r"|(?P<grouped>[0-9]{1,3}(?:,[0-9]{2,3}){3,}))(?![0-9,])"
)
_DATE: Final = re.compile(
    r"(?<![0-9.+-])(?:(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
    r"|[0-3]?[0-9][.-][01]?[0-9][.-](?:19|20)[0-9]{2})(?![0-9]|[.-][0-9])"
)
_RUN: Final = re.compile(r"(?<![+(])[+(]*[0-9][0-9 ().+-]*")
#: "9000001921/22" and "9000001921-22-23": behind a number, the end of the next one.
_SHORT: Final = re.compile(r"(?<=[0-9]) *[/&-] *([0-9]{1,4})(?![0-9])")
_SAME: Final = 7
_END: Final = re.compile(rf"(?:[0-9][ ().-]*){{{_SAME}}}$")
_NEAR: Final = 24


def digits_of(text: str | int) -> tuple[str, str]:
    """
    Return the digits of *text*, with their leading "+".

    Returns:
        They, and their other reading, if it was not a spreadsheet's or a trunk zero was
        none; "" where there is no other.

    Raises:
        ValueError: It holds anything strange; its text is the rule alone.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise ValueError("is neither text nor a whole number; write ten digits")  # noqa: TRY004 - the callers' one contract is ValueError
    written = text.strip(" \t\r\n") if isinstance(text, str) else _whole(text)
    if not _ALLOWED.fullmatch(written):
        written = _undressed(written)
    digits = _PUNCTUATION.sub("", written)
    if decimal := _DECIMAL.fullmatch(written):
        return decimal[1], digits
    if _TAIL.search(written):
        raise ValueError("ends like an extension or a decimal number; write ten digits")
    if trunk := _TRUNK.match(written):
        # Else too few digits behind the country's 91 would be ten with it.
        country = "+91" if trunk[1] == "91" else trunk[1]
        return _PUNCTUATION.sub("", country + written[trunk.end() :]), digits
    return digits, ""


def runs_in(text: str) -> Iterator[str]:
    """
    Yield each stretch of digits of *text*, with the punctuation inside one number.

    Dates are left out; what spreadsheets did is undone where nothing was lost by it.
    """
    written = _DATE.sub("\n", _IN_SHEETS.sub(_undone, plain(text)))
    yield from _RUN.findall(written)


def endings_in(text: str, numbers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of *numbers* with the digits behind it that are the end of a further one."""
    written = _DATE.sub("\n", plain(text))
    ending: dict[str, list[str]] = {}
    for number in numbers:
        ending.setdefault(number[-_SAME:], []).append(number)
    meant: list[str] = []
    until = -1
    for match in _SHORT.finditer(written):
        if match.start() != until or not meant:
            before = _END.search(written[max(0, match.start() - _NEAR) : match.start()])
            meant = ending.get(_PUNCTUATION.sub("", before[0]), []) if before else []
        until = match.end()
        yield from ((number, match[1]) for number in meant)


def _whole(number: int) -> str:
    if not 0 <= number < 10**15:
        raise ValueError("is not a whole number of at most 15 digits")
    return str(number)


def _undressed(written: str) -> str:
    if _BACKWARDS in written:
        raise ValueError(f"holds {named(_BACKWARDS)}, which shows its digits backwards; type it")
    if len(zeros := scripts(written)) > 1:
        raise ValueError(f"holds digits of two scripts ({named(max(zeros))}); write ten digits")
    bare = plain(written).strip(_QUOTES).removeprefix("=").strip(_QUOTES)
    if plus := _PLUS.match(bare):
        bare = "+" + bare[plus.end() :]
    if exponent := _EXPONENT.fullmatch(bare):
        bare = _all_digits(*exponent.groups(""))
    if not bare:
        raise ValueError("is empty; write ten digits")
    if any(one.isalpha() for one in bare):
        raise ValueError("holds letters; write ten digits")
    if not _ALLOWED.fullmatch(bare):
        unseen = next((one for one in bare if not (one.isascii() and one.isprintable())), "")
        which = f" ({named(unseen)})" if unseen else ""
        raise ValueError(
            f"holds more than digits, spaces, dots, hyphens, brackets, a leading +{which}"
        )
    return bare


def _all_digits(whole: str, fraction: str, exponent: str) -> str:
    """
    Return the number that was written with an exponent.

    Raises:
        ValueError: Some of its digits were not written.
    """
    places = int(exponent)
    if len(fraction) < places:
        raise ValueError("is not whole: a spreadsheet has rounded it; format the column as text")
    rest = fraction[places:]
    return whole + fraction[:places] + ("." + rest if rest else "")


def _undone(match: re.Match[str]) -> str:
    if match["grouped"]:
        return match["grouped"].replace(",", "")
    try:
        return _all_digits(match["whole"], match["fraction"], match["exponent"])
    except ValueError:
        return "\n"
