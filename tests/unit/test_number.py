import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.number import canonical, mask, wire

mobiles = st.from_regex(r"[6-9][0-9]{9}", fullmatch=True).filter(
    lambda digits: len(set(digits)) > 1
)
prefixes = st.sampled_from(["", "0", "91", "+91", "0091", "91-", "+91 ", "+91-", "0-"])
groupings = st.sampled_from(["{0}{1}", "{0} {1}", "{0}-{1}", "{0}.{1}", "({0}) {1}", " {0}{1} \n"])


@given(digits=mobiles, prefix=prefixes, grouping=groupings)
def test_every_written_form_is_one_number(digits, prefix, grouping):
    """However an Indian mobile number is written, its canonical form is the same."""
    written = prefix + grouping.format(digits[:5], digits[5:]).lstrip()

    assert canonical(written) == "+91" + digits


@given(mobiles)
def test_integers_are_read_like_text(digits):
    """A number that came as a JSON integer, with or without 91, is the same number."""
    assert canonical(int(digits)) == canonical(int("91" + digits)) == "+91" + digits


@given(mobiles)
def test_canonical_is_idempotent_and_survives_the_wire(digits):
    """The canonical form of a canonical or a wire form is itself."""
    once = canonical(digits)

    assert canonical(once) == once == canonical(wire(once))
    assert wire(once) == digits


@given(st.one_of(st.text(), st.text(alphabet="0123456789+- ()."), st.integers()))
@example("+12")
@example("9" * 5000)
def test_any_text_is_a_number_or_a_rule(text):
    """Nothing but ValueError leaves, and what is accepted is stable E.164 in ASCII."""
    try:
        number = canonical(text, landlines=True)
    except ValueError:
        return

    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number, re.ASCII)
    assert canonical(number, landlines=True) == number


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("98765XXXXX", "holds letters; write ten digits"),
        ("9876-54-XXXX", "holds letters"),
        ("98765ааааа", "holds letters"),  # noqa: RUF001 - Cyrillic is the point
        ("9876543210;ext=12", "holds letters"),
        ("9876543210 x12", "holds letters"),
        ("tel:9876543210", "holds letters"),
        ("9.876543210E9", "holds letters"),
        ("9876543210#12", "holds more than digits"),
        ("9876543210,9876543211", "holds more than digits"),
        ("٩٨٧٦٥٤٣٢١٠", "holds more than digits"),
        ("९८७६५४३२१०", "holds more than digits"),
        ("９８７６５４３２１０", "holds more than digits"),  # noqa: RUF001 - full-width digits are the point
        ("98765\u00a043210", "holds more than digits"),
        ("98765*****", "holds more than digits"),
        ("-9876543210", "holds more than digits"),
        ("98+76543210", "holds more than digits"),
        ("++919876543210", "holds more than digits"),
        ("987654321.0", "ends like an extension or a decimal"),
        ("9876543210.0", "ends like an extension or a decimal"),
        ("9198765432-10", "ends like an extension or a decimal"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("0919876543210", "can be read in two ways"),
        ("091-98765-43210", "can be read in two ways"),
        ("112", "has 3 digits"),
        ("1909", "has 4 digits"),
        ("987654321", "has 9 digits"),
        ("98765432101", "is not ten digits after"),
        ("+9198765432101", "is not ten digits after"),
        ("+91 (0) 98765 43210", "is not ten digits after"),
        ("14155550100", "is not ten digits after"),
        ("0014155550100", "starts with 00"),
        ("9999999999", "a placeholder"),
        ("+910000000000", "a placeholder"),
        ("+9876543210", "is not a number in use"),
        ("+44 (0)7400 123456", "is not a number in use"),
        ("+999123456789", "is not a number of any country"),
        ("+18005550123", "is a service"),
        ("+19005550123", "is a service"),
        ("+80012345678", "is a service"),
        ("+448001111111", "is a service"),
        ("+6591234567", "would be read as an Indian number"),
        ("+18605551234", "would be read as an Indian number"),
        (True, "is neither text nor a whole number"),
        (9876543210.0, "is neither text nor a whole number"),
        (None, "is neither text nor a whole number"),
        (-9876543210, "at most 15 digits"),
        pytest.param(10**5000, "at most 15 digits", id="huge"),
    ],
)
@pytest.mark.parametrize("landlines", [False, True])
def test_doubtful_numbers_are_refused(written, rule, landlines):
    """What could ring a stranger, a service or nobody is refused by the rule it breaks."""
    with pytest.raises(ValueError, match=re.escape(rule)):
        canonical(written, landlines=landlines)


@pytest.mark.parametrize("prefix", ["", "0", "91", "+91", "0091", "+91 ", "91-", "0 "])
@pytest.mark.parametrize(
    ("service", "rule"),
    [
        ("1401234567", "140"),
        ("1600113123", "160"),
        ("1601113123", "160"),
        ("1800123456", "1800"),
        ("1800 123 4567", "1800"),
        ("1860-123-4567", "1860"),
    ],
)
def test_services_are_refused_in_every_written_form(prefix, service, rule):
    """No prefix turns a service series into a number that is rung, landlines wanted or not."""
    with pytest.raises(ValueError, match=rule):
        canonical(prefix + service, landlines=True)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("011-40000000", "+911140000000"),
        ("(022) 2222 2223", "+912222222223"),
        ("+442071838750", "+442071838750"),
        ("+39 06 1234 5678", "+390612345678"),
    ],
)
def test_landlines_are_rung_only_where_wanted(written, number):
    """A number that can only be a landline needs the caller's word."""
    with pytest.raises(ValueError, match="landline"):
        canonical(written)

    assert canonical(written, landlines=True) == number


def test_series_shared_with_landlines_need_no_word():
    """Ten digits from 6 to 8 are taken, though some of their series are landlines."""
    assert canonical("080-3075-2400") == "+918030752400"


@pytest.mark.parametrize(
    ("written", "number", "sent", "shown"),
    [
        ("+1 (415) 555-0100", "+14155550100", "14155550100", "+1******0100"),
        ("+447400123456", "+447400123456", "447400123456", "+44******3456"),
        ("9129812345", "+919129812345", "9129812345", "+91******2345"),
        (919876543210, "+919876543210", "9876543210", "+91******3210"),
    ],
)
def test_wire_and_mask(written, number, sent, shown):
    """India is sent as ten digits, others with their country code; all are shown masked."""
    assert canonical(written) == number
    assert wire(number) == sent
    assert mask(number) == shown


@given(st.one_of(mobiles.map("+91{}".format), st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True)))
@example("+2904567")
def test_a_mask_hides_and_never_parses(number):
    """A mask shows at most four digits behind the country code and is no number again."""
    shown = mask(number)

    assert len(shown.rpartition("*")[2]) <= 4
    assert shown.count("*") >= 4
    with pytest.raises(ValueError, match="holds more than digits"):
        canonical(shown)


@given(st.text())
def test_mask_is_total(text):
    """Text that is no number is shown as stars, so that a log line never fails or leaks."""
    assert re.fullmatch(r"(\+[0-9]{1,3})?\*{4,}[0-9]{0,4}", mask(text))


def test_interpreter_limits_are_not_ours():
    """The refusal of a huge integer does not lean on Python's own digit limit."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(ValueError, match="at most 15 digits"):
            canonical(10**5000)
    finally:
        sys.set_int_max_str_digits(limit)
