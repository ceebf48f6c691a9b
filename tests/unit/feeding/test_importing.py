import csv
import io
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listkit import Memory, campaign, good, mixed, number

from dialer.errors import StoreUnavailable
from dialer.feeding.importing import BATCH, MOST_RULES, MOST_WAITING, OTHER_RULES, import_list
from dialer.lists import ListError, ReportFile
from dialer.lists.entry import Rejected


def run(rows, store, *, report=None, header="phone,ring,tz", **options):
    """Import text rows; return the result and what was reported, if nobody else is told."""
    reported = []
    octets = "\n".join([header, *rows]).encode()
    taken = options.pop("campaign", None) or campaign()
    store.shape = taken.shape
    result = import_list(io.BytesIO(octets), taken, store, report or reported.append, **options)
    return result, reported


def test_a_list_with_seven_kinds_of_bad_rows_is_counted_to_the_row(tmp_path):
    """Each row is accepted, a duplicate or rejected; the report names each that is not taken."""
    lines, wrong, doubled = mixed(20_000)
    store, path = Memory(), tmp_path / "report.csv"

    with ReportFile(path) as report:
        result, _ = run(lines, store, report=report)

    assert result.by_rule == Counter(wrong.values())
    assert len(result.by_rule) == 7
    assert (result.rows, result.rejected, result.duplicates) == (20_000, len(wrong), len(doubled))
    assert result.accepted == len(store.known) == 20_000 - len(wrong) - len(doubled)
    with path.open(newline="", encoding="utf-8") as file:
        written = [(int(row["line"]), row["kind"]) for row in csv.DictReader(file)]
    assert sorted(written) == sorted(
        [(line, "rejected") for line in wrong] + [(line, "duplicate") for line in doubled]
    )


def test_the_same_list_twice_adds_nothing():
    """Every contact of the second time is a duplicate, reported with its line."""
    store, rows = Memory(), [good(nth) for nth in range(1200)]

    first, _ = run(rows, store)
    again, reported = run(rows, store)

    assert (first.accepted, first.duplicates) == (1200, 0)
    assert (again.accepted, again.duplicates) == (0, 1200)
    assert [entry.line for entry in reported] == list(range(2, 1202))
    assert {entry.reason for entry in reported} == {"duplicate"}
    assert (reported[0].column, reported[0].value) == ("phone", "+91" + number(0))


@pytest.mark.parametrize("between", [0, 1, BATCH, 3 * BATCH])
def test_the_first_of_two_rows_wins_in_whatever_group(between):
    """Also when the batch of the second one is full long before the batch of the first."""
    rows = [
        good(1, "America/New_York"),
        *(good(nth + 2) for nth in range(between)),
        f"0{number(1)},20,Asia/Kolkata",
        *(good(nth + 5000) for nth in range(BATCH)),
    ]
    store = Memory()

    result, (duplicate,) = run(rows, store)

    assert store.known["+91" + number(1)] == 2
    assert duplicate.line == between + 3
    assert result.accepted == between + BATCH + 1


def test_a_number_that_is_stored_waits_no_more():
    """A later row of another group meets it in the store, not in the memory."""
    rows = [good(nth) for nth in range(BATCH)] + [good(1, "America/New_York")]
    store = Memory()

    result, (duplicate,) = run(rows, store)

    assert (result.accepted, duplicate.line) == (BATCH, BATCH + 2)
    assert [len(lines) for _, lines in store.batches] == [BATCH, 1]


def test_contacts_are_stored_by_group_of_zones():
    """Full batches as they fill, in the order of the list, and the rest at the end."""
    zones = ["Asia/Kolkata", "America/New_York+America/Chicago"]
    rows = [good(nth, zones[nth % 2]) for nth in range(2 * BATCH + 2)]
    store = Memory()

    run(rows, store)

    first, second = "Asia/Kolkata", "America/Chicago+America/New_York"
    assert [zone for zone, _ in store.batches] == [first, second, first, second]
    assert [len(lines) for _, lines in store.batches] == [BATCH, BATCH, 1, 1]
    assert all(lines == sorted(lines) for _, lines in store.batches)


