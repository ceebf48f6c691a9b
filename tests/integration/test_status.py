"""What `dialer status` shows of campaigns; the rest of it is in test_cli_operations.py."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from clikit import attempt
from clikit import create as define
from clikit import ended as put_ended

from dialer.bootstrap.dialer import user_at
from dialer.diagnosis import status as overview
from dialer.domain.account.limits import Limits
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.outcome import Placed
from dialer.settings import Settings

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
    """Name, state, counts; not those that were cancelled or never started."""
    shown = [line.strip() for line in cli("status").out.splitlines()]
    assert [line for line in shown if line.startswith("campaign")] == [
        "campaign      one: running; 1 to go, 0 placed",
        f"campaign      two: paused by {user_at('cli')}: lunch; 2 to go, 0 placed",
    ]
    record = cli("status", "--json").record
    assert record["campaigns_not_shown"] == 0
    assert record["campaigns"][1] == {
        "name": "two",
        "account": "default",
        "state": "paused",
        "standing": "paused",
        "held_by": [],
        "contacts": 2,
        "to_go": 2,
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


def shown_of(cli, name: str) -> str:
    """Return what `dialer status` says of one campaign, on one line."""
    words = " ".join(cli("status").out.split())
    return words.partition(f"campaign {name}: ")[2]


def test_status_says_that_a_campaign_is_finished_or_has_ended(cli):
    """Whoever reads it does not wait for calls that will never come."""
    start(cli, "one", 1)
    attempt(cli, Placed("call-1"))
    put_ended(cli, "late", started=True)
    assert shown_of(cli, "one").startswith("finished; 1 placed")
    assert shown_of(cli, "late").startswith("ended; 3 never rung, 0 placed")
    record = cli("status", "--json").record
    assert [one["standing"] for one in record["campaigns"]] == ["finished", "ended"]
    assert record["campaigns"][0]["state"] == "running"


def test_status_says_who_holds_a_campaign(cli):
    """Its own hold stops it, and so do its account's and one on everything; another's does not."""
    start(cli, "one", 1)
    define(cli, "other")
    cli("hold", "set", "--campaign", "other", "--reason", "x")
    assert shown_of(cli, "one").startswith("running; 1 to go")
    cli("hold", "set", "--campaign", "one", "--reason", "x", "--owner", "asha")
    cli("hold", "set", "--account", "default", "--reason", "x")
    assert shown_of(cli, "one").startswith("running, held by operator, asha; 1 to go")
    assert cli("status", "--json").record["campaigns"][0]["held_by"] == ["operator", "asha"]
    assert "one: running, held" in cli("campaign", "show", "one").out


def test_status_shows_what_is_over_behind_what_goes_on(cli, monkeypatch):
    """Where there is no room for all, those that ring are shown though others are older."""
    put_ended(cli, "late", started=True)
    start(cli, "one", 1)
    monkeypatch.setattr(overview, "MOST_CAMPAIGNS", 1)
    shown = " ".join(cli("status").out.split())
    assert "campaign one: running" in shown
    assert "late" not in shown


def test_a_pool_is_named_as_people_do(cli):
    """The raw name is for programs, and for the command that releases the hold."""
    cli("hold", "set", "--pool", "default/agent:13,12", "--reason", "lunch")
    listed, shown = cli("hold", "list"), " ".join(cli("status").out.split())
    for agent in ("12", "13"):
        assert f"hold agent {agent} of account default by operator" in shown
        assert f"agent {agent} of account default" in listed.out
        assert f"dialer hold release --pool default/agent:{agent} --owner operator" in listed.out
    assert "stops every call that rings them" in listed.out
    scopes = {record["scope"] for record in cli("hold", "list", "--json").records}
    assert scopes == {"pool:default/agent:12", "pool:default/agent:13"}
    assert cli("hold", "release", "--pool", "default/agent:13,12").status == 0
    assert cli.store.holds.all() == []


@pytest.fixture
def full(cli) -> Iterator[str]:
    """The id of a call that waits in a store that has no room left."""
    job_id, client = cli.job(), cli.store.server.client
    client.config_set("maxmemory", client.info("memory")["used_memory"] * 10 // 17)
    yield str(job_id)
    client.config_set("maxmemory", 0)


def test_status_of_a_full_store_begins_with_that(cli, full):
    """Workers cannot announce themselves there: nothing is said of them, or that one be started."""
    shown = cli("status").out
    first, step, *_ = shown.splitlines()
    assert re.fullmatch(r"the store is full \(1[67]\d%\): no call is taken or begun", first)
    assert step == "→ make room or raise maxmemory (ops/runbook.md, Redis is full)"
    assert "alive" not in shown
    assert "in its way: the store is full" in " ".join(shown.split())
    assert 1.6 < cli("status", "--json").record["store_fullness"] < 1.8


def test_whoever_asks_about_a_full_store_is_not_sent_to_start_a_worker(cli, full):
    """The doctor fails for want of room; it and `explain` are silent on workers."""
    ran = cli("doctor")
    assert ran.status == 1
    assert "FAIL  memory: the store is full (1" in ran.out
    assert "workers:" not in ran.out
    reasons = [one["reason"] for one in cli("explain", full, "--json").record["reasons"]]
    assert (reasons[0], "workers" in reasons) == ("memory", False)


def test_status_and_doctor_say_who_cannot_reach_what(cli):
    """Which account, from where, since when and why; it is not taken for a worker apart."""
    now = cli.store.server.time()
    since = int(now.timestamp() - 60) * 1_000_000
    cli.store.doorbells.plan(
        "default",
        Limits(1, 1, 1, 0, timedelta(minutes=5)),
        (),
        PacerRules(timedelta(seconds=1), timedelta(), timedelta(seconds=2)),
        worker="w1",
        record={
            "host": "alpha",
            "pid": 1,
            "settings": Settings.load().fingerprint(),
            "unreachable": {"default": {"since_us": since, "why": "connection refused"}},
        },
        capacity=0,
    )
    shown = " ".join(cli("status").out.split())
    assert "unreachable account default, from alpha since " in shown
    assert "connection refused → dialer doctor --probe, there" in shown
    assert "settings are not those" not in shown
    (worker,) = cli("status", "--json").record["workers"]
    assert worker["unreachable"]["default"]["why"] == "connection refused"
    found = " ".join(cli("doctor").out.split())
    assert "w1 cannot reach account default since" in found
