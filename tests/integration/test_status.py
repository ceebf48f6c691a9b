"""What `dialer status` shows of campaigns; the rest of it is in test_cli_operations.py."""

import pytest

from dialer import overview

AGENTS = ("--set", "from=12,13", "--set", "fromType=Agent", "--column", "to=phone")


def start(cli, name: str, count: int) -> None:
    """Define a campaign with so many contacts, and start it."""
    rows = "".join(f"90000000{n:02d}\n" for n in range(1, count + 1))
    assert cli("campaign", "create", name, *AGENTS).status == 0
    assert cli("campaign", "import", name, "-", stdin=f"phone\n{rows}").status == 0
    assert cli("campaign", "start", name).status == 0


@pytest.fixture
def campaigns(cli) -> None:
    """One that runs, one that is paused, one that is over, one that nobody started."""
    for nth, name in enumerate(("one", "two", "three"), start=1):
        start(cli, name, nth)
    assert cli("campaign", "pause", "two", "--reason", "lunch").status == 0
    assert cli("campaign", "cancel", "three").status == 0
    assert cli("campaign", "create", "draft", *AGENTS).status == 0


def test_status_shows_the_campaigns_under_way(cli, campaigns):
    """Name, state, how many wait and were placed; not those that are over or were not started."""
    shown = [line.strip() for line in cli("status").out.splitlines()]
    assert [line for line in shown if line.startswith("campaign")] == [
        "campaign      one: running, 1 waiting, 0 placed",
        "campaign      two: paused, 2 waiting, 0 placed",
    ]
    record = cli("status", "--json").record
    assert record["campaigns_not_shown"] == 0
    assert record["campaigns"][1] == {
        "name": "two",
        "account": "default",
        "state": "paused",
        "contacts": 2,
        "waiting": 2,
        "placed": 0,
    }


def test_status_counts_the_campaigns_it_does_not_show(cli, campaigns, monkeypatch):
    """The oldest are shown, the rest is counted, and the command that lists them is named."""
    monkeypatch.setattr(overview, "MOST_CAMPAIGNS", 1)
    shown = " ".join(cli("status").out.split())
    assert "campaign one: running" in shown
    assert "and 1 more → dialer campaign list" in shown
    assert "two:" not in shown
    assert cli("status", "--json").record["campaigns_not_shown"] == 1
