"""What `Dialer` hands on to the services of campaigns and operations."""

import pytest
from campaignkit import number
from clikit import create, fill

from dialer import Dialer, InvalidCall
from dialer.errors import InvalidRequest


def test_python_stops_calls_and_lets_them_go_on(cli):
    """A hold of one's own, as the command line sees it; released, it is gone."""
    dialer = Dialer.from_settings(who="asha")
    assert dialer.hold("account:default", reason="fire drill").done
    assert "held by operator" in cli("account", "list").out
    with pytest.raises(InvalidRequest):
        dialer.hold("all", reason="x", owner="breaker")
    assert dialer.release("account:default").done
    assert "held by" not in cli("account", "list").out


def test_python_puts_numbers_on_the_do_not_call_list(cli):
    """All of them or none: one that cannot be read is named before the first is written."""
    dialer = Dialer.from_settings(who="asha")
    with pytest.raises(InvalidCall, match="12"):
        dialer.suppress([number(1), "12"], reason="asked")
    assert cli("suppress", "list", "--json").records == []
    assert dialer.suppress(["9000000001", number(2)], reason="asked") == 2
    assert len(cli("suppress", "list", "--json").records) == 2


def test_python_knows_the_campaigns_of_the_command_line(cli):
    """The same definition, the same list."""
    create(cli)
    fill(cli)
    dialer = Dialer.from_settings(who="asha")
    assert dialer.campaigns.steer("start", "diwali")
    assert dialer.campaigns.look("diwali").progress.rows == 3
    assert dialer.counts("diwali")["waiting"] == 0
