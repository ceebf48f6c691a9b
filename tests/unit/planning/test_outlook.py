"""What a forecast starts from, as far as it follows from a definition and a progress."""

from datetime import UTC, datetime, timedelta

import pytest
from campaignkit import campaign

from dialer.domain.account.limits import Limits
from dialer.domain.campaign.agents import whom_in
from dialer.domain.campaign.bounds import Bounds
from dialer.domain.campaign.progress import Step
from dialer.domain.job.backoff import Backoff
from dialer.planning.forecast_inputs import _backoffs, _running, agents_in, call_length
from dialer.planning.workload import Workload

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SINCE = NOW.replace(hour=8, minute=15)


def steps(*said: str) -> list[Step]:
    """Write decisions as "verb minutes", counted from SINCE."""
    parts = (one.split() for one in said)
    return [Step(SINCE + timedelta(minutes=int(at)), verb, "asha", "") for verb, at in parts]


def minutes(*spans: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    """Write windows in minutes from SINCE."""
    return [(SINCE + timedelta(minutes=a), SINCE + timedelta(minutes=b)) for a, b in spans]


LATEST = (NOW - SINCE) // timedelta(minutes=1)
RAN = [
    ([], []),
    (["start 0"], [(0, LATEST)]),
    (["start 5", "pause 20"], [(5, 20)]),
    (["start 5", "pause 20", "resume 30"], [(5, 20), (30, LATEST)]),
    (["start 5", "pause 20", "resume 30", "cancel 40"], [(5, 20), (30, 40)]),
    # What was before the first of the hundred decisions that are kept is not known.
    (["pause 20", "resume 30"], [(30, LATEST)]),
]


@pytest.mark.parametrize(("said", "expected"), RAN)
def test_pauses_are_no_open_time(said, expected):
    """The hours of the past count while the campaign ran, and at no other time."""
    assert _running(steps(*said), NOW) == minutes(*expected)


@pytest.mark.parametrize(
    ("call", "per_agent", "agents", "live"),
    [
        ({"from": "12,13", "fromType": "Agent"}, None, 2, 2),
        ({"from": "12, 13", "fromType": "agent"}, 3, 2, 6),
        ({"from": "9000000001,9000000002"}, None, 2, 2),
        ({"from": "7", "fromType": "Group"}, None, 1, 0),
        ({"from": "7", "fromType": "group"}, None, 1, 0),
        ({"from": "7", "fromType": "Group"}, 2, 1, 2),
    ],
)
def test_agents_bound_the_live_calls(call, per_agent, agents, live):
    """Fixed agents and numbers have one call each; how many a group has is not known."""
    made = campaign("diwali", NOW, call=call, columns={"to": "phone"}, live_per_agent=per_agent)
    work = Workload.spread(made, {whom_in(made)(()): 1})
    assert agents_in(made) == work.agents == agents
    assert Bounds.of(Limits(1, 1, 1, 0, 5 * MINUTE), None, 0, work.places).most == live
    assert Bounds.of(Limits(1, 1, 1, 1, 5 * MINUTE), None, 0, work.places).most == 1


@pytest.mark.parametrize(
    ("rows", "agents", "places"),
    [
        ({("7", "Agent"): 10, ("8", "Agent"): 10}, 2, 2),
        # The busiest is done last: a hundred of his calls, and ten beside them.
        ({("7", "Agent"): 100, ("8", "Agent"): 10}, 2, 1.1),
        ({("7,8", "Agent"): 10, ("8 ,7", "agent"): 10}, 2, 2),
        ({("9000000001", "Number"): 5, ("+91 90000 00001", "number"): 5}, 1, 1),
        ({("7", "Agent"): 10, ("7", "Group"): 10}, 2, 2),
        ({("7", "Group"): 10}, 1, 0),
    ],
)
def test_rows_that_name_their_agents_share_them(rows, agents, places):
    """However they are written, the same are the same, and the busiest bounds the pace."""
    made = campaign("diwali", NOW, call={}, columns={"from": "a", "fromType": "b", "to": "c"})
    assert agents_in(made) == 0
    assert Workload.spread(made, rows) == Workload(agents, pytest.approx(places))


def test_a_row_says_whom_it_rings_first_or_leaves_it_to_the_call():
    """An empty cell is as if there was no such column."""
    made = campaign("diwali", NOW, call={"from": "7"}, columns={"fromType": "kind", "to": "c"})
    assert whom_in(made)(["Agent", "9000000001"]) == ("7", "Agent")
    assert whom_in(made)(["", "9000000001"]) == ("7", "Number")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 50 + 300),
        ({"timeLimit": 60}, 50 + 60),
        # Nothing ends this talk.
        ({"timeLimit": 60, "timeLimitHangup": "false"}, 50 + 300),
        ({"toRetryCount": 1}, 75 + 300),
    ],
)
def test_call_counts_for_its_rings_and_its_longest_talk(more, expected):
    """As `begin` counts it: both legs with their retries, then the talk that is allowed."""
    made = campaign("diwali", NOW, call={"from": "12", "fromType": "Agent", **more})
    assert call_length(made, 5 * MINUTE) == timedelta(seconds=expected)


def test_own_delay_replaces_that_backoff_alone():
    """A delay of the campaign is waited in the mean, others stay as they are."""
    usual = {name: Backoff(MINUTE, 2, HOUR) for name in ("provider", "agent")}
    found = _backoffs(campaign("diwali", NOW, delays={"agent": "10m"}), usual)
    assert found["provider"] == usual["provider"]
    assert found["agent"].first * 0.75 == 10 * MINUTE * 1.05
