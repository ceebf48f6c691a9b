"""Lanes, ids and scopes: read as they are written."""

import pytest

from dialer.domain.holds.scope import Scope, scopes_of
from dialer.domain.job.ids import ContactJobId, attempt_id, campaign_of
from dialer.domain.job.lane import Lane

LANES = {
    "default/-/-/": Lane("default"),
    "default/-/-/agent:7/web=na/call=na": Lane("default", pool="agent:7/web=na/call=na"),
    "a/diwali/12/group:5/web=yes/call=na": Lane("a", "diwali", "12", "group:5/web=yes/call=na"),
}


@pytest.mark.parametrize("text", LANES)
def test_a_lane_is_read_as_it_is_written(text):
    """The pool is all that is left, whatever it holds."""
    assert Lane.parse(text) == LANES[text]
    assert str(LANES[text]) == text


@pytest.mark.parametrize("text", ["", "default", "default/diwali/0"])
def test_what_is_no_lane_is_refused(text):
    """Damage is no lane of somebody's."""
    with pytest.raises(ValueError, match="names no lane"):
        Lane.parse(text)


def test_a_contacts_job_is_named_by_its_row():
    """The turn may be left out; an id of any other job is none of these."""
    assert str(ContactJobId("diwali", 52)) == "diwali:52:1"
    assert ContactJobId.parse("diwali:52:1") == ContactJobId.parse("diwali:52") == ("diwali", 52, 1)
    assert ContactJobId.parse("diwali:52:3") == ("diwali", 52, 3)
    for other in ("a" * 26, "diwali:", "diwali:x:1", "Diwali:1:1", "diwali:1:1:1", "9000000001"):
        assert ContactJobId.parse(other) is None


def test_a_job_names_its_campaign():
    """A direct call has none."""
    assert campaign_of("diwali:52:1") == "diwali"
    assert campaign_of("a" * 26) == ""
    assert attempt_id("diwali:52:1", 2) == "diwali:52:1.2"


SCOPES = {
    "all": Scope("all"),
    "account:default": Scope("account", "default"),
    "campaign:diwali": Scope("campaign", "diwali"),
    "pool:default/agent:12": Scope("pool", "default", "agent:12"),
    "pool:default/agent:7/web=na/call=na": Scope("pool", "default", "agent:7/web=na/call=na"),
}


@pytest.mark.parametrize("text", SCOPES)
def test_a_scope_is_read_as_it_is_written(text):
    """Kind, name, and of a pool whom it means."""
    assert Scope.parse(text) == SCOPES[text]
    assert str(SCOPES[text]) == text


def test_each_agent_of_a_pool_is_held_by_itself():
    """Every other scope is one."""
    held = scopes_of("pool:default/agent:12,13/web=yes/call=na")
    assert held == ["pool:default/agent:12", "pool:default/agent:13"]
    assert scopes_of("account:default") == ["account:default"]
