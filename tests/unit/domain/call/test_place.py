import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from dialer.domain.call import number_zones as place
from dialer.domain.call.number_zones import contact_zones, number_zones, zones_of
from schedules.calendar import Calendar
from schedules.rule import Rule
from schedules.zones import zone_of

#: Of +1 867, which is Yukon, the Northwest Territories and Nunavut.
TERRITORIES = [
    "America/Edmonton",
    "America/Fort_Nelson",
    "America/Toronto",
    "America/Vancouver",
    "America/Winnipeg",
]
#: An area code of which the package knows several zones -> those that overlay it.
OVERLAYS = {
    "208": ["986"],
    "250": ["236", "257", "672", "778"],
    "270": ["364"],
    "306": ["474", "639"],
    "407": ["321", "689"],
    "418": ["367", "581"],
    "423": ["729"],
    "541": ["458"],
    "709": ["879"],
    "812": ["930"],
    "850": ["448"],
}
#: Areas of several zones with one code.
ALONE = "219 308 574 605 606 620 701 775 785 807 867 906 907 928".split()  # noqa: SIM905 - shorter


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+919000000001", ["Asia/Kolkata"]),
        ("+12125550123", ["America/New_York"]),
        ("+80012345678", []),
        ("+18505550123", ["America/Chicago", "America/New_York"]),
        ("+18672345678", TERRITORIES),
        ("+18502150123", ["America/Chicago"]),
        ("+628123456789", ["Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar"]),
        ("+34612345678", ["Atlantic/Canary", "Europe/Madrid"]),
    ],
)
def test_a_number_tells_its_zones(number, zones):
    """By today's name of the zone; a number of no place tells none."""
    assert zones_of(number) == zones


@pytest.mark.parametrize(
    ("parent", "overlay"), [(one, each) for one, all_ in OVERLAYS.items() for each in all_]
)
def test_an_overlay_has_the_zones_of_its_parent(parent, overlay):
    """A number may be wherever its area is, by whichever code, where no exchange tells more."""
    known = {zone for zones in of_area(parent) for zone in zones}

    assert known <= set(place._zones_of_area(overlay))
    assert place._zones_of_area(parent) == place._zones_of_area(overlay)
    assert zones_of(f"+1{overlay}2000123") == list(place._zones_of_area(overlay))


def test_every_area_of_several_zones_was_looked_at():
    """A newer package may know of more: then somebody looks up which codes overlay that area."""
    codes = {prefix[1:4] for prefix in TIMEZONE_DATA if prefix[0] == "1" and len(prefix) > 3}
    several = {one for one in codes if len({zone for z in of_area(one) for zone in z}) > 1}

    assert several - {each for all_ in OVERLAYS.values() for each in all_} == (
        set(OVERLAYS) - {"306", "407"} | set(ALONE)
    )


def of_area(code: str) -> list[tuple[str, ...]]:
    return [zones for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith("1" + code)]


@pytest.mark.parametrize(
    "number", ["+14482000123", "+13642000123", "+19862000123", "+34612345678", "+628123456789"]
)
def test_who_may_be_in_several_zones_is_rung_when_all_are_open(number):
    """Of all hours of a day those count in which it is day wherever the person may be."""
    zones, noon = zones_of(number), datetime(2030, 6, 3, tzinfo=UTC)
    calendar = Calendar(tuple(Rule.parse("daily 09:00-21:00", zone=zone) for zone in zones))

    for quarter in range(96):
        at = noon + quarter * timedelta(minutes=15)
        local = [at.astimezone(zone_of(zone)).hour for zone in zones]
        assert calendar.is_open(at) is all(9 <= hour < 21 for hour in local)
    assert len(zones) > 1


