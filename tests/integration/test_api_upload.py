"""A list that is far larger than the memory its upload may take, cut off on its way."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from apikit import emptied, environ_of, settings_for, start_process

from dialer.bootstrap.dialer import Dialer
from dialer.local.embedded_server import EmbeddedServer

#: Rows of the list; a million in `make http-upload`.
ROWS = int(os.environ.get("HTTP_UPLOAD", "20000"))
#: The most memory that the process may ever have, MiB.
MOST = 200


@pytest.fixture
def environ(redis_server: EmbeddedServer, tmp_path: Path) -> dict[str, str]:
    emptied(redis_server)
    return environ_of(redis_server, tmp_path)


def numbers() -> Iterator[str]:
    """Numbers of the list, none of which is the beginning of another."""
    return (f"91{nth:08d}" for nth in range(ROWS))


def peak(process: subprocess.Popen[bytes]) -> float:
    """The most memory that a process has had so far, MiB; the system keeps the books."""
    said = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [one for one in said.splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def cut_off(port: int, key: str, path: str, whole: Path) -> None:
    """Send 40 % of a list, and the beginning of one number more; then the connection is gone."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: text/csv\r\nContent-Length: {whole.stat().st_size}\r\n\r\n"
    text = whole.read_bytes()
    end = text.rindex(b"\n", 0, int(len(text) * 0.4)) + 7
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(head.encode() + text[:end])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc for memory")
def test_a_long_list_that_was_cut_off_is_whole_when_it_is_sent_again(
    redis_server: EmbeddedServer, environ: dict[str, str], tmp_path: Path
) -> None:
    """Nobody is in it twice, nobody who is not in the file, and the process stays small."""
    port, path = int(environ["DIALER_API__PORT"]), "/v1/campaigns/long/contacts"
    whole = tmp_path / "list.csv"
    whole.write_text("phone\n" + "".join(f"{one}\n" for one in numbers()))
    with Dialer.from_settings(settings_for(redis_server)) as dialer:
        fields = {"call": {"from": "9000000001"}, "columns": {"to": "phone"}}
        dialer.campaigns.define("long", fields)
        _, key = dialer.api_keys.create("uploads", ["operate"])
        service = start_process(environ)
        try:
            empty = peak(service)
            cut_off(port, key, path, whole)
            with whole.open("rb") as body:
                headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
                url = f"http://127.0.0.1:{port}{path}"
                said = requests.post(url, data=body, headers=headers, timeout=900).json()
            most = peak(service)
        finally:
            service.terminate()
            service.wait(60)
        groups = dialer.store.contacts.groups("long")
        stored = [one for group in groups for one in dialer.store.contacts.rows("long", group)]
    print(f"\n{ROWS} rows: {said['accepted']} added, {said['duplicate']} there before the cut; ")
    print(f"{most:.0f} MiB at most in the process, {empty:.0f} MiB of them before the first row")
    assert (said["state"], said["rejected"]) == ("done", 0)
    assert sorted(one.values for one in stored) == [(one,) for one in numbers()]
    assert most <= MOST
