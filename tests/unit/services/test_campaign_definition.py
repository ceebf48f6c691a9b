"""How a definition is put together, and that all that is wrong with it is said at once."""

import io
from datetime import UTC, datetime

import pytest

from dialer.errors import CampaignFixed, InvalidCampaign
from dialer.lists import ListError, Table
from dialer.services.campaigns.definition import merged, read, refuse_what_is_fixed
from dialer.services.campaigns.source import opened
from dialer.settings import Settings

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SETTINGS = Settings.parse(
    {
        "accounts": {
            "default": {"user_id": "1", "time_zone": "Asia/Kolkata", "customer": "from"},
            "other": {"user_id": "2", "time_zone": "Europe/London", "extra_params": ["reqId"]},
        }
    }
)
FIELDS = {
    "name": "diwali",
    "call": {"from": "21", "fromType": "Group"},
    "columns": {"to": "phone"},
}


def problems(**fields: object) -> list[tuple[str, str]]:
    """What is wrong with a definition that says this beside the usual."""
    with pytest.raises(InvalidCampaign) as caught:
        read(merged(FIELDS, fields), SETTINGS, NOW)
    return caught.value.problems


@pytest.mark.parametrize(
    ("changes", "whole", "call", "weight"),
    [
        ({"call": {"timeLimit": 60}}, (), {"from": "1", "timeLimit": 60}, 3),
        ({"call": {"from": None}}, (), {}, 3),
        ({"call": {"timeLimit": 60}}, {"call"}, {"timeLimit": 60}, 3),
        ({"weight": None}, (), {"from": "1"}, None),
        ({"weight": 5}, {"weight"}, {"from": "1"}, 5),
    ],
)
def test_tables_are_merged_by_name_and_other_fields_replaced(changes, whole, call, weight):
    """None takes a field, or one name of a table, back; a whole table takes the other's place."""
    fields = merged({"call": {"from": "1"}, "weight": 3}, changes, whole)
    assert (fields["call"], fields["weight"]) == (call, weight)


def test_the_account_says_what_is_left_out():
    """Zone, protected side and further parameters are those of the account that is named."""
    made = read(FIELDS, SETTINGS, NOW)
    assert (made.time_zone, made.customer) == ("Asia/Kolkata", "from")
    call = {**FIELDS["call"], "reqId": "7"}
    other = read({**FIELDS, "account": "other", "call": call}, SETTINGS, NOW)
    assert (other.time_zone, other.call["reqId"]) == ("Europe/London", "7")


def test_what_is_wrong_hides_nothing_else():
    """A field, a parameter and a column that are wrong are named together, each in its place."""
    found = dict(problems(weight=0, call={"timeLimit": "long"}, columns={"tot": "x"}, account="a"))
    assert list(found) == ["account", "weight", "columns.tot", "call.timeLimit"]


def test_a_side_is_missed_only_where_nothing_was_unreadable():
    """Nobody knows what is missing while a parameter could not be read."""
    (problem,) = problems(columns={"to": None})
    assert problem == ("to", "is missing: write its value, or name the column that holds it")
    fields = merged(FIELDS, {"columns": {"to": None}})
    with pytest.raises(InvalidCampaign) as caught:
        read(fields, SETTINGS, NOW, [("columns", '"to" is not PARAM=COLUMN')])
    assert caught.value.problems == [("columns", '"to" is not PARAM=COLUMN')]


def test_what_could_not_be_read_refuses_a_definition_that_is_right_without_it():
    """A value that is left out of the fields is no reason to do without it."""
    with pytest.raises(InvalidCampaign) as caught:
        read(FIELDS, SETTINGS, NOW, [("starts", '"soon" is no time')])
    assert caught.value.problems == [("starts", '"soon" is no time')]


@pytest.mark.parametrize(
    ("changes", "fixed"),
    [
        ({"weight": 2, "call": {"timeLimit": 60}}, []),
        ({"columns": {"metadata": None, "to": "mobile"}}, ["columns"]),
        ({"call": {"fromType": "Agent"}, "customer": "to"}, ["customer", "call.fromType"]),
    ],
)
def test_what_contacts_were_read_by_is_fixed(changes, fixed):
    """With an empty list everything may change."""
    before = read(FIELDS, SETTINGS, NOW)
    after = read(merged(before.model_dump(), changes), SETTINGS, NOW)
    refuse_what_is_fixed(before, after, 0)
    if not fixed:
        refuse_what_is_fixed(before, after, 1)
        return
    with pytest.raises(CampaignFixed, match="1 contact was read by it") as caught:
        refuse_what_is_fixed(before, after, 1)
    assert [path for path, _ in caught.value.problems] == fixed


def test_a_list_is_a_file_a_stream_or_rows(tmp_path):
    """Each is read as the same table; rows are taken some at a time."""
    path = tmp_path / "list.csv"
    path.write_text("phone\n9000000001\n")
    rows = ({"phone": f"90000{nth:05d}"} for nth in range(2000))
    for source, count in ((path, 1), (io.BytesIO(path.read_bytes()), 1), (rows, 2000)):
        with opened(source) as stream:
            assert len(list(Table(stream, ["phone"]))) == count
    with pytest.raises(ListError, match="cannot be read: No such file"), opened(tmp_path / "gone"):
        pass
