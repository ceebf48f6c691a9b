import contextlib
import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.domain.call import numbering_plan
from dialer.domain.call.number import canonical, mask, numbers_in, wire

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
        ("9876543210#12", "holds more than digits"),
        ("9876543210,9876543211", "holds more than digits"),
        ("98765*****", "holds more than digits"),
        ("-9876543210", "holds more than digits"),
        ("\u22129876543210", "holds more than digits"),
        ("=-9876543210", "holds more than digits"),
        ("98765\u00b743210", "a leading + (U+00B7)"),
        ("98765\x0043210", "a leading + (U+0000)"),
        ("98765\u2800\u200b43210", "a leading + (U+2800)"),
        ("9876543210\u00b2", "a leading + (U+00B2)"),
        ("\u202e0123456789\u202c", "holds U+202E, which shows its digits backwards"),
        ("+91 ९८७६५४३२१०", "holds digits of two scripts (U+0966)"),
        ("98765\u09ea3210", "holds digits of two scripts (U+09E6)"),
        ("\u200b", "is empty"),
        ('=""', "is empty"),
        ("9.19E+11", "a spreadsheet has rounded it; format the column as text"),
        ("9.0000011E+09", "a spreadsheet has rounded it"),
        ("9.00000112e9", "a spreadsheet has rounded it"),
        ("'9E+09", "a spreadsheet has rounded it"),
        ("9.0000011215E+09", "ends like an extension or a decimal"),
        ("9000001122.5", "ends like an extension or a decimal"),
        ("9190000012.00", "can be read in two ways"),
        ("+39 (0)324 950 7376", "can be read in two ways"),
        ("91(0)00000008", "is not ten digits after 0, 91"),
        ("98+76543210", "holds more than digits"),
        ("++919876543210", "holds more than digits"),
        ("987654321.0", "ends like an extension or a decimal"),
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
        ("14155550100", "is not ten digits after"),
        ("0014155550100", "starts with 00"),
        ("9999999999", "a placeholder"),
        ("+910000000000", "a placeholder"),
        ("+9876543210", "is not a number in use"),
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


@pytest.mark.parametrize("digits", ["9000001121", "+91 90000-01122"])
@pytest.mark.parametrize(
    "unseen",
    list("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069")
    + list("\u200b\u200c\u200d\u2060\u2063\ufeff\u00ad\u034f\ufe0e\u3164\U000e0031"),
)
def test_what_is_not_seen_is_not_read(digits, unseen):
    """Marks of direction, joining and byte order change nothing, wherever they stand."""
    for at in (0, 1, 5, len(digits)):
        assert canonical(digits[:at] + unseen + digits[at:]) == canonical(digits)


@pytest.mark.parametrize("between", "\u00a0\u1680\u2000\u2009\u200a\u202f\u205f\u3000")
def test_every_space_is_a_space(between):
    """Unicode's spaces stand between digits like that of ASCII, and around them."""
    assert canonical(f"{between}+91{between}90000{between}01121{between}") == "+919000001121"


@pytest.mark.parametrize(
    "between", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u058a\ufe58\ufe63\uff0d"
)
def test_every_dash_is_a_hyphen(between):
    """Also the minus of a typesetter."""
    assert canonical(f"+91{between}90000{between}01121") == "+919000001121"


@pytest.mark.parametrize(
    "written",
    [
        "9.000001121E+09",
        "9.000001121e9",
        "9.000001121E+009",
        "90.00001121E+08",
        "9000001121E+00",
        "9.0000011210E+09",
        "9.19000001121E+11",
        "+9.19000001121E+11",
        "9000001121.0",
        "9000001121.00",
        "919000001121.0",
        "9000001121.",
        "'9000001121",
        "\u20189000001121\u2019",
        "'9000001121'",
        "'+919000001121",
        "'9000001121.0",
        '"9000001121"',
        '="9000001121"',
        "=\u201c9000001121\u201d",
        '="+91 90000 01121"',
        "=9000001121",
        "=+919000001121",
        '\'="9000001121"',
        "\uff1d\uff029000001121\uff02",
        "+91 (0) 9000001121",
        "+91(0)90000-01121",
        "+91-( 0 )-9000001121",
        "0091 (0) 9000001121",
        "91 (0) 9000001121",
        "(+91) 9000001121",
        "+ 91 9000001121",
        "\uff0b\uff19\uff11\uff089000001121\uff09",
        "९०००००११२१",
        "+९१ ९०००००११२१",
        "٩٠٠٠٠٠١١٢١",
        "۹۰۰۰۰۰۱۱۲۱",
        "৯০০০০০১১২১",
        "\uff19\uff10\uff10\uff10\uff10\uff10\uff11\uff11\uff12\uff11",
        "+91 \uff19\uff10\uff10\uff10\uff10 \uff10\uff11\uff11\uff12\uff11",
    ],
)
def test_what_files_do_to_a_number_is_undone(written):
    """Where all ten digits are still there, and one number alone can be meant, it is taken."""
    assert canonical(written) == "+919000001121"
    assert numbers_in(written) == ["+919000001121"]