def test_many_groups_do_not_fill_the_memory(monkeypatch):
    """What waits is stored before it is too much, however few contacts each group has."""
    assert MOST_WAITING > 4
    monkeypatch.setattr("dialer.feeding.importing.MOST_WAITING", 4)
    zones = ["Asia/Kolkata", "Asia/Dubai", "Asia/Tokyo", "Europe/Paris", "Asia/Kolkata"]
    rows = [good(nth, zone) for nth, zone in enumerate(zones)]
    store = Memory()

    result, _ = run(rows, store)

    assert result.accepted == 5
    assert [lines for _, lines in store.batches] == [[2], [3], [4], [5], [6]]


def test_rules_are_counted_in_bounded_space(monkeypatch):
    """More rules than anybody reads are one line of the summary; every row is still reported."""
    assert MOST_RULES > 2
    monkeypatch.setattr("dialer.feeding.importing.MOST_RULES", 2)
    rows = ["12345,20,Asia/Kolkata", "1234,20,Asia/Kolkata", "123,20,Asia/Kolkata", "12345,,"]

    result, reported = run(rows, Memory())

    assert result.by_rule == {
        "to: has 5 digits; write ten": 2,
        "to: has 4 digits; write ten": 1,
        OTHER_RULES: 1,
    }
    assert result.by_rule.total() == result.rejected == len(reported) == 4


def test_progress_is_told_in_rows_and_bytes():
    """Now and then, and at the end, when all has been read."""
    told = []
    rows = [good(nth) for nth in range(2500)]

    run(rows, Memory(), progress=lambda *now: told.append(now))

    size = len("\n".join(["phone,ring,tz", *rows]))
    assert [rows for rows, _ in told] == [1000, 2000, 2500]
    assert told == sorted(told)
    assert told[-1] == (2500, size)


def test_a_list_that_lacks_a_column_adds_nothing():
    """The campaign's columns are looked for before any row is read."""
    store = Memory()

    with pytest.raises(ListError, match=r'no column "tz" \(did you mean "TZ"\?\)'):
        run([good(1)], store, header="phone,ring,TZ")
    assert store.batches == []


def test_json_lines_are_imported_too():
    """With the same rules; each line names its own columns."""
    rows = ['{"phone": 9100000001, "tz": "Asia/Kolkata"}', '{"phone": 91, "tz": "Asia/Kolkata"}']

    result, reported = run(rows[1:], Memory(), header=rows[0])

    assert (result.rows, result.accepted, result.rejected) == (2, 1, 1)
    assert str(reported[0]) == 'line 2: phone: "91" has 2 digits; write ten'


def test_an_import_may_be_repeated_after_an_error():
    """What was stored before the error is a duplicate, the rest is added: nothing twice."""
    rows = [good(nth) for nth in range(3 * BATCH)]
    store = Memory(fail_at=2)

    with pytest.raises(StoreUnavailable):
        run(rows, store)
    store._fail_at = 0
    result, _ = run(rows, store)

    assert (result.duplicates, result.accepted) == (BATCH, 2 * BATCH)
    assert len(store.known) == 3 * BATCH


FORMULAS = [
    "=1+1",
    '=cmd|"/c calc"!A1',
    "+91 90000 00001",
    "+91-90000-00001",
    "-1",
    "-9000000001",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u200b=1",
    "\ufeff+1",
    "\uff1d1",
    "\uff0b919000000001",
    "\uff20A1",
    "\u22121",
]


def written(tmp_path, *values):
    path = tmp_path / "report.csv"
    with ReportFile(path) as report:
        for value in values:
            report(Rejected(2, "phone", "holds letters", "to", value))
    return path.read_bytes().decode()


@pytest.mark.parametrize("value", FORMULAS, ids=ascii)
def test_no_spreadsheet_calculates_a_report(tmp_path, value):
    """A cell that begins like a formula begins with an apostrophe, and is else as it was."""
    (row,) = csv.DictReader(io.StringIO(written(tmp_path, value), newline=""))

    assert row["value"] == f"'{value}"


@pytest.mark.parametrize(
    "value", ["9000000001", "Asha; Rao", "a=b", "a\tb", "'=1", "1-2", "\u0928\u092e", "", " 9"]
)
def test_what_is_no_formula_is_reported_as_it_is(tmp_path, value):
    """Nothing is added to what a spreadsheet shows by itself."""
    (row,) = csv.DictReader(io.StringIO(written(tmp_path, value), newline=""))

    assert row["value"] == value