def test_zones_of_several_numbers_are_one_sorted_text():
    """Somebody with phones in two countries may be in either, whichever is named first."""
    one, other = "+919000000001", "+12125550123"

    assert number_zones([one, other]) == number_zones([other, one])
    assert number_zones([one, other]) == "America/New_York+Asia/Kolkata"
    assert number_zones([one, "+919000000002"]) == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("numbers", "rule"),
    [
        ([], "no phone number"),
        (["+80012345678"], "no time zone is known"),
        (["+919000000001", "+80012345678"], "no time zone is known"),
        (["+79161234567"], "time zones; at most 4"),
        (["+61412345678"], "time zones; at most 4"),
        (["+18672345678"], "time zones; at most 4"),
        (["+18005550123"], "time zones; at most 4"),
    ],
)
def test_a_number_that_tells_no_time_of_day_is_refused(numbers, rule):
    """Nobody is rung by a guess: no zone, an unknown one among others, or too many."""
    with pytest.raises(ValueError, match=rule):
        number_zones(numbers)


#: Offsets, and abbreviations that stand for one: without summer time, or with somebody's.
NO_PLACES = [
    *("EST", "MST", "HST", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "WET", "CET", "MET", "EET"),
    *("UTC", "UCT", "GMT", "GMT0", "Zulu", "Universal", "Greenwich", "Etc/Zulu", "Etc/GMT0"),
]
#: Names that mean one place, old ones too.
PLACES = [
    *("Singapore", "Japan", "Eire", "GB", "NZ-CHAT", "Hongkong", "US/Eastern", "Canada/Pacific"),
    *("America/Argentina/Buenos_Aires", "Indian/Mauritius", "Antarctica/Troll", "Brazil/East"),
]


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Kolkata+America/New_York", "America/New_York+Asia/Kolkata"),
        (" Asia/Kolkata , America/New_York ", "America/New_York+Asia/Kolkata"),
        ("Asia/Kolkata,Asia/Calcutta", "Asia/Kolkata"),
        ("\ufeffAsia/Kolkata\u200b", "Asia/Kolkata"),
        *((name, name) for name in PLACES),
    ],
)
def test_a_cell_names_zones(text, zones):
    """One or several, in any order, with spaces; the same set is the same text."""
    assert contact_zones(text) == zones


def test_every_name_of_the_database_was_looked_at():
    """Of each it is known whether it is a place; only what is an offset to Greenwich is none."""
    refused = set()
    for name in zoneinfo.available_timezones():
        try:
            contact_zones(name)
        except ValueError:
            refused.add(name)

    others = {one for one in refused - set(NO_PLACES) if not one.startswith("Etc/")}
    assert others <= {"Factory", "GMT+0", "GMT-0", "localtime"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "is missing"),
        ("IST", 'time zone "IST" is not in the IANA database'),
        ("GMT+5:30", 'time zone "GMT" is no place: write where the person is, such as'),
        ("UTC+0530", '"UTC" is no place'),
        ("Etc/GMT-5", '"Etc/GMT-5" is no place'),
        ("Etc/GMT+5", '"Etc/GMT" is no place'),
        ("Asia/Kolkata,Etc/UTC", '"Etc/UTC" is no place'),
        *((name, f'"{name}" is no place') for name in NO_PLACES),
        ("Asia/Kolkata+", "is missing"),
        ("Factory", "is not in the IANA database"),
        ("localtime", "is not in the IANA database"),
        ("posixrules", "is not in the IANA database"),
        ("posix/Asia/Kolkata", "is not in the IANA database"),
        ("Asia", "is not in the IANA database"),
        ("asia/kolkata", "is not in the IANA database"),
        ("../../etc/passwd", "not in the IANA database"),
        ("Asia/Kolkata\0", "not in the IANA database"),
        ("Europe/Paris,Europe/Rome,Europe/Oslo,Asia/Kolkata,Asia/Tokyo", "may be in 5 time zones"),
        ("x" * 201, "is longer than 200 characters"),
    ],
)
def test_a_cell_that_names_no_place_is_refused(text, rule):
    """The rule says which name is wrong."""
    with pytest.raises(ValueError, match=rule):
        contact_zones(text)
