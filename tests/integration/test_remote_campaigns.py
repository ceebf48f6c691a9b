"""`Dialer.campaigns` and its client over HTTP: what one does the other does, by the same tests."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apikit import Api

from dialer.errors import (
    CampaignChanged,
    CampaignFixed,
    CampaignNotFound,
    CampaignRefused,
    ContactNotFound,
    InvalidCampaign,
    StateConflict,
)
from dialer.lists import ListError
from dialer.remote import RemoteDialer
from dialer.remote.campaigns import RemoteCampaigns

FIELDS = {
    "call": {"from": "9000000001"},
    "columns": {"to": "phone"},
    "calling_hours": "always",
    "delays": {"agent": timedelta(minutes=5)},
    "not_same_day": ("provider",),
}


@pytest.fixture(params=["here", "remote"])
def campaigns(request: pytest.FixtureRequest, api: Api) -> Iterator[Any]:
    """Either of the two."""
    if request.param == "here":
        yield api.dialer.campaigns
        return
    with RemoteDialer(api.url, key=api.key()) as remote:
        yield remote.campaigns


@pytest.fixture
def name(campaigns: Any, request: pytest.FixtureRequest) -> str:
    """A campaign of this test's own."""
    node = request.node.name.removeprefix("test_")
    name = f"{node.partition('[')[0][:30]}_{'r' if isinstance(campaigns, RemoteCampaigns) else 'h'}"
    campaigns.define(name, FIELDS)
    return name


def test_a_definition_is_made_once(campaigns: Any, name: str) -> None:
    """An equal one is no error, another one is."""
    campaigns.define(name, FIELDS)
    with pytest.raises(CampaignRefused):
        campaigns.define(name, {**FIELDS, "weight": 3})
    with pytest.raises(CampaignNotFound):
        campaigns.progress("nowhere")


def test_rules_are_named_by_field(campaigns: Any) -> None:
    """By the names of a campaign, not those of a body."""
    wrong = {"call": {"from": "12"}, "columns": {"to": "phone"}, "calling_hours": "never"}
    with pytest.raises(InvalidCampaign) as caught:
        campaigns.define("wrong", wrong)
    assert {field for field, _ in caught.value.problems} == {"call.from", "calling_hours"}


def test_what_is_changed_is_changed_alone(campaigns: Any, name: str) -> None:
    """Tables are merged by name, or replaced; a revision that is over is refused."""
    campaigns.edit(name, {"call": {"timeLimit": 60}, "zone_from": "column", "zone_column": "city"})
    campaigns.edit(name, {"weight": 3, "zone_from": None, "zone_column": None})
    seen = campaigns.define(
        name, {**FIELDS, "call": {**FIELDS["call"], "timeLimit": 60}, "weight": 3}
    )
    campaigns.edit(name, {"call": FIELDS["call"]}, whole=("call",))
    campaigns.define(name, {**FIELDS, "weight": 3})
    revision = getattr(seen, "revision", None) or seen.progress.revision
    with pytest.raises(CampaignChanged):
        campaigns.edit(name, {"weight": 4}, revision=revision)


def test_a_list_is_handed_in_from_a_path_a_stream_or_rows(
    campaigns: Any, name: str, tmp_path: Path
) -> None:
    """Each of its contacts once; what it was read by stays, and a list of nothing is refused."""
    path = tmp_path / "list.csv"
    path.write_text("phone\n9100000001\n9100000002\n")
    lines = io.BytesIO(b'{"phone": "9100000003"}\n{"phone": "x"}\n')
    rows = ({"phone": number} for number in ("9100000001", "9100000004"))
    for source, counts in ((path, (2, 2, 0, 0)), (lines, (2, 1, 0, 1)), (rows, (2, 1, 1, 0))):
        done = campaigns.add(name, source)
        assert (done.rows, done.accepted, done.duplicates, done.rejected) == counts
    assert campaigns.progress(name).rows == campaigns.progress(name).waiting == 4
    with pytest.raises(CampaignFixed) as caught:
        campaigns.edit(name, {"columns": {"to": "mobile"}})
    assert [field for field, _ in caught.value.problems] == ["columns"]
    with pytest.raises(ListError, match="phone"):
        campaigns.add(name, io.BytesIO(b"name\nAsha\n"))


def test_it_is_steered_and_says_whether_that_changed_anything(campaigns: Any, name: str) -> None:
    """A step that cannot be is refused."""
    campaigns.add(name, [{"phone": "9100000001"}])
    steps = [("start", True), ("start", False), ("pause", True), ("cancel", True)]
    assert [campaigns.steer(verb, name, reason="r") for verb, _ in steps] == [
        changed for _, changed in steps
    ]
    with pytest.raises(CampaignRefused, match="cancelled"):
        campaigns.steer("resume", name)
    campaigns.forget(name)
    assert len(campaigns.every()) >= 1


def test_a_contact_is_moved_and_taken_out(api: Api, campaigns: Any, name: str) -> None:
    """By its row, while it was not rung."""
    one = campaigns if isinstance(campaigns, RemoteCampaigns) else api.dialer.contacts
    campaigns.add(name, [{"phone": "9100000001"}, {"phone": "9100000002"}])
    campaigns.steer("start", name)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    moved = one.move(name, 2, at, "12")
    assert (getattr(moved, "due", None) or moved.job.due) == at
    one.remove(name, 2, "asked")
    with pytest.raises(StateConflict, match="cancelled"):
        one.move(name, 2, at)
    with pytest.raises(ContactNotFound):
        one.remove(name, 3, "asked")