def test_a_zero_in_brackets_is_that_of_the_trunk_in_other_countries_too():
    """Where the number is one without it and none with it."""
    assert canonical("+44 (0)7400 123456") == "+447400123456"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("9000001901,Asha,2026-11-01", "901"),
        ("2026-11-01T09:30:00+05:30;9000001901;Asha", "901"),
        ("01-11-2026 9000001901", "901"),
        ("9000001901,,,", "901"),
        ("9000001901 Asha", "901"),
        ("asha9000001901", "901"),
        ("17\t9000001901", "901"),
        ("12 9000001901", "901"),
        ("9000001901 9000001902", "901 902"),
        ("90000 01902 90000 01901", "902 901"),
        ("9000001901-9000001902", "901 902"),
        ("9000001901/9000001902 or 9000001901", "901 902"),
        ("home: +91 (0) 90000-01901, office: 0 9000001902", "901 902"),
        ('{"number": "+919000001901", "since": "2026-11-01T10:00:00+00:00"}', "901"),
        ("9,000,001,901", "901"),
        ("90,00,00,19,01", "901"),
        ("9,000001901E+09", "901"),
        ("9.000001901E+09 9000001902.0", "901 902"),
        ("9000001901x12", "901"),
        ("9000001901#12", "901"),
        ("9000001901/02", "901 902"),
        ("9000001901-2", "901 902"),
        ("90000-01901/902", "901 902"),
        ("9000001901 / 02/03, 9000001904", "901 904 902 903"),
        ("9000001901-02-03", "901 902 903"),
        ("9000001901 & 02", "901 902"),
        ("+91 (0) 90000-01901/1902", "901 902"),
        ("9000001901 26/11/2026", "901"),
        ("9000001901 2/3", "901"),
        ("9000001901/00000", "901"),
        ("#31#9000001901#9000001902", "901 902"),
        ("9 " * 30_000 + "/ 9000001901" + "-9" * 30_000, "901 909"),
        ("0919000001901", "901"),
        ("+9109000001901", "901"),
        ("009000001901", "901"),
        ("\u202e9000001901", "901"),
        ("+91 ९०००००१९०१", "901"),
        ("<td>9000001901</td>", "901"),
        ("TEL;TYPE=CELL:+91-90000-01901", "901"),
        ("", ""),
        ("Asha, 2026-11-01 12:30:00", ""),
        ("98765XXXXX", ""),
        ("1800 123 4567", ""),
        ("9.19E+11", ""),
        ("91(0)00000008", ""),
        ("91000000059100000", ""),
        ("9" * 5000, ""),
    ],
)
def test_whom_not_to_ring_is_read_however_it_is_written(text, last):
    """Each number that a text plainly holds is found once, in order, and no date is one."""
    assert numbers_in(text) == [f"+919000001{one}" for one in last.split()]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("9190000012.00", ["+919190000012", "+919000001200"]),
        ("9190000012 34", ["+919000001234", "+919190000012"]),
        ("1 7012345678", ["+17012345678", "+917012345678"]),
        ("+1 415 555 0100", ["+14155550100"]),
        ("14155550100", ["+14155550100"]),
        ("0014155550100", ["+14155550100"]),
        ("+39 (0)6 1234 5678", ["+390612345678"]),
        ("+1 415 555 0100 +91 9000001901", ["+14155550100", "+919000001901"]),
        ("080 3075 2400, 011-40000000", ["+918030752400", "+911140000000"]),
        ("022-23456701/02", ["+912223456701", "+912223456702"]),
        ("+44 7400 123456/7", ["+447400123456", "+447400123457"]),
    ],
)
def test_doubt_adds_to_the_list_of_whom_not_to_ring(text, numbers):
    """What may be read in two ways is two numbers; a lost plus and landlines are no hindrance."""
    assert numbers_in(text) == numbers


@given(st.one_of(st.text(), st.text(alphabet="0123456789+- ()./,;eE='\u200e\u00a0९")))
@example("+ 44 7400 123456")
def test_what_may_be_rung_may_be_named_as_not_to_ring(text):
    """Nothing leaves `numbers_in`, and the number that a call would ring is among what it finds."""
    found = numbers_in(text)

    assert all(canonical(one, landlines=True) == one for one in found)
    with contextlib.suppress(ValueError):
        assert canonical(text, landlines=True) in found


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


def test_plain_mobile_numbers_are_those_the_second_opinion_takes():
    """What is taken for a mobile number by its pattern alone is one by the whole reading, too."""
    plain = numbering_plan.is_plainly_mobile
    for series in range(60000, 100000, 7):
        national = f"{series}{series * 7919 % 100000:05d}"
        if plain(national):
            assert numbering_plan.second_opinion("+91" + national) == "+91" + national
