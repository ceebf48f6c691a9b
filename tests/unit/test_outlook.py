"""What a forecast starts from, as far as it follows from a definition and a progress."""

from datetime import UTC, datetime, timedelta

import pytest
from campaignkit import campaign

from dialer.campaign import CampaignState
from dialer.forecast import History, HourCounts
from dialer.job import State
from dialer.limits import Limits
from dialer.outlook import _backoffs, _max_live, _running, agents_in, call_length
from dialer.retry import Backoff
from dialer.store.progress import Progress

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SINCE = NOW.replace(hour=8, minute=15)


def progress(changed: datetime, state: CampaignState = CampaignState.RUNNING) -> Progress:
    return Progress(
        name="diwali",
        state=state,
        account="default",
        rows=10,
        fed=0,
        counts=dict.fromkeys(State, 0),
        skipped={},
        created=SINCE,
        changed=changed,
        changed_by="asha",
        reason="",
        ends=NOW + 24 * HOUR,
    )


def history(*hours: int) -> History:
    return History([HourCounts(NOW.replace(hour=h, minute=0), 5, 5) for h in hours], SINCE)


@pytest.mark.parametrize(
    ("state", "changed", "hours", "expected"),
    [
        # Started once: it ran all the time, quiet hours too.
        ("running", SINCE, (8, 12), [(SINCE, NOW)]),
        # Changed while it rang: no pause.
        ("running", NOW.replace(minute=10), (8, 11, 12), [(SINCE, NOW)]),
        # Nothing between nine and eleven, and a change at its end: that was a pause.
        (
            "running",
            NOW.replace(hour=11, minute=0),
            (8, 11, 12),
            [(SINCE, NOW.replace(hour=9, minute=0)), (NOW.replace(hour=11, minute=0), NOW)],
        ),
        # Paused now: from the last hour in which it rang nothing counts.
        ("paused", NOW.replace(minute=10), (8, 9), [(SINCE, NOW.replace(hour=10, minute=0))]),
        ("paused", NOW.replace(hour=9, minute=30), (8, 9), [(SINCE, NOW.replace(hour=9))]),
    ],
)
def test_pauses_are_no_open_time(state, changed, hours, expected):
    """The quiet hours before the last change are taken for a pause, others are not."""
    assert _running(progress(changed, CampaignState(state)), history(*hours), NOW) == expected


def test_before_the_first_hour_nothing_ran():
    """Without a history no time of the past counts."""
    assert _running(progress(SINCE), History(), NOW) == []


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
