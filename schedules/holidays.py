"""
Days on which nobody is called: public holidays by region, and dates of one's own.

The only module that knows the `holidays` package. Importing that is slow, so
it is imported when the first region is named, never for dates alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Self

from .errors import HoursError

_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class HolidaySet:
    """
    Whole days, in wall time, that stay shut.

    Attributes:
        regions: Countries, or countries with a subdivision, by their ISO 3166
            codes: `IN`, `IN-MH`. Sorted; observed days count as holidays.
        dates: Days of one's own. Sorted.
    """

    regions: tuple[str, ...] = ()
    dates: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        for region in self.regions:
            _known_years(region)
        object.__setattr__(self, "regions", tuple(sorted(set(self.regions))))
        object.__setattr__(self, "dates", tuple(sorted(set(self.dates))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read regions and dates as a person writes them; `parse(str(days)) == days`.

        Args:
            text: `"IN-MH, 2026-11-09"`: regions and ISO dates, in any order;
                "" for no holidays.

        Raises:
            HoursError: A word is neither, or no such region is known; it
                names the word.
        """
        words = text.replace(",", " ").upper().split()
        dates = [word for word in words if _DATE.fullmatch(word)]
        regions = [word for word in words if word not in dates]
        return cls(tuple(regions), tuple(map(_date, dates)))

    def name(self, day: date) -> str | None:
        """
        Why this day stays shut, `"Republic Day (IN)"`; None when it does not.

        Raises:
            HoursError: Nobody knows the holidays of a region in that year.
        """
        if day in self.dates:
            return f"{day.isoformat()} (own date)"
        for region in self.regions:
            if found := _year(region, day.year).get(day):
                return f"{found} ({region})"
        return None

    def __or__(self, other: "HolidaySet") -> "HolidaySet":
        return HolidaySet(self.regions + other.regions, self.dates + other.dates)

    def __bool__(self) -> bool:
        return bool(self.regions or self.dates)

    def __str__(self) -> str:
        return " ".join([*self.regions, *(day.isoformat() for day in self.dates)])


#: Open on every day of the year.
NO_HOLIDAYS = HolidaySet()


def _date(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise HoursError(f'holidays: "{word}" is not a day of the calendar') from error


@lru_cache(maxsize=256)
def _known_years(region: str) -> tuple[int, int]:
    """The first and the last year for which the holidays of a region are known."""
    import holidays  # noqa: PLC0415 - slow, and most calendars have no holidays

    country, _, subdivision = region.partition("-")
    try:
        # The package would take "IN-" for the whole country, and names that are none.
        found = _REGION.fullmatch(region) and holidays.country_holidays(
            country, subdiv=subdivision or None
        )
    except NotImplementedError:
        found = None
    if found is None:
        raise HoursError(
            f'holidays: "{region}" is neither a known region nor a date: write a country (IN), '
            "a country and its subdivision (IN-MH), or 2026-11-09"
        )
    return found.start_year, found.end_year


@lru_cache(maxsize=2048)
def _year(region: str, year: int) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415 - slow, and most calendars have no holidays

    first, last = _known_years(region)
    if not first <= year <= last:
        # An empty year would open every holiday in it.
        raise HoursError(
            f"holidays: those of {region} are known from {first} to {last}, not {year}"
        )
    country, _, subdivision = region.partition("-")
    found = holidays.country_holidays(
        country, subdiv=subdivision or None, years=year, language="en_US"
    )
    return dict(found)
