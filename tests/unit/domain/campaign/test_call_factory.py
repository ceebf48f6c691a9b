"""One call stands for those that differ in a plain number alone."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.domain.call.agents import pool_of
from dialer.domain.campaign.call_factory import CallFactory, Profile
from dialer.domain.campaign.campaign import Campaign
from dialer.errors import InvalidCall

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NUMBERS = ("9000000001", "+91 90000 00002", "9000000003,9000000004", "9000000005", "7")
CAMPAIGNS = [
    {"call": {"from": "7", "fromType": "Group"}, "columns": {"to": "m"}},
    {"call": {"from": "9000000005"}, "columns": {"to": "m", "toRetryCount": "r"}},
    {"call": {"from": "7,8", "fromType": "Agent", "timeLimit": 60}, "columns": {"to": "m"}},
    {"call": {"to": "7", "toType": "Agent"}, "columns": {"from": "m"}, "customer": "from"},
    {"call": {"from": "9000000009"}, "columns": {"to": "m"}, "customer": "both"},
    {"call": {"from": "9000000009"}, "columns": {"to": "m", "toType": "r"}, "customer": "from"},
    {"call": {"to": "9000000009"}, "columns": {"from": "m", "fromRingTime": "r"}},
    {
        "call": {"from": "7", "fromType": "Group", "mode": "developer", "toStrategy": "TO_ALL"},
        "columns": {"to": "m"},
        "caller_ids": ("1400000001", "1400000002", "1400000003"),
    },
    {"call": {"from": "9000000005"}, "columns": {"to": "m", "metadata.r": "r"}},
]


def campaign(fields) -> Campaign:
    return Campaign.read({"name": "x", **fields}, now=NOW, time_zone="Asia/Kolkata")


def seen(call: Profile) -> tuple:
    """All that is kept of a call."""
    parts = (call.content, call.numbers, call.rings, call.pool, call.also, call.mode, call.sides)
    return (*parts, call.ring_lead, call.longest_ring, call.talk_limit)


@pytest.mark.parametrize("fields", CAMPAIGNS)
def test_a_call_is_that_of_its_own_row(fields):
    """Whatever was seen before, everything that is kept of a call is this row's."""
    made = campaign(fields)
    calls, side = CallFactory(made), "to" if "to" in made.columns else "from"
    for row, number in enumerate(NUMBERS * 3, start=1):
        for again in ("", "3", "Agent"):
            given = dict.fromkeys(made.template.names, again) | {side: number}
            values = [given[name] for name in made.template.names]
            try:
                call = made.template.call(given, row=row)
            except InvalidCall:
                with pytest.raises(InvalidCall):
                    calls.profile(values, row)
                continue
            found = calls.profile(values, row)
            assert seen(found) == seen(Profile.of(call, made.customer))
            assert found.content == call.content()
            assert found.numbers == call.protected(made.customer)
            assert found.rings == call.rings(made.customer)
            assert found.pool == pool_of(call)


def test_nonsense_is_refused_behind_a_good_row():
    """What stands for others must not let them through."""
    calls = CallFactory(campaign(CAMPAIGNS[1]))
    calls.profile(["9000000001", ""], 1)
    for wrong in ("", "123", "abc", "9000000005"):
        with pytest.raises(InvalidCall):
            calls.profile([wrong, ""], 2)


def test_what_is_remembered_does_not_grow_with_the_list(monkeypatch):
    """A column that is different in every row costs memory for a few rows only."""
    monkeypatch.setattr("dialer.domain.campaign.call_factory._MOST", 10)
    calls = CallFactory(campaign(CAMPAIGNS[1] | {"columns": {"to": "m", "timeLimit": "secs"}}))
    for nth in range(1, 50):
        assert calls.profile([str(nth), "9000000001"], nth).talk_limit == timedelta(seconds=nth)
        assert len(calls._known) <= 10


def test_calls_that_are_alike_are_checked_once():
    """What else a call must not be is asked of the first of them, and of each that differs."""
    asked = []
    calls = CallFactory(campaign(CAMPAIGNS[1]), asked.append)
    for row, values in enumerate([("9000000001", ""), ("9000000002", ""), ("9000000003", "2")]):
        calls.profile(values, row)
    assert [call.to_retry_count for call in asked] == [0, 2]


def test_a_call_counts_for_its_rings_and_its_talk():
    """A talk that nothing ends is taken to last as long as its account says."""
    assumed = timedelta(minutes=5)
    for fields, talk in ((CAMPAIGNS[0], assumed), (CAMPAIGNS[2], timedelta(seconds=60))):
        call = CallFactory(campaign(fields)).profile(["9000000001"], 1)
        assert call.lasts(assumed) == call.longest_ring + talk


@pytest.mark.parametrize(
    ("fields", "pools"),
    [
        (CAMPAIGNS[0], ("group:7/web=na/call=na", "")),
        (CAMPAIGNS[3], (None, "agent:7/web=na/call=na")),
        (
            {"call": {"from": "7", "fromType": "Agent"}, "columns": {"to": "m", "toType": "t"}},
            ("agent:7/web=na/call=na", None),
        ),
    ],
)
def test_pools_that_all_calls_share_are_named(fields, pools):
    """Where a column says whom a side rings, there is none."""
    assert CallFactory(campaign(fields)).shared_pools() == pools
