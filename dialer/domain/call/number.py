"""
A phone number: one canonical form, one wire form, one form that may be shown.

A mistyped number must not ring a stranger, so `canonical` reads only what can mean one
thing. `phonenumbers` alone is too kind for that: it takes ``98765XXXXX`` for a valid
mobile number (letters are keys of a telephone) and drops extensions; it gives a second
opinion after our own strict reading. Numbers not to ring are read the other way round:
`numbers_in` lists whatever a text may mean.

Source: libphonenumber's metadata for "IN" by `phonenumbers` 9.0; DoT office
memorandum of 28 May 2024 for 160x; TRAI's 140 series for telemarketing.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from dialer.domain.call.digits import digits_of, endings_in, runs_in
from dialer.errors import InvalidCall

_INDIAN: Final = re.compile(r"(?:\+91|91|0091|0)?([0-9]{10})")
_INDIAN_E164: Final = re.compile(r"\+91[1-9][0-9]{9}")
_PIECE: Final = re.compile(r"\+?[0-9]+")
_MOBILE_FIRST: Final = "6789"
_HIDDEN_AT_LEAST: Final = 4
_TEN: Final = 10
#: Of E.164 at most; with 00 before them.
_MOST_ABROAD: Final = 15
_MOST_DIGITS: Final = 17

_SERVICES: Final = (
    (re.compile(r"140[0-9]{7}"), "is a telemarketer's number (140); nobody answers there"),
    (re.compile(r"160[0-9]{7}"), "is a bank's or an office's calling number (160); it takes none"),
    (re.compile(r"1800[0-9]{6,7}"), "is toll-free (1800); write a person's number"),
    (re.compile(r"1860[0-9]{6,7}"), "is shared cost (1860); write a person's number"),
)


def canonical(text: str | int, *, landlines: bool = False) -> str:
    """
    Return the one E.164 form of *text*, such as "+919876543210".

    An Indian number may have 0, 91, +91 or 0091 before its ten digits, and spaces, dots,
    hyphens and brackets between. Any other country's number needs its "+". What files do to
    a number is undone (`dialer.domain.call.digits`) where nothing is lost by it.

    Args:
        text: The number as it was written.
        landlines: Whether numbers that can only be a landline are wanted.
            Off by default: a mistyped mobile number often looks like one. Ten
            Indian digits from 6 to 8 are taken without it, because a third of
            those series cannot be told from mobile ones.

    Raises:
        ValueError: *text* is not clearly one person's number; its text is the
            rule alone ("holds letters; write ten digits"), without the number.
    """
    digits, other = digits_of(text)
    number = _read(digits, landlines=landlines)
    if other and _strictly(other):
        raise ValueError("can be read in two ways; write ten digits")
    return number


def canonical_or_same(text: str) -> str:
    """Return the E.164 form of *text*, or *text* itself where it is no number."""
    try:
        return canonical(text)
    except ValueError:
        return text


def read_number(text: str, field: str = "number") -> str:
    """
    Read a phone number as E.164; landlines too, since nothing is rung by it.

    Raises:
        InvalidCall: It is no number; names the field.
    """
    try:
        return canonical(text, landlines=True)
    except ValueError as error:
        raise InvalidCall([(field, f'"{text}" {error}')]) from None


def numbers_in(text: str) -> list[str]:
    """
    List every number that *text* plainly holds, E.164, in order, each once.

    For do-not-call lists, where doubt adds: *text* is a cell, a line of any table or a
    sentence. A text with two meanings is listed in both; landlines too. Each is a number
    `canonical` could give, and what it gives for *text* is among them. Of "9000001921/22"
    the second one is listed too, behind all others. A number that a spreadsheet has rounded
    is lost, and not listed.
    """
    found = dict.fromkeys(number for run in runs_in(text) for number in _numbers_of(run))
    short = [number[: -len(end)] + end for number, end in endings_in(text, found)]
    return [*found, *(one for one in dict.fromkeys(short) if one not in found and _strictly(one))]


def wire(e164: str) -> str:
    """
    Return the digits the API is sent: ten for India, else with the country code.

    Never with "+", which a query string turns into a space. That the API takes other
    countries' numbers at all is an assumption: the vendor's page is silent.
    """
    return e164.removeprefix("+91") if e164.startswith("+91") else e164.removeprefix("+")


def abroad(e164: str) -> bool:
    """Say whether a number is another country's: whether the API takes it is unknown (`wire`)."""
    return not e164.startswith("+91")


def looks_rounded(e164: str) -> bool:
    """
    Say whether a number ends in six zeros, as one that a spreadsheet has rounded.

    One in a million ends so by chance; one is no proof, several are.
    """
    return e164.endswith("000000")


