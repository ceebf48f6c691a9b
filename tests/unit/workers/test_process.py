"""What a process of Celery's holds: its settings, and tokens only where calls are placed."""

import pytest

from workers import process
from workers.process import WorkerProcess


@pytest.fixture
def env(monkeypatch):
    """Variables with an account and its token."""
    monkeypatch.setenv("DIALER_REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__USER_ID", "1")
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__TOKEN", "made-up-token")


def test_only_the_parts_of_a_worker_hold_tokens(env, monkeypatch):
    """Beat and Flower import the application and read the same settings, without them."""
    given = []
    monkeypatch.setattr(process, "worker_parts", given.append)
    one = WorkerProcess()
    assert one.settings.account().token is None
    assert one.settings.account().user_id == "1"

    one.open()
    (settings,) = given
    assert settings.account().endpoint_token() == "made-up-token"
    assert settings.fingerprint() == one.settings.fingerprint()
