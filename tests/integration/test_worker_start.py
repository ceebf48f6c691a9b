"""A worker that must not start says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.embedded import EmbeddedServer
from dialer.store.server import connect


@pytest.mark.parametrize(
    "setting", [("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes")]
)
def test_worker_refuses_a_store_that_may_forget(tmp_path: Path, setting: tuple[str, str]):
    """It ends at once, with the rule and without a traceback."""
    with EmbeddedServer(tmp_path) as server:
        connect(server.url).config_set(*setting)
        account = {"USER_ID": "1", "TOKEN": "token", "BASE_URL": "http://127.0.0.1:9/call"}
        ran = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "workers.app", "worker"],
            env={
                **os.environ,
                "DIALER_REDIS_URL": server.url,
                "DIALER_BROKER_URL": server.broker_url,
                **{f"DIALER_ACCOUNTS__DEFAULT__{name}": value for name, value in account.items()},
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ran.returncode == 1
    assert f"Redis may forget calls it has acknowledged: {setting[0]} is {setting[1]}" in ran.stderr
    assert "Traceback" not in ran.stderr