def mask(e164: str) -> str:
    """
    Return the form for logs and listings: "+91******3210".

    Shows the country and at most the last four digits, fewer where that would hide less
    than four; never a number `canonical` accepts. Total: anything but E.164 becomes stars.
    """
    if not re.fullmatch(r"\+[0-9]{5,15}", e164, re.ASCII):
        return "******"
    country = "+91" if _INDIAN_E164.fullmatch(e164) else _country_code(e164)
    if not country or not e164.startswith(country):
        return "******"
    hidden = max(_HIDDEN_AT_LEAST, len(e164) - len(country) - 4)
    return country + "*" * hidden + e164[len(country) + hidden :]


def _numbers_of(run: str) -> Iterator[str]:
    """Yield the meanings of a run of digits: one number, or several beside each other."""
    try:
        whole = [number for digits in digits_of(run) if (number := _strictly(digits))]
    except ValueError:
        whole = []
    if whole:
        yield from whole
        return
    pieces, at = _PIECE.findall(run), 0
    while at < len(pieces):
        taken = 1
        for joined, count in _joined(pieces[at : at + _MOST_DIGITS]):
            if number := _strictly(joined):
                yield number
                taken = max(taken, count)
            elif taken == 1:
                yield from _loosely(joined)
        at += taken


def _joined(pieces: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the first pieces joined, with their count, the most of them first."""
    joins = [pieces[0]]
    for piece in pieces[1:]:
        if piece.startswith("+") or len(joins[-1]) + len(piece) > _MOST_DIGITS:
            break
        joins.append(joins[-1] + piece)
    for count in range(len(joins), 0, -1):
        if len(joins[count - 1]) >= _TEN or joins[0].startswith("+"):
            yield joins[count - 1], count


def _strictly(digits: str) -> str | None:
    return _recalled(digits) if len(digits) <= 1 + _MOST_DIGITS else None


@lru_cache(maxsize=1024)
def _recalled(digits: str) -> str | None:
    # The digits of one line are put together in many ways, which are often the same.
    try:
        return _read(digits, landlines=True)
    except ValueError:
        return None


def _loosely(digits: str) -> list[str]:
    """Return the numbers that digits may be whose zeros or plus are not where they belong."""
    significant = re.sub(r"^[+0]*(91(?=0+[1-9][0-9]{9}))?0*", r"\1", digits)
    if not _TEN <= len(significant) <= _MOST_DIGITS:
        return []
    maybe = [_strictly(significant)]
    if len(significant) <= _MOST_ABROAD:
        maybe.append(_strictly("+" + significant))
    return [number for number in maybe if number]


def _read(digits: str, *, landlines: bool) -> str:
    if digits.startswith("+") and not digits.startswith("+91"):
        return _foreign(digits, landlines=landlines)
    return _indian(digits, landlines=landlines)


def _indian(bare: str, *, landlines: bool) -> str:
    _refuse_services(bare)
    match = _INDIAN.fullmatch(bare)
    if match is None:
        raise ValueError(_why_not_indian(bare))
    national = match[1]
    _refuse_services(national)
    if len(set(national)) == 1:
        raise ValueError("is one digit repeated, a placeholder; write the real number")
    if national[0] not in _MOBILE_FIRST and not landlines:
        raise ValueError("does not start with 6 to 9: a landline or a typing error; not rung")
    from dialer.domain.call import numbering_plan as plan  # noqa: PLC0415 - slow to load

    number = f"+91{national}"
    return number if plan.is_plainly_mobile(national) else plan.second_opinion(number)


def _refuse_services(digits: str) -> None:
    bare = re.sub(r"^(?:\+91|0091|91(?=[0-9]{10})|0)", "", digits)
    for pattern, rule in _SERVICES:
        if pattern.fullmatch(bare):
            raise ValueError(rule)


def _why_not_indian(bare: str) -> str:
    digits = bare.removeprefix("+")
    if re.fullmatch(r"091[0-9]{10}", digits):
        return "has 0 before 91, which can be read in two ways; write ten digits"
    if digits.startswith("00") and not digits.startswith("0091"):
        return "starts with 00; write another country's number with +"
    if len(digits) < _TEN:
        return f"has {len(digits)} digit{'' if len(digits) == 1 else 's'}; write ten"
    return "is not ten digits after 0, 91, +91 or 0091; another country's number needs its +"


def _foreign(bare: str, *, landlines: bool) -> str:
    from dialer.domain.call import numbering_plan as plan  # noqa: PLC0415 - slow to load

    number = plan.second_opinion(bare)
    if not landlines and plan.is_landline(number):
        raise ValueError("is a landline; not rung")
    if len(wire(number)) == _TEN or plan.is_valid_in_india(wire(number)):
        # +65 and eight digits, say: without its plus it is somebody in India.
        raise ValueError("would be read as an Indian number, since the API takes no +; not rung")
    return number


def _country_code(e164: str) -> str:
    from dialer.domain.call import numbering_plan as plan  # noqa: PLC0415 - slow to load

    return plan.country_code(e164)
