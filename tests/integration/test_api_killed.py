"""A process of the HTTP service that is killed with a request in its hands."""

import json
import socket
import time
from pathlib import Path

import pytest
import requests
from apikit import CALL, environ_of, settings_for, start_process

from dialer.bootstrap.dialer import Dialer
from dialer.errors import JobNotFound
from dialer.local.embedded_server import EmbeddedServer


@pytest.fixture
def environ(redis_server: EmbeddedServer, tmp_path: Path) -> dict[str, str]:
    """Variables of a service on a port of its own."""
    return environ_of(redis_server, tmp_path)


def test_what_was_stored_before_a_kill_is_a_duplicate_after_it(
    redis_server: EmbeddedServer, environ: dict[str, str]
) -> None:
    """The client hears nothing, repeats it with the same key, and is told the same job."""
    port = environ["DIALER_API__PORT"]
    with Dialer.from_settings(settings_for(redis_server)) as dialer:
        _, key = dialer.api_keys.create(f"killed-{port}", ["enqueue"])
        service, name = start_process(environ), f"killed-{port}"
        body = json.dumps({**CALL, "key": name}).encode()
        head = f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", int(port))) as wire:
            wire.sendall(head.encode() + body)
            until = time.monotonic() + 20
            while True:
                assert time.monotonic() < until, "it was never stored"
                try:
                    job = dialer.find(name)
                except JobNotFound:
                    continue
                break
            service.kill()
            service.wait()
        service = start_process(environ)
        try:
            again = requests.post(
                f"http://127.0.0.1:{port}/v1/calls",
                data=body,
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                timeout=30,
            )
        finally:
            service.terminate()
            service.wait(30)
    assert (again.status_code, again.json()["verdict"]) == (200, "duplicate")
    assert again.json()["id"] == job.id
