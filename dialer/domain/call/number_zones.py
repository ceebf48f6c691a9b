"""
Time zones of a phone number, and those a list names.

Source: `phonenumbers.timezone`, by the prefix of the number; for codes of one area the
numbering plans of North America (NANPA, area codes in service; CNA, relief planning) and Indonesia.
"""

import re
from collections.abc import Iterable
from functools import cache

import phonenumbers
import phonenumbers.timezone
from phonenumbers.tzdata import TIMEZONE_DATA

from dialer.text.characters import visible
from schedules.zones import ZONES_JOIN, place_of, zone_of

#: Who may be in more places than this has no known time of day.
MOST_ZONES = 4

#: What libphonenumber says for "anywhere".
_NOWHERE = "Etc/Unknown"
_TODAYS_NAME = {"Asia/Calcutta": "Asia/Kolkata"}
#: Area codes of +1 that overlay each other and of which the package tells different zones: it
#: knows where the exchanges of the oldest lie, and has one line for each of the others.
_ONE_AREA = tuple(
    frozenset(codes.split())
    for codes in (
        "208 986",
        "250 236 257 672 778",
        "270 364",
        "306 474 639",
        "407 321 689",
        "418 367 581",
        "423 729",
        "541 458",
        "709 879",
        "812 930",
        "850 448",
    )
)
#: "1", three digits of the area and three of the exchange.
_EXCHANGE = 7
#: Mobile numbers that tell no more than the country, though the package reads an area in them.
_COUNTRY_ALONE = {"628": "62"}
_BETWEEN = re.compile(r"[+,]")
#: Four of the longest names there are fit in it.
_LONGEST = 200


def zones_of(number: str) -> list[str]:
    """
    List the zones of an E.164 number; none for one that may be anywhere.

    In North America an exchange tells the zone where it is known; else the number may be in any
    part of its area, whichever of the area's codes it has.
    """
    digits = number.removeprefix("+")
    found = phonenumbers.timezone.time_zones_for_number(phonenumbers.parse(number))
    if digits.startswith("1") and digits[:_EXCHANGE] not in TIMEZONE_DATA:
        found = _zones_of_area(digits[1:4]) or found
    for prefix, country in _COUNTRY_ALONE.items():
        if digits.startswith(prefix):
            found = TIMEZONE_DATA[country]
    return [_TODAYS_NAME.get(zone, zone) for zone in found if zone != _NOWHERE]


@cache
def _zones_of_area(code: str) -> tuple[str, ...]:
    """Every known zone of an area, by one of its codes; none for another code."""
    codes = next((together for together in _ONE_AREA if code in together), {code})
    known = (
        zones
        for prefix, zones in TIMEZONE_DATA.items()
        if prefix.startswith("1") and prefix[1:4] in codes
    )
    return tuple(sorted({zone for zones in known for zone in zones}))


def number_zones(numbers: Iterable[str]) -> str:
    """
    Return all zones of *numbers*, sorted, joined by "+".

    Raises:
        ValueError: There is no number, one has no known zone, or the zones are more than
            four; its text is the rule alone.
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
        text: IANA names with "+" or "," between them: the person may be in any of them.

    Raises:
        ValueError: It names none, an unknown one, one that is no place (`UTC`, `EST`), or
            more than four different ones; its text is the rule alone.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters; write names such as Asia/Kolkata")
    names = [name.strip() for name in _BETWEEN.split(visible(text))]
    for name in names:
        place_of(name)
    return _joined(_TODAYS_NAME.get(name, name) for name in names)


def _joined(names: Iterable[str]) -> str:
    zones = sorted(set(names))
    if len(zones) > MOST_ZONES:
        raise ValueError(f"may be in {len(zones)} time zones; at most {MOST_ZONES} are taken")
    for zone in zones:
        zone_of(zone)
    return ZONES_JOIN.join(zones)
