"""
Days without calls: public holidays by region, and own dates.

The only module that knows the `holidays` package, whose import is slow: it happens
when the first region is named, never for dates alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Self

from schedules.errors import HoursError

_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: Of the package's categories those that shut: days off for all, and those a government gazettes
#: (in India every day of a state). Not the optional ones, and not those of banks or schools.
_SHUT = ("public", "government")

#: A code of ISO 3166-2 that is used no more -> today's; of a region that was divided, those of
#: all its parts. The package would know no day of its own for such a region.
_FORMER = {
    "DE-BYP": "DE-BY",
    "FR-GES": "FR-57 FR-6AE",
    "GB-UK": "GB",
    "IN-CT": "IN-CG",
    "IN-DD": "IN-DH",
    "IN-DN": "IN-DH",
    "IN-OR": "IN-OD",
    "IN-UL": "IN-UK",
    "IN-UT": "IN-UK",
    "NO-30": "NO-31 NO-32 NO-33",
    "NO-38": "NO-39 NO-40",
    "NO-54": "NO-55 NO-56",
    "NZ-WTL": "NZ-WTC",
    "US-FM": "FM",
    "US-MH": "MH",
    "US-PW": "PW",
}

#: The last year for which the package has a country's feasts that follow the moon; it leaves
#: them out after that without a word. A test finds these years anew.
_LAST_FEASTS = {
    "BT": 2035,
    "FJ": 2035,
    "GY": 2035,
    "ID": 2050,
    "IN": 2035,
    "MM": 2099,
    "MU": 2035,
    "NP": 2032,
    "NZ": 2052,
    "SR": 2035,
}


@dataclass(frozen=True, slots=True)
class HolidaySet:
    """
    Whole days, in wall time, that stay shut.

    Attributes:
        regions: ISO 3166 codes of countries and subdivisions, `IN`, `IN-MH`; sorted, former
            codes replaced by those of today.
        dates: Own dates, sorted.
    """

    regions: tuple[str, ...] = ()
    dates: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        today = {one for region in self.regions for one in _FORMER.get(region, region).split()}
        for region in today:
            _known_years(region)
        object.__setattr__(self, "regions", tuple(sorted(today)))
        object.__setattr__(self, "dates", tuple(sorted(set(self.dates))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read regions and ISO dates in any order; `parse(str(days)) == days`.

        Args:
            text: `"IN-MH, 2026-11-09"`; "" for no holidays.

        Raises:
            HoursError: A word is neither, or an unknown region; names the word.
        """
        words = text.replace(",", " ").upper().split()
        dates = [word for word in words if _DATE.fullmatch(word)]
        regions = [word for word in words if word not in dates]
        return cls(tuple(regions), tuple(map(_date, dates)))

    def name(self, day: date) -> str | None:
        """
        Return the reason this day stays shut, `"Republic Day (IN)"`; None when it does not.

        Raises:
            HoursError: The holidays of a region are unknown for that year.
        """
        if day in self.dates:
            return f"{day.isoformat()} (own date)"
        for region in self.regions:
            if found := _year(region, day.year).get(day):
                return f"{found} ({region})"
        return None

    def __or__(self, other: "HolidaySet") -> "HolidaySet":
        return HolidaySet(self.regions + other.regions, self.dates + other.dates)

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
    """First and last year for which the holidays of a region are known."""
    import holidays  # noqa: PLC0415 - slow, and most calendars have no holidays

    country, dash, subdivision = region.partition("-")
    try:
        found = _REGION.fullmatch(region) and holidays.country_holidays(country)
    except NotImplementedError:
        found = None
    # The package would also take former codes, and a territory with a part of another country.
    if found is None or (
        dash and subdivision not in {*found.subdivisions, *found.subdivisions_aliases}
    ):
        raise HoursError(
            f'holidays: "{region}" is neither a known region nor a date: write a country (IN), '
            "a country and its subdivision by today's code (IN-MH), or 2026-11-09"
        )
    return found.start_year, min(found.end_year, _LAST_FEASTS.get(country, found.end_year))


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
    categories = holidays.country_holidays(country).supported_categories
    found = holidays.country_holidays(
        country,
        subdiv=subdivision or None,
        years=year,
        language="en_US",
        categories=[one for one in _SHUT if one in categories],
    )
    return dict(found)
