import contextlib
import re
from datetime import date

import holidays
import pytest

from schedules import holidays as module
from schedules.errors import HoursError
from schedules.holidays import HolidaySet

#: A day of its own for each state and territory of India, and what it is called.
INDIA = {
    "AN": ("2027-09-12", "Onam"),
    "AP": ("2027-04-07", "Ugadi"),
    "AR": ("2027-02-20", "Statehood Day"),
    "AS": ("2027-04-16", "Bahag Bihu"),
    "BR": ("2027-11-04", "Chhath Puja"),
    "CG": ("2027-12-18", "Guru Ghasidas"),
    "CH": ("2027-10-15", "Maharishi Valmiki"),
    "DH": ("2027-04-07", "Gudi Padwa"),
    "GA": ("2027-12-19", "Goa Liberation Day"),
    "GJ": ("2027-10-30", "Gujarati New Year"),
    "HP": ("2027-01-25", "Statehood Day"),
    "HR": ("2027-11-01", "Haryana Day"),
    "JH": ("2027-09-11", "Karma Puja"),
    "JK": ("2027-10-26", "Accession Day"),
    "KA": ("2027-11-01", "Karnataka Rajyotsava"),
    "KL": ("2027-09-14", "Onam"),
    "LA": ("2027-03-21", "Nowruz"),
    "LD": ("2027-09-04", "Ganesh Chaturthi"),
    "MH": ("2027-05-01", "Maharashtra Day"),
    "ML": ("2027-11-12", "Wangala Festival"),
    "MN": ("2027-11-01", "Kut"),
    "MP": ("2027-11-15", "Tribal Pride Day"),
    "MZ": ("2027-06-30", "Peace Accord Day"),
    "OD": ("2027-04-01", "Utkal Day"),
    "PB": ("2027-06-08", "Guru Arjun Dev"),
    "PY": ("2027-08-16", "De Jure Transfer Day"),
    "RJ": ("2027-08-09", "Indigenous Peoples"),
    "SK": ("2027-05-16", "Sikkim State Day"),
    "TN": ("2027-01-15", "Pongal"),
    "TR": ("2027-07-11", "Kharchi Puja"),
    "TS": ("2027-09-04", "Ganesh Chaturthi"),
    "UK": ("2027-07-16", "Harela"),
    "UP": ("2027-10-31", "Bhai Duj"),
    "WB": ("2027-05-09", "Rabindranath Tagore"),
    # The package knows no day that these have alone: they keep those of the whole country.
    "DL": ("2027-01-26", "Republic Day"),
    "NL": ("2027-01-26", "Republic Day"),
}


def name(regions: str, day: str) -> str | None:
    return HolidaySet.parse(regions).name(date.fromisoformat(day))


def test_every_state_of_india_is_in_the_table():
    """28 states and 8 territories."""
    assert set(INDIA) == set(holidays.IN.subdivisions)
    assert len(INDIA) == 28 + 8


@pytest.mark.parametrize("state", INDIA)
def test_a_state_shuts_on_the_days_its_government_gazettes(state):
    """Its own day shuts it, and is no day of the country; that of the country shuts it too."""
    day, called = INDIA[state]

    assert called in name(f"IN-{state}", day)
    assert name(f"IN-{state}", "2027-01-26") == f"Republic Day (IN-{state})"
    if state not in {"DL", "NL"}:
        assert name("IN", day) is None


@pytest.mark.parametrize(
    ("region", "day", "shut"),
    [
        # Gazetted by a government.
        ("CA", "2027-12-27", True),  # Boxing Day, observed
        ("TH", "2026-05-13", True),  # Royal Ploughing Ceremony
        ("LB", "2027-08-04", True),
        ("US", "2025-12-26", True),  # by an executive order
        ("ID", "2027-02-05", True),  # joint holiday
        # For some alone, or for no office at all.
        ("IN", "2027-01-01", False),  # optional
        ("IN-MH", "2027-01-01", False),
        ("US", "2027-02-14", False),  # unofficial
        ("US", "2027-12-24", True),  # Christmas, observed on a Friday
        ("LK", "2026-12-31", False),  # banks
        ("TW", "2027-09-03", False),  # armed forces
        ("DE", "2027-08-15", False),  # Catholic parts of one state
        # Of a country without days of a government.
        ("GB", "2027-12-27", True),  # observed
        ("AE", "2027-12-02", True),
        ("SG", "2027-08-09", True),
    ],
)
def test_what_shuts_a_country(region, day, shut):
    """Public days and those of a government; not the optional, unofficial, bank or school ones."""
    assert (name(region, day) is not None) is shut


