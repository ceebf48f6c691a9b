"""What a forecast starts from, as far as it follows from a definition and a progress."""

from datetime import UTC, datetime, timedelta

import pytest
from campaignkit import campaign

from dialer.limits import Limits
from dialer.outlook import _backoffs, _max_live, _running, agents_in, call_length
from dialer.retry import Backoff
from dialer.store.progress import Step

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
    ("call", "columns", "agents", "live"),
    [
        ({"from": "12,13", "fromType": "Agent"}, {"to": "phone"}, 2, 2),
        ({"from": "9000000001,9000000002"}, {"to": "phone"}, 2, 2),
        ({"from": "7", "fromType": "Group"}, {"to": "phone"}, 1, 0),
        ({"fromType": "Agent"}, {"from": "agent", "to": "phone"}, 0, 0),
    ],
)
def test_agents_bound_the_live_calls(call, columns, agents, live):
    """Fixed agents and numbers have one call each; a group's or a row's are not known."""
    made = campaign("diwali", NOW, call=call, columns=columns)
    assert agents_in(made) == agents
    assert _max_live(made, Limits(1, 1, 1, 0, 5 * MINUTE)) == live
    assert _max_live(made, Limits(1, 1, 1, 1, 5 * MINUTE)) == 1


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
