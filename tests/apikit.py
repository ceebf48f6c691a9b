"""The HTTP service in this process, on a port of its own, and clients of it."""

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import uvicorn

from dialer.api.app import build
from dialer.api.service import Service
from dialer.api.wire import GuardedProtocol
from dialer.bootstrap.dialer import Dialer
from dialer.local.embedded_server import EmbeddedServer
from dialer.services.api_keys.ring import KeyRing
from dialer.settings import Settings

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
