import csv
import stat
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.errors import InvalidCall
from dialer.lists import ListError, Rejected, ReportFile, Row, RowReader
from dialer.lists.report import COLUMNS

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ONE, OTHER, AGENT = "+919000000001", "+919000000002", "+919000000009"
cells = st.sampled_from(
    ["", "9000000001", "+91 90000-00001", "9000000002", "9000000001,9000000002", "12", "98XX"]
)


def campaign(allowed=(), **changes):
    fields = {
        "name": "diwali",
        "call": {"from": AGENT},
        "columns": {"to": "phone"},
        "time_zone": "Asia/Kolkata",
    }
    return Campaign.read(
        fields | changes, now=NOW, time_zone="Asia/Kolkata", allowed_extra=tuple(allowed)
    )


def reader(allowed=(), **changes):
    return RowReader(campaign(allowed, **changes), allowed_extra=allowed)


def read(row, allowed=(), **changes):
    return reader(allowed, **changes).read(Row(7, row))


def test_a_row_becomes_a_contact():
    """Values stand as they were written, in the order of the template; numbers in one form."""
    columns = {"to": "phone", "timeLimit": "secs", "reqId": "ref"}
    row = {"phone": "90000 00001", "secs": "60", "ref": "a-1"}

    found = read(row, ["reqId"], columns=columns)

    assert found == Contact(7, ("a-1", "60", "90000 00001"), "", (ONE,))
    assert reader(["reqId"], columns=columns).columns == ("ref", "secs", "phone")


def test_an_absent_cell_is_an_absent_parameter():
    """An empty cell, and a column that a JSON object lacks, leave the parameter out."""
    columns = {"to": "phone", "timeLimit": "secs"}

    expected = Contact(7, ("", "9000000001"), "", (ONE,))
    assert read({"phone": "9000000001", "secs": ""}, columns=columns) == expected
    assert read({"phone": "9000000001"}, columns=columns) == expected


@pytest.mark.parametrize(
    ("customer", "numbers"), [("to", (ONE,)), ("from", (OTHER,)), ("both", (OTHER, ONE))]
)
def test_numbers_are_those_of_the_side_that_is_protected(customer, numbers):
    """In the first row and in one of the same shape behind it."""
    made = reader(call={}, columns={"from": "agent", "to": "phone"}, customer=customer)

    for _ in range(2):
        found = made.read(Row(1, {"agent": OTHER, "phone": ONE}))
        assert found.numbers == numbers


@pytest.mark.parametrize(
    ("fixed", "customer", "numbers"),
    [
        ("from", "both", (ONE,)),
        ("from", "from", ()),
        ("to", "both", (ONE,)),
        ("to", "to", ()),
    ],
)
def test_a_number_that_is_fixed_is_no_contacts_own(fixed, customer, numbers):
    """It stands in every row; else the second contact would be taken for the first again."""
    other = {"from": "to", "to": "from"}[fixed]
    made = reader(call={fixed: OTHER}, columns={other: "phone"}, customer=customer)

    for _ in range(2):
        assert made.read(Row(1, {"phone": ONE})).numbers == numbers


def test_zones_come_from_the_numbers_of_the_list_alone():
    """A fixed number says nothing of where a contact is; without any other the file is refused."""
    fixed = {"call": {"from": "+447400000001"}, "zone_from": "number"}
    found = read({"phone": ONE}, customer="both", **fixed)
    assert (found.numbers, found.zones) == ((ONE,), "Asia/Kolkata")

    with pytest.raises(ListError, match="no column holds the customer's number"):
        reader(customer="from", **fixed)


@pytest.mark.parametrize(
    ("row", "column", "reason", "rule", "value"),
    [
        ({"phone": "98765XXXXX"}, "phone", "to", '"98765XXXXX" holds letters', "98765XXXXX"),
        ({"phone": ""}, "phone", "to", "is missing", ""),
        ({"phone": AGENT}, "phone", "to", "names a value that is also in from", AGENT),
        ({"phone": ONE, "secs": "0"}, "secs", "timeLimit", "must be 1 to 86400 seconds", "0"),
        ({"phone": ONE, "ref": "x" * 51}, "ref", "reqId", "must be 1 to 50 printable", "x" * 51),
        ({"phone": ONE, "cut": "TRUE"}, "cut", "timeLimitHangup", "must be true or false", "TRUE"),
    ],
)
def test_a_rule_is_reported_with_the_column_of_the_list(row, column, reason, rule, value):
    """The operator knows columns; programs know parameters; both are told, with the value."""
    names = {"to": "phone", "timeLimit": "secs", "reqId": "ref", "timeLimitHangup": "cut"}

    found = read(row, ["reqId"], columns=names)

    assert (found.line, found.column, found.reason, found.value) == (7, column, reason, value)
    assert found.rule.startswith(rule)
    assert str(found).startswith(f"line 7: {column}: {rule}")


