"""The HTTP service in this process, on a port of its own, and clients of it."""

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import uvicorn
from serverkit import free_port, wait_until

from dialer.api.app import build
from dialer.api.service import Service
from dialer.api.wire import GuardedProtocol
from dialer.bootstrap.dialer import Dialer
from dialer.local.embedded_server import EmbeddedServer
from dialer.services.api_keys.ring import KeyRing
from dialer.settings import Settings
from dialer.store.redis.connection import connect

SCOPES = ("read", "enqueue", "operate", "admin")
CALL = {"from": "9000000001", "to": "9100000001"}


def settings_for(server: EmbeddedServer, **api: Any) -> Settings:
    """Settings with two accounts, of which one is shut."""
    account = {"user_id": "1", "base_url": "http://127.0.0.1:9/call"}
    return Settings.parse(
        {
            "redis_url": server.url,
            "broker_url": server.broker_url,
            "accounts": {
                "default": {**account, "calling_hours": "always", "mode": "live"},
                "other": {**account, "calling_hours": "always"},
            },
            "api": api,
        }
    )


@dataclass
class Api:
    """A service that runs; `dialer` looks behind it."""

    url: str
    dialer: Dialer
    service: Service
    keys: dict[tuple[object, ...], str] = field(default_factory=dict)

    def key(
        self, *scopes: str, accounts: tuple[str, ...] | None = None, reveal: bool = False
    ) -> str:
        """Make a key, once for each kind, and let the service know of it at once."""
        kind = (scopes, accounts, reveal)
        if kind not in self.keys:
            name = f"key-{uuid.uuid4().hex[:8]}"
            _, self.keys[kind] = self.dialer.api_keys.create(
                name, scopes or SCOPES, accounts=accounts, reveal=reveal
            )
            self.forget_keys()
        return self.keys[kind]

    def forget_keys(self) -> None:
        """Have the service read its keys with the next request."""
        self.service.ring._read_at = None

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> requests.Response:
        """Send a request, with a key that may do everything unless another is given."""
        headers = {"Authorization": f"Bearer {self.key() if key is None else key}"}
        headers |= more.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=30, **more)

    def post(self, path: str, body: Any, key: str | None = None, **more: Any) -> requests.Response:
        """Send JSON."""
        return self.ask("POST", path, key, json=body, **more)

    def get(self, path: str, key: str | None = None, **more: Any) -> requests.Response:
        """Ask."""
        return self.ask("GET", path, key, **more)


def word_of(answer: requests.Response) -> str:
    """The word of a problem; every problem has these fields and its own content type."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "request_id", "errors"} <= set(body)
    assert body["status"] == answer.status_code
    return str(body["type"]).rpartition(":")[2]


def emptied(server: EmbeddedServer) -> None:
    """Empty a server before a service opens it: emptied later it would be another store."""
    client = connect(server.url)
    client.flushdb()
    client.close()


@contextmanager
def serving(settings: Settings) -> Iterator[Api]:
    """Run the service in a thread of this process."""
    made: list[Service] = []

    def make() -> Service:
        dialer = Dialer.from_settings(settings, who="api")
        made.append(Service(dialer, KeyRing(dialer.store)))
        return made[0]

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            build(make, concurrency=settings.api.concurrency),
            http=GuardedProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="on",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the service ended"
            assert time.monotonic() < until, "the service did not start"
            time.sleep(0.01)
        with Dialer.from_settings(settings, who="test") as dialer:
            yield Api(f"http://127.0.0.1:{port}", dialer, made[0])
        server.should_exit = True
        thread.join(30)


def environ_of(server: EmbeddedServer, folder: Path) -> dict[str, str]:
    """Variables of a service in a process, and on a port, of its own."""
    (folder / "dialer.toml").touch(mode=0o600)
    settings = {"USER_ID": "1", "CALLING_HOURS": "always", "MODE": "live"}
    return {
        **os.environ,
        "DIALER_CONFIG": str(folder / "dialer.toml"),
        "DIALER_REDIS_URL": server.url,
        "DIALER_BROKER_URL": server.broker_url,
        "DIALER_API__PORT": str(free_port()),
        **{f"DIALER_ACCOUNTS__DEFAULT__{name}": value for name, value in settings.items()},
    }


def start_process(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a service as `environ_of` says, and wait until it listens."""
    process = subprocess.Popen([sys.executable, "-m", "dialer", "api"], env=environ)

    def listens() -> bool:
        assert process.poll() is None, "the service ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(environ["DIALER_API__PORT"]))) == 0

    wait_until(listens, within=60, why="the service did not start")
    return process
