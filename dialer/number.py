"""
A phone number: one canonical form, one wire form, one form that may be shown.

Whoever mistypes a number must not ring a stranger, so this reads only what
can mean one thing. `phonenumbers` alone is too kind for that: it takes
``98765XXXXX`` for a valid mobile number (letters are keys of a telephone),
drops extensions and reads the digits of every script. It is only asked for a
second opinion here, after our own strict reading.

Source: libphonenumber's metadata for "IN" by `phonenumbers` 9.0; DoT office
memorandum of 28 May 2024 for 160x; TRAI's 140 series for telemarketing.
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

_ALLOWED: Final = re.compile(r"\+?[0-9(][0-9 ().-]*")
_INDIAN: Final = re.compile(r"(?:\+91|91|0091|0)?([0-9]{10})")
#: "9198765432 10" and "987654321.0": one or two digits set apart behind many.
_TAIL: Final = re.compile(r"[0-9]{4}[^0-9]+[0-9]{1,2}$")
_MOBILE_FIRST: Final = "6789"
_HIDDEN_AT_LEAST: Final = 4
_TEN: Final = 10

#: What an ordinary person's phone can be; all else is a service.
_PERSONAL: Final = frozenset(
    {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.FIXED_LINE}
)

_SERVICES: Final = (
    (re.compile(r"140[0-9]{7}"), "is a telemarketer's number (140); nobody answers there"),
    (re.compile(r"160[0-9]{7}"), "is a bank's or an office's calling number (160); it takes none"),
    (re.compile(r"1800[0-9]{6,7}"), "is toll-free (1800); write a person's number"),
    (re.compile(r"1860[0-9]{6,7}"), "is shared cost (1860); write a person's number"),
)


def canonical(text: str | int, *, landlines: bool = False) -> str:
    """
    Return the one E.164 form of *text*, such as "+919876543210".

    An Indian number may be written with ten digits, or with 0, 91, +91 or
    0091 before them, and with spaces, dots, hyphens and brackets between.
    Any other country's number needs its "+".

    Args:
        text: The number as somebody wrote it.

        landlines: Whether numbers that can only be a landline are wanted.
            Off by default: a mistyped mobile number often looks like one. Ten
            Indian digits from 6 to 8 are taken without it, because a third of
            those series cannot be told from mobile ones.

    Raises:
        ValueError: *text* is not clearly one person's number; its text is the
            rule alone ("holds letters; write ten digits"), without the number.
    """
    bare = _bare(text)
    if bare.startswith("+") and not bare.startswith("+91"):
        return _foreign(bare, landlines=landlines)
    return _indian(bare, landlines=landlines)


def wire(e164: str) -> str:
    """
    Return the digits the API is sent: ten for India, else with the country code.

    Never with "+", which a query string turns into a space. That the API takes
    other countries' numbers at all is an assumption the vendor's page neither
    supports nor excludes.
    """
    return e164.removeprefix("+91") if e164.startswith("+91") else e164.removeprefix("+")


def abroad(e164: str) -> bool:
    """
    Say whether a number is another country's: nobody knows whether the API takes it (`wire`).
    """
    return not e164.startswith("+91")


def mask(e164: str) -> str:
    """
    Return the form for logs and listings: "+91******3210".

    Shows the country and at most the last four digits, fewer where that would
    hide less than four. The result is never a number `canonical` accepts.
    Total: what is not E.164 becomes stars alone.
    """
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return "******"
    country = f"+{parsed.country_code}"
    if not re.fullmatch(r"\+[0-9]{5,15}", e164, re.ASCII) or not e164.startswith(country):
        return "******"
    hidden = max(_HIDDEN_AT_LEAST, len(e164) - len(country) - 4)
    return country + "*" * hidden + e164[len(country) + hidden :]


def _bare(text: str | int) -> str:
    """Return the digits of *text*, with its leading "+", when it holds nothing strange."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise ValueError("is neither text nor a whole number; write ten digits")  # noqa: TRY004 - the callers' one contract is ValueError
    written = text.strip(" \t\r\n") if isinstance(text, str) else _digits(text)
    if not written:
        raise ValueError("is empty; write ten digits")
    if any(letter.isalpha() for letter in written):
        raise ValueError("holds letters; write ten digits")
    if not _ALLOWED.fullmatch(written):
        raise ValueError("holds more than digits, spaces, dots, hyphens, brackets, a leading +")
    if _TAIL.search(written):
        raise ValueError("ends like an extension or a decimal number; write ten digits")
    return re.sub(r"[^0-9+]", "", written)


def _digits(number: int) -> str:
    if not 0 <= number < 10**15:
        raise ValueError("is not a whole number of at most 15 digits")
    return str(number)


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
    return _second_opinion("+91" + national)


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
    number = _second_opinion(bare)
    if not landlines and _kind(number) == PhoneNumberType.FIXED_LINE:
        raise ValueError("is a landline; not rung")
    if len(wire(number)) == _TEN or _valid_in_india(wire(number)):
        # +65 and eight digits, say: without its plus it is somebody in India.
        raise ValueError("would be read as an Indian number, since the API takes no +; not rung")
    return number


def _second_opinion(e164: str) -> str:
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        raise ValueError("is not a number of any country") from None
    same = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == e164
    if not (same and phonenumbers.is_valid_number(parsed)):
        raise ValueError("is not a number in use; check its digits")
    if phonenumbers.number_type(parsed) not in _PERSONAL:
        raise ValueError("is a service, not a person's phone (toll-free, premium, shared cost …)")
    return e164


def _kind(e164: str) -> int:
    return phonenumbers.number_type(phonenumbers.parse(e164))


def _valid_in_india(digits: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(digits, "IN"))