def test_all_that_is_wrong_with_a_row_is_told():
    """The first rule in the vendor's order, and the others behind it."""
    row = {"phone": "12", "secs": "0"}

    found = read(row, columns={"to": "phone", "timeLimit": "secs"})

    assert str(found) == (
        'line 7: phone: "12" has 2 digits; write ten; and secs: must be 1 to 86400 seconds, not 0'
    )


def test_a_rule_of_a_fixed_parameter_names_it():
    """What no column holds is named by parameter, and blamed on the column that met it."""
    found = read({"agent": OTHER}, call={"to": OTHER}, columns={"from": "agent"}, customer="from")
    assert (found.column, found.rule) == ("agent", "to names a value that is also in from")

    made = campaign(columns={"to": "phone", "timeLimit": "secs"})
    made = made.model_copy(update={"call": {"from": AGENT, "timeLimtAlert": "60"}})
    found = RowReader(made).read(Row(7, {"phone": ONE, "secs": "30"}))
    assert (found.column, found.reason) == ("", "timeLimtAlert")
    assert str(found).startswith("line 7: timeLimtAlert each must be less than timeLimit")


def test_rules_are_counted_without_values():
    """A million typing errors are a few rules."""
    kinds = {read({"phone": text}).kind for text in ("98765XXXXX", '9"8 "X', "x" * 90)}
    assert kinds == {"to: holds letters; write ten digits"}

    columns = {"to": "phone", "timeLimit": "secs"}
    kinds = {read({"phone": ONE, "secs": text}, columns=columns).kind for text in ("0", "99999")}
    assert kinds == {"timeLimit: must be 1 to 86400 seconds"}

    zoned = reader(zone_from="column", zone_column="tz")
    kinds = {zoned.read(Row(1, {"phone": ONE, "tz": text})).kind for text in ("IST", "PST8")}
    assert kinds == {
        "zone: time zone is not in the IANA database: write a name such as Asia/Kolkata"
    }


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("America/New_York+America/Chicago", "America/Chicago+America/New_York"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("", "is missing"),
        ("Mars/Olympus", "not in the IANA database"),
        ("Europe/Paris,Europe/Rome,Europe/Oslo,Asia/Tokyo,Asia/Dubai", "may be in 5 time zones"),
    ],
)
def test_a_zone_may_come_from_a_column(text, outcome):
    """What names none to four zones refuses the row, for the reason `zone`."""
    found = read({"phone": ONE, "tz": text}, zone_from="column", zone_column="tz")

    if isinstance(found, Rejected):
        assert (found.reason, found.column, found.value) == ("zone", "tz", text)
        assert outcome in found.rule
    else:
        assert found.zones == outcome


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("9000000001", "Asia/Kolkata"),
        ("+447400000001", "Europe/London"),
        ("+79161234567", "may be in"),
    ],
)
def test_a_zone_may_come_from_the_number(number, outcome):
    """One that does not tell its time of day refuses the row."""
    found = read({"phone": number}, zone_from="number")

    if isinstance(found, Rejected):
        assert (found.reason, found.column, found.value) == ("zone", "phone", number)
        assert outcome in found.rule
    else:
        assert outcome in found.zones.split("+")


def test_agents_alone_have_no_number_to_tell_a_zone_from():
    """Two agents are a contact without a number; its zone must come from elsewhere."""
    agents = {"call": {"fromType": "Agent", "toType": "Agent", "from": "1"}}

    assert read({"phone": "2"}, **agents) == Contact(7, ("2",), "", ())
    assert read({"phone": "2"}, zone_from="number", **agents).reason == "zone"


def test_the_customer_is_a_person():
    """A campaign that would protect an agent, and ring a person at any hour, takes no row."""
    found = read({"agent": "12"}, call={"from": ONE, "toType": "Agent"}, columns={"to": "agent"})

    assert (found.reason, found.column) == ("customer", "agent")
    assert "is no phone number here; say from" in found.rule


def test_an_undocumented_parameter_needs_leave():
    """The account's list is asked for each row, in whatever way the value came."""
    with_leave = campaign(["reqId"], columns={"to": "phone", "reqId": "ref"})

    found = RowReader(with_leave, allowed_extra=()).read(Row(1, {"phone": ONE, "ref": "1"}))
    assert (found.column, found.reason) == ("ref", "reqId")
    assert "is undocumented" in found.rule


