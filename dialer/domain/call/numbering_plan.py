"""
What libphonenumber knows of a number: whether it is in use, and for what.

Its tables take longer to load than many a command lasts; only who needs a second opinion
imports this.
"""

import re
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

#: What an ordinary person's phone can be; all else is a service.
_PERSONAL: Final = frozenset(
    {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.FIXED_LINE}
)


def second_opinion(e164: str) -> str:
    """
    Return an E.164 number as it is.

    Raises:
        ValueError: It is in no use, or a service; the text is the rule alone.
    """
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


def is_plainly_mobile(national: str) -> bool:
    """
    Say whether ten digits of India are a mobile number and nothing else.

    By the patterns that the second opinion is made of, without its parser: most numbers of most
    files are such, and a file has many.
    """
    mobile, services = _patterns_of_india()
    return bool(mobile.fullmatch(national)) and not services.fullmatch(national)


def is_landline(e164: str) -> bool:
    """Say whether a valid number can only be a landline."""
    return phonenumbers.number_type(phonenumbers.parse(e164)) == PhoneNumberType.FIXED_LINE


def is_valid_in_india(digits: str) -> bool:
    """Say whether digits, dialled in India, are a number in use."""
    return phonenumbers.is_valid_number(phonenumbers.parse(digits, "IN"))


def country_code(e164: str) -> str:
    """Return the code of a number's country, such as "+91"; "" where it has none."""
    try:
        return f"+{phonenumbers.parse(e164).country_code}"
    except phonenumbers.NumberParseException:
        return ""


@cache
def _patterns_of_india() -> tuple[re.Pattern[str], re.Pattern[str]]:
    india = PhoneMetadata.metadata_for_region("IN")
    services = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager")
    patterns = [
        desc.national_number_pattern
        for name in (*services, "uan", "voicemail")
        if (desc := getattr(india, name)) and desc.national_number_pattern
    ]
    general, mobile = (
        getattr(india, name).national_number_pattern for name in ("general_desc", "mobile")
    )
    return re.compile(f"(?=(?:{general})$)(?:{mobile})"), re.compile("|".join(patterns) or r"(?!)")
