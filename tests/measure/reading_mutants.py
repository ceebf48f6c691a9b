"""The guards of reading: what a number, a zone and a region's days mean, and nothing else."""

from mutant import Mutant

NUMBER = "tests/unit/domain/call/test_number.py"
PLACE = "tests/unit/domain/call/test_place.py"
HOLIDAYS = "tests/unit/schedules/test_holidays.py"
IMPORTING = "tests/unit/feeding/test_importing.py"
PREFLIGHT = "tests/integration/test_preflight.py"

MUTANTS = [
    Mutant(
        "a number that can be read in two ways is none",
        "dialer/domain/call/number.py",
        "if other and _strictly(other):",
        "if False:",
        NUMBER,
    ),
    Mutant(
        "a rounded number is none",
        "dialer/domain/call/digits.py",
        "if len(fraction) < places:",
        "if False:",
        NUMBER,
    ),
    Mutant(
        "digits that are shown backwards are none",
        "dialer/domain/call/digits.py",
        "if _BACKWARDS in written:",
        "if False:",
        NUMBER,
    ),
    Mutant(
        "digits of two scripts are none",
        "dialer/domain/call/digits.py",
        "if len(zeros := scripts(written)) > 1:",
        "if len(zeros := scripts(written)) > 9:",
        NUMBER,
    ),
    Mutant(
        "an extension is not swallowed",
        "dialer/domain/call/digits.py",
        "if _TAIL.search(written):",
        "if False:",
        NUMBER,
    ),
    Mutant(
        "each number beside another is listed",
        "dialer/domain/call/number.py",
        "taken = max(taken, count)",
        "taken = len(pieces)",
        NUMBER,
    ),
    Mutant(
        "a lost plus hides nobody from the list",
        "dialer/domain/call/number.py",
        "yield from _loosely(joined)",
        "pass",
        NUMBER,
    ),
    Mutant(
        "days that a government gazettes shut",
        "schedules/holidays.py",
        '_SHUT = ("public", "government")',
        '_SHUT = ("public",)',
        HOLIDAYS,
    ),
    Mutant(
        "a former code means today's",
        "schedules/holidays.py",
        "for one in _FORMER.get(region, region).split()}",
        "for one in [region]}",
        HOLIDAYS,
    ),
    Mutant(
        "a part of another country is none",
        "schedules/holidays.py",
        "dash and subdivision not in",
        "False and subdivision not in",
        HOLIDAYS,
    ),
    Mutant(
        "a year without its feasts is unknown",
        "schedules/holidays.py",
        "_LAST_FEASTS.get(country, found.end_year)",
        "found.end_year",
        HOLIDAYS,
    ),
    Mutant(
        "an offset is no place",
        "schedules/zones.py",
        "if not _PLACE.fullmatch(key):",
        "if False:",
        PLACE,
    ),
    Mutant(
        "an unknown exchange is anywhere in its area",
        "dialer/domain/call/number_zones.py",
        "digits[:_EXCHANGE] not in TIMEZONE_DATA",
        "False",
        PLACE,
    ),
    Mutant(
        "an overlay is all of its area",
        "dialer/domain/call/number_zones.py",
        "(together for together in _ONE_AREA if code in together)",
        "(together for together in () if code in together)",
        PLACE,
    ),
    Mutant(
        "the unknown of several numbers is taken",
        "dialer/feeding/importing.py",
        "rest = contact if new else self._rest(contact)",
        "rest = contact if new else None",
        IMPORTING,
    ),
    Mutant(
        "who stands beside somebody known hides nobody",
        "dialer/store/contact_blocks.py",
        "if place not in listed and seen.isdisjoint(names):",
        "if seen.isdisjoint(names) and (seen.update(names) or place not in listed):",
        "tests/integration/test_import.py",
    ),
    Mutant(
        "rounded numbers are a warning",
        "dialer/planning/preflight/look.py",
        "if any(map(looks_rounded, numbers)):",
        "if False:",
        PREFLIGHT,
    ),
]