def test_every_kind_of_caller_id_is_checked():
    """A row that goes with the pool's digits must go with its AGENT_CLI as well."""
    changes = {
        "call": {"from": "12"},
        "columns": {"to": "phone", "fromType": "kind"},
        "caller_ids": ("1401234567", "AGENT_CLI"),
    }
    made = campaign(["AGENT_CLI"], call={"from": "12", "fromType": "Agent"}, columns={"to": "p"})
    made = made.model_copy(update=changes)

    rows = RowReader(made, allowed_extra=["AGENT_CLI"])
    assert isinstance(rows.read(Row(1, {"phone": ONE, "kind": "Agent"})), Contact)
    made = made.model_copy(update={"call": {"from": AGENT}})
    found = RowReader(made, allowed_extra=["AGENT_CLI"]).read(
        Row(2, {"phone": ONE, "kind": "Number"})
    )
    assert found.reason == "fromCLI"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"call": {}, "columns": {"from": "a", "to": "phone"}, "customer": "both"},
        {"call": {}, "columns": {"from": "a", "to": "phone", "fromType": "b"}},
        {"columns": {"to": "phone", "toType": "b"}, "customer": "from"},
        {"columns": {"to": "phone", "toStrategy": "b"}, "zone_from": "number"},
        {"call": {"from": "12", "fromType": "agent"}},
        {"call": {"fromType": "agent"}, "columns": {"from": "a", "to": "phone"}},
    ],
)
@settings(max_examples=40)
@given(data=st.data())
def test_shapes_change_nothing(fields, data):
    """A row behind others gets exactly what it would get alone, where all rules are asked."""
    kinds = st.sampled_from(["", "Number", "agent", "TO_ALL"])
    rows = data.draw(
        st.lists(st.fixed_dictionaries({"phone": cells, "a": cells, "b": kinds}), max_size=8)
    )
    made = campaign(**fields)
    together = RowReader(made)

    for row in rows:
        found = together.read(Row(1, row))
        assert found == RowReader(made).read(Row(1, row))
        try:
            call = made.template.call(
                {name: row[column] for name, column in made.columns.items()}, row=1
            )
        except InvalidCall:
            assert isinstance(found, Rejected)
        else:
            assert found.reason == "customer" if isinstance(found, Rejected) else True
            if isinstance(found, Contact):
                sides = [side for side in ("from", "to") if side in made.columns]
                ours = [side for side in sides if made.customer in (side, "both")]
                assert found.numbers == sum(map(call.protected, ours), ())


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("toStrategy", (f"{ONE},{OTHER}", "TO_ALL"), (ONE, "TO_ALL")),
        ("toType", (ONE[3:], "Agent"), (f"0{ONE[3:]}", "Agent")),
        ("toType", ("12", "Agent"), (ONE, "Agent")),
    ],
)
def test_one_number_is_not_like_two_nor_like_an_agent(column, first, second):
    """A valid row says nothing of one that only looks like it."""
    changes = {"columns": {"to": "phone", column: "kind"}, "customer": "both"}
    one, other = ({"phone": phone, "kind": kind} for phone, kind in (first, second))
    rows = reader(**changes)

    assert isinstance(rows.read(Row(1, one)), Contact)
    assert rows.read(Row(7, other)) == read(other, **changes)


def test_a_report_is_a_table_of_what_was_not_taken(tmp_path):
    """Each refusal is one line with its kind and whole value; others may not read the file."""
    path = tmp_path / "report.csv"
    entries = [
        Rejected(7, "phone", "holds letters", "to", "98XX", (("secs", "must be 1"), ("", "odd"))),
        Rejected(9, "phone", "is there", "duplicate", ONE),
        Rejected(3, "", "is not UTF-8"),
    ]
    with ReportFile(path) as report:
        for entry in entries:
            report(entry)
        assert not path.exists()

    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            list(COLUMNS),
            ["7", "rejected", "to", "phone", "98XX", "holds letters; and secs: must be 1; and odd"],
            ["9", "duplicate", "duplicate", "phone", f"'{ONE}", "is there"],
            ["3", "rejected", "row", "", "", "is not UTF-8"],
        ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+1+cmd()", "'+1+cmd()"),
        ("-2+3+x", "'-2+3+x"),
        ("+91 90000-00001", "'+91 90000-00001"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_report_calculates_nothing(tmp_path, value, written):
    """What somebody put into a list does nothing in the spreadsheet that shows the report."""
    path = tmp_path / "report.csv"
    with ReportFile(path) as report:
        report(Rejected(1, "phone", "rule", "to", value))

    with path.open(newline="", encoding="utf-8") as file:
        assert [row["value"] for row in csv.DictReader(file)] == [written]


def test_a_report_of_half_an_import_does_not_look_whole(tmp_path):
    """An error leaves the report that was there before, and no draft."""
    path = tmp_path / "report.csv"
    path.write_text("before")

    with pytest.raises(ZeroDivisionError), ReportFile(path) as report:
        report(Rejected(1 // 0, "", "rule"))

    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
