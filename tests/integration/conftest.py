"""The command line in this process, against a real server."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apikit import Api, emptied, serving, settings_for

from dialer.bootstrap.store import store_of
from dialer.cli import main
from dialer.local.embedded_server import EmbeddedServer
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.redis.connection import connect

#: Open for an hour, three days from now: closed whenever the test runs.
CLOSED = f"{datetime.now(UTC) + timedelta(days=3):%a} 10:00-11:00"
ACCOUNTS = {
    "default": {"TOKEN": "test-token", "CALLING_HOURS": "always", "MODE": "live"},
    "shut": {"TOKEN": "test-token", "CALLING_HOURS": CLOSED, "TIME_ZONE": "UTC"},
}


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        """Stdout as the one JSON line it must be."""
        (record,) = self.records
        return record


@dataclass
class CommandLine:
    """Runs `dialer` commands in this process; `store` is what they work on."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    store: Store

    def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        """Run one command."""
        self.capsys.readouterr()
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = main(list(arguments))
        out, err = self.capsys.readouterr()
        return Ran(status, out, err)

    def job(self, to: str = "9100000001", *options: str) -> str:
        """Enqueue one call and return its job's id."""
        ran = self("call", "9000000001", to, "--json", *options)
        assert ran.status == 0, ran.err
        return str(ran.record["id"])


@pytest.fixture
def cli(
    redis_server: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Iterator[CommandLine]:
    """The command line, with two accounts and an empty store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIALER_REDIS_URL", redis_server.url)
    monkeypatch.setenv("DIALER_BROKER_URL", redis_server.broker_url)
    for name, values in ACCOUNTS.items():
        given = {"USER_ID": "1", "BASE_URL": "http://127.0.0.1:9/call", **values}
        for setting, value in given.items():
            monkeypatch.setenv(f"DIALER_ACCOUNTS__{name.upper()}__{setting}", value)
    # Before it is opened: what is emptied afterwards is another store than it was.
    client = connect(redis_server.url)
    client.flushdb()
    client.close()
    store = store_of(Settings.load())
    yield CommandLine(monkeypatch, capsys, store)
    store.server.close()


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedServer) -> Iterator[Api]:
    """The HTTP service in this process, on a store that was empty when the module began."""
    emptied(redis_server)
    with serving(settings_for(redis_server)) as running:
        yield running