def test_each_cell_of_a_report_is_quoted(tmp_path):
    """What stands behind a semicolon in a value is no cell of its own, wherever one separates."""
    _, line = written(tmp_path, "a;=1+1").splitlines()

    assert line == '"2","rejected","to","phone","a;=1+1","holds letters"'


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_report_can_be_read_back(tmp_path_factory, value):
    """Without its apostrophe each cell is what stood in the list."""
    text = written(tmp_path_factory.mktemp("report"), value)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))

    assert value in (row["value"], row["value"].removeprefix("'"))
    assert row["value"].strip()[:1] not in tuple("=+-@")


@pytest.mark.parametrize(
    ("cell", "taken", "there"),
    [
        ("9000001001,9000001002", "9000001002", "+919000001001"),
        ("9000001002, +91 (0) 90000 01001", "9000001002", "+919000001001"),
        ("9000001002,9000001001,9000001003", "9000001002,9000001003", "+919000001001"),
        ("9000001002,9000001001,9000001000", "9000001002", "+919000001001,+919000001000"),
    ],
)
def test_of_several_numbers_the_new_ones_are_taken(cell, taken, there):
    """The others are named with the line; nobody is lost, and nobody is in the list twice."""
    rows = ["9000001000,20,Asia/Kolkata", "9000001001,20,Asia/Kolkata"]
    rows.append(f'"{cell}",20,Asia/Kolkata')
    store = Memory()

    result, (told,) = run(rows, store)

    assert (result.rows, result.accepted, result.duplicates) == (3, 3, 0)
    assert store.values[-1][0] == taken
    numbers = ",".join("+91" + one for one in taken.split(","))
    assert (told.line, told.column, told.value, told.reason) == (4, "phone", there, "duplicate")
    assert (
        told.rule == f"is in the list of the campaign already; {numbers} of the same row was taken"
    )

    again, reported = run(rows, store)
    assert (again.accepted, again.duplicates, len(reported)) == (0, 3, 3)


def test_a_row_that_repeats_itself_and_others_is_one_contact():
    """In one file, one batch: the first row has both numbers, the next ones what is left."""
    rows = ['"9000001001,9000001002"', '"9000001002,9000001003"', "9000001003", "9000001001"]
    store = Memory()

    result, reported = run([f"{row},20,Asia/Kolkata" for row in rows], store)

    assert sorted(store.known) == [f"+91900000100{one}" for one in (1, 2, 3)]
    assert store.values[0][0] == "9000001001,9000001002"
    assert (result.rows, result.accepted, result.duplicates) == (4, 2, 2)
    assert {entry.line for entry in reported} == {3, 5}


def test_a_pair_whose_one_side_is_known_is_whole_or_not_there():
    """Where both sides are customers nobody is rung without the other; the known one is named."""
    pair = campaign(
        call={},
        columns={"from": "one", "to": "other"},
        customer="both",
        zone_from="campaign",
        zone_column=None,
    )
    rows, store = ["9000001001,9000001002", "9000001001,9000001003"], Memory()

    result, (told,) = run(rows, store, header="one,other", campaign=pair)

    assert (result.accepted, result.duplicates, told.value) == (1, 1, "+919000001001")
    assert told.rule == "is in the list of the campaign already"


@pytest.mark.parametrize(
    "parts",
    [
        {"call": {"from": "9000000000", "toStrategy": "TO_ALL"}, "columns": {"to": "phone"}},
        {"call": {"from": "9000000000"}, "columns": {"to": "phone", "toStrategy": "ring"}},
    ],
)
def test_one_number_that_is_left_needs_no_strategy(parts):
    """How to ring several values is said for rows that have several."""
    made = campaign(**parts, zone_from="campaign", zone_column=None)
    rows = ["9000001001,", '"9000001001,9000001002",TO_ALL', '"9000001003,9000001004",TO_ALL']

    store = Memory()
    result, (told,) = run(rows, store, header="phone,ring", campaign=made)

    assert (result.accepted, told.value) == (3, "+919000001001")
    assert [values[0] for values in store.values] == [
        "9000001001",
        "9000001003,9000001004",
        "9000001002",
    ]
