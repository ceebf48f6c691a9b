import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.job.codes import CODES, SUCCESS, Code, Kind, lookup

VENDOR = list(
    csv.DictReader(
        (Path(__file__).parent / "vendor_codes.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)

PLATFORM = {
    "105": Kind.REQUEST,
    "111": Kind.REQUEST,
    "1000": Kind.REQUEST,
    "1001": Kind.REQUEST,
    "1003": Kind.REQUEST,
    "1009": Kind.AMBIGUOUS,
    "1010": Kind.PROVIDER,
    "1015": Kind.ACCOUNT,
    "1032": Kind.AMBIGUOUS,
    "1039": Kind.ACCOUNT,
    "1043": Kind.AGENT,
    "1047": Kind.REQUEST,
}


@pytest.mark.parametrize("row", VENDOR, ids=lambda row: row["code"])
def test_every_documented_code_has_its_row(row):
    """A code of the vendor's page has the page's words and our reading of them."""
    code = lookup(row["code"])

    assert (code.code, code.meaning) == (row["code"], row["meaning"])
    assert (code.kind, code.blame) == (Kind(row["class"]), row["blame"])


@pytest.mark.parametrize(("code", "kind"), PLATFORM.items())
def test_codes_from_outside_the_page_have_a_row(code, kind):
    """Codes seen on sister pages and in v1 clients are classified too."""
    assert lookup(code).kind is kind


def test_the_table_holds_nothing_else():
    """The table is the page's 89 codes and the twelve from elsewhere, each once."""
    assert len(VENDOR) == 89
    assert set(CODES) == {row["code"] for row in VENDOR} | set(PLATFORM)


@pytest.mark.parametrize(
    ("predicate", "codes"),
    [
        (
            "shared_value",
            """1512 1513 1514 1516 1518 1519 1535 1546 1552 1554 1555 1576
            1580 1581 1582 1583 1584 1585""",
        ),
        ("suppresses_to", "1574"),
        ("raises_alert", "1573"),
        ("holds_user_id", "1013 1039"),
    ],
)
def test_predicates_name_exactly_these_codes(predicate, codes):
    """What a code does beyond its kind is a predicate of its row, on no row by accident."""
    assert {row.code for row in CODES.values() if getattr(row, predicate)} == set(codes.split())


def test_numbers_and_text_are_the_same_code():
    """Sister pages send the code as a number; it finds the same row, spaces or not."""
    assert lookup(1578) is lookup("1578") is lookup(" 1578\n")


@pytest.mark.parametrize(
    "code", ["1999", "", SUCCESS, 0, -1, pytest.param(10**5000, id="huge"), "x" * 999]
)
def test_unknown_codes_are_a_value(code):
    """What nobody documented is UNKNOWN: a person decides, nothing raises."""
    row = lookup(code)

    assert row.kind is Kind.UNKNOWN
    assert len(row.code) <= 32


@given(st.one_of(st.text(), st.integers()))
def test_lookup_is_total(code):
    """Every text and every integer has a row, and never a safe-to-repeat one by accident."""
    row = lookup(code)

    assert isinstance(row, Code)
    assert (row.kind is Kind.UNKNOWN) == (row.code not in CODES)
