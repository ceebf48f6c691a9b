"""
Where a person may be: the time zones of a phone number, and those a list names.

Source: `phonenumbers.timezone`, by the prefix of the number.
"""

import re
from collections.abc import Iterable

import phonenumbers
import phonenumbers.timezone

from schedules.errors import HoursError
from schedules.zones import zone_of

#: Who may be in more places than this has no known time of day.
MOST_ZONES = 4
#: Between the names of several zones.
JOIN = "+"

#: What libphonenumber says for "anywhere".
_NOWHERE = "Etc/Unknown"
_TODAYS_NAME = {"Asia/Calcutta": "Asia/Kolkata"}
_BETWEEN = re.compile(r"[+,]")
#: Four of the longest names there are fit in it.
_LONGEST = 200


def zones_of(number: str) -> list[str]:
    """
    List the zones a number may be in; none for one that may be anywhere.

    Args:
        number: E.164.
    """
    found = phonenumbers.timezone.time_zones_for_number(phonenumbers.parse(number))
    return [_TODAYS_NAME.get(zone, zone) for zone in found if zone != _NOWHERE]


def number_zones(numbers: Iterable[str]) -> str:
    """
    Return all zones that somebody with these *numbers* may be in, sorted, joined by "+".

    Raises:
        ValueError: There is no number, none is known of one of them, or they
            are more than four; its text is the rule alone.
    """
    found = [zones_of(number) for number in numbers]
    if not found:
        raise ValueError("there is no phone number to tell the time zone from")
    if not all(found):
        raise ValueError("no time zone is known for the number; name one in a column")
    return _joined(zone for zones in found for zone in zones)


def contact_zones(text: str) -> str:
    """
    Return the zones that a cell names, sorted, joined by "+".

    Args:
        text: One IANA name, or several with "+" or "," between them: the
            person may be in any of them. ("Etc/GMT+5" is no place, and not read.)

    Raises:
        ValueError: It names none, an unknown one, or more than four different
            ones; its text is the rule alone.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters; write names such as Asia/Kolkata")
    names = [name.strip() for name in _BETWEEN.split(text)]
    return _joined(_TODAYS_NAME.get(name, name) for name in names)


def _joined(names: Iterable[str]) -> str:
    zones = sorted(set(names))
    if len(zones) > MOST_ZONES:
        raise ValueError(f"may be in {len(zones)} time zones; at most {MOST_ZONES} are taken")
    try:
        for zone in zones:
            zone_of(zone)
    except HoursError as error:
        raise ValueError(str(error)) from None
    return JOIN.join(zones)