@pytest.mark.parametrize(
    ("written", "today"),
    [
        ("IN-OR", "IN-OD"),
        ("in-or", "IN-OD"),
        ("IN-DD", "IN-DH"),
        ("IN-DN", "IN-DH"),
        ("IN-UT", "IN-UK"),
        ("IN-CT", "IN-CG"),
        ("IN-OD,IN-OR", "IN-OD"),
        ("GB-UK", "GB"),
        ("DE-BYP", "DE-BY"),
        ("FR-GES", "FR-57 FR-6AE"),
        ("NO-30", "NO-31 NO-32 NO-33"),
        ("NZ-WTL", "NZ-WTC"),
        ("US-PW", "PW"),
    ],
)
def test_a_former_code_means_todays(written, today):
    """What was divided means all its parts."""
    assert str(HolidaySet.parse(written)) == today


@pytest.mark.parametrize("region", ["NZ-STC", "PT-EXT", "PR-CA", "IM-UK", "AS-FM", "IN-XX"])
def test_a_code_that_means_nothing_today_is_refused(region):
    """Also a part of another country, which the package would take for a part of this one."""
    with pytest.raises(HoursError, match=f'"{region}" is neither a known region'):
        HolidaySet.parse(region)


def test_no_code_that_the_package_drops_is_taken_as_it_is():
    """Of each country, a code it calls deprecated is refused or means another one."""
    for country in holidays.list_supported_countries(include_aliases=False):
        entity = getattr(holidays, country)
        for code in {one.upper() for one in entity._deprecated_subdivisions}:
            try:
                regions = HolidaySet.parse(f"{country}-{code}").regions
            except HoursError:
                continue
            assert f"{country}-{code}" not in regions


def test_every_country_shuts_on_all_days_of_both_kinds():
    """Whatever the package has of public days and of a government's is shut, and nothing else."""
    for country in holidays.list_supported_countries(include_aliases=False):
        entity = getattr(holidays, country)
        both = {"public", "government"} & set(entity.supported_categories)
        days = {day for one in both for day in entity(years=2026, categories=one)}

        assert set(module._year(country, 2026)) == days


def test_another_name_of_a_region_is_the_same_calendar():
    """Telangana was TG."""
    assert module._year("IN-TG", 2027) == module._year("IN-TS", 2027)


@pytest.mark.parametrize("country", sorted(module._LAST_FEASTS))
def test_after_the_last_feasts_nothing_is_known(country):
    """The year after the last has fewer feasts in the package, so it is refused."""
    last = module._LAST_FEASTS[country]
    always = set.intersection(*(feasts(country, year) for year in range(last - 3, last + 1)))

    assert always - feasts(country, last + 1)
    with pytest.raises(HoursError, match=f"to {last}, not {last + 1}"):
        name(country, f"{last + 1}-06-01")


def test_no_other_country_loses_a_feast():
    """For the next years each feast that comes every year is known of every other country."""
    lost = {
        country
        for country in holidays.list_supported_countries(include_aliases=False)
        if set.intersection(*(feasts(country, year) for year in (2030, 2031, 2032)))
        - feasts(country, 2036)
        - feasts(country, 2037)
    }

    assert lost == {one for one, last in module._LAST_FEASTS.items() if last < 2036}


def feasts(country: str, year: int) -> set[str]:
    entity = getattr(holidays, country)
    categories = [one for one in ("public", "government") if one in entity.supported_categories]
    with pytest.warns() if (country, year > 2035) == ("IN", True) else contextlib.nullcontext():
        days = entity(years=year, language="en_US", observed=False, categories=categories)
    names = [one for day in days.values() for one in day.split("; ")]
    return {re.sub(r" \((?:estimated|observed).*", "", one) for one in names}
