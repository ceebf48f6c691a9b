"""Accounts that were taken out of the settings while jobs of theirs wait."""

from datetime import UTC, datetime, timedelta

import pytest
from storekit import LIMITS, PLACED, SECOND, Clockwork

from dialer.bootstrap.worker import worker_parts
from dialer.domain.doorbell import PacerRules
from dialer.domain.holds.scope import EVERYTHING, account_scope
from dialer.maintenance.account_check import AccountCheck
from dialer.maintenance.upkeep import Upkeep
from dialer.settings import Settings
from dialer.store import Store
from dialer.store import account_index as census

GONE = {"account": "gone", "lane": "gone/-/-/"}
SCOPE = account_scope("gone")
PACER = PacerRules(SECOND, SECOND / 10, SECOND)


def look(clockwork: Clockwork, *accounts: str, fingerprint: str = "here") -> list[str]:
    """Look with these accounts in the settings; return the owners that hold the other one."""
    AccountCheck(clockwork.store, frozenset(accounts), fingerprint).look()
    return [hold.owner for hold in clockwork.store.holds.all() if hold.scope == SCOPE]


def announce(store: Store, fingerprint: str) -> None:
    """Let a worker with these settings be alive."""
    store.doorbells.plan(
        "default", LIMITS, "", PACER, worker="w", record={"settings": fingerprint}, capacity=1
    )


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(days=1)])
def test_waiting_jobs_of_an_account_without_settings_are_held(clockwork: Clockwork, wait):
    """Ready or scheduled, it is shown under a hold that says what to do."""
    clockwork.enqueue(not_before=clockwork.now + wait if wait else None, **GONE)

    assert look(clockwork, "default") == ["missing"]
    reason = clockwork.store.holds.all()[0].reason
    assert "account missing" in reason
    assert "write [accounts.gone] back into dialer.toml, or cancel its jobs" in reason


def test_second_look_changes_nothing(clockwork: Clockwork):
    """The hold keeps the time at which it was set."""
    clockwork.enqueue(**GONE)
    look(clockwork, "default")
    before = clockwork.store.holds.all()
    clockwork.forward(SECOND)

    assert look(clockwork, "default") == ["missing"]
    assert clockwork.store.holds.all() == before


def test_account_that_is_back_goes_on(clockwork: Clockwork):
    """Exactly the hold of owner missing is released; a person's stays."""
    clockwork.enqueue(**GONE)
    clockwork.store.holds.set(SCOPE, owner="operator", who="me", reason="r")
    clockwork.store.holds.set(EVERYTHING, owner="operator", who="me", reason="r")
    assert look(clockwork, "default") == ["missing", "operator"]

    assert look(clockwork, "default", "gone") == ["operator"]
    assert len(clockwork.store.holds.all()) == 2


def test_account_without_waiting_jobs_is_not_held(clockwork: Clockwork):
    """What was cancelled or dialled needs no settings any more."""
    job_id = clockwork.enqueue(**GONE)
    assert look(clockwork, "default") == ["missing"]
    clockwork.store.operator.cancel([job_id], who="me", reason="r")
    assert look(clockwork, "default") == []

    clockwork.enqueue(**GONE)
    clockwork.settle(clockwork.begun(account="gone"), PLACED)
    assert look(clockwork, "default") == []


def test_running_campaign_of_an_account_without_settings_is_held(clockwork: Clockwork):
    """Also when nobody could feed it yet; one that is paused waits for a person anyway."""
    server = clockwork.store.server
    server.client.hset(server.keys.camp("c"), mapping={"account": "gone", "state": "running"})
    server.client.zadd(server.keys.feeding, {"c": 0})
    assert look(clockwork, "default") == ["missing"]

    server.client.hset(server.keys.camp("c"), "state", "paused")
    assert look(clockwork, "default") == []


def test_workers_with_different_settings_do_not_quarrel(real_store: Store):
    """While a live worker has other settings, which may name the account, nothing is held."""
    clockwork = Clockwork(real_store, now=datetime.now(UTC))
    clockwork.enqueue(**GONE)
    announce(real_store, "elsewhere")
    assert look(clockwork, "default") == []

    announce(real_store, "here")
    assert look(clockwork, "default") == ["missing"]


def test_hold_stays_while_nobody_can_tell(clockwork: Clockwork, monkeypatch):
    """With more scheduled jobs than are looked at, a hold that stands is left alone."""
    later = clockwork.now + timedelta(days=1)
    job_id = clockwork.enqueue(not_before=later, **GONE)
    assert look(clockwork, "default") == ["missing"]
    clockwork.store.operator.cancel([job_id], who="me", reason="r")
    clockwork.enqueue(not_before=later)
    monkeypatch.setattr(census, "_BOUND", 1)

    assert look(clockwork, "default") == ["missing"]
    monkeypatch.undo()
    assert look(clockwork, "default") == []


def test_upkeep_looks_at_each_tick(clockwork: Clockwork):
    """Also at a tick that another one has forestalled: its machine may know more."""
    looked: list[str] = []
    upkeep = Upkeep(clockwork.store, period=SECOND, first=[lambda: looked.append("looked")])

    assert not upkeep.tick().startswith("skipped")
    assert upkeep.tick().startswith("skipped")
    assert looked == ["looked", "looked"]


def test_missing_account_is_shown_wherever_one_looks(cli, monkeypatch):
    """A worker's tick holds it; status, the list of holds and explain name it, with the way out."""
    job_id = cli.job("9100000001", "--account", "shut")
    for setting in ("USER_ID", "TOKEN", "BASE_URL", "CALLING_HOURS", "TIME_ZONE"):
        monkeypatch.delenv(f"DIALER_ACCOUNTS__SHUT__{setting}")
    parts = worker_parts(Settings.load())
    parts.upkeep.tick()
    parts.store.server.close()

    step = "write [accounts.shut] back and restart the workers, or cancel its jobs"
    for command in (("status",), ("hold", "list"), ("explain", job_id)):
        out = " ".join(cli(*command).out.split())
        assert "account missing: jobs of shut wait" in out, out
        assert step in out, out
