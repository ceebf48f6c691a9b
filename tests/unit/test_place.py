import pytest

from dialer.place import contact_zones, number_zones, zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+919000000001", ["Asia/Kolkata"]),
        ("+12125550123", ["America/New_York"]),
        ("+80012345678", []),
    ],
)
def test_a_number_tells_its_zones(number, zones):
    """By today's name of the zone; a number of no place tells none."""
    assert zones_of(number) == zones


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
    ],
)
def test_a_number_that_tells_no_time_of_day_is_refused(numbers, rule):
    """Nobody is rung by a guess: no zone, an unknown one among others, or too many."""
    with pytest.raises(ValueError, match=rule):
        number_zones(numbers)


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Kolkata+America/New_York", "America/New_York+Asia/Kolkata"),
        (" Asia/Kolkata , America/New_York ", "America/New_York+Asia/Kolkata"),
        ("Asia/Kolkata,Asia/Calcutta", "Asia/Kolkata"),
    ],
)
def test_a_cell_names_zones(text, zones):
    """One or several, in any order, with spaces; the same set is the same text."""
    assert contact_zones(text) == zones


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "is missing"),
        ("IST", 'time zone "IST" is not in the IANA database'),
        ("GMT+5:30", '"5:30" is not in the IANA database'),
        ("Asia/Kolkata+", "is missing"),
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
