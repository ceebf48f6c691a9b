"""
What the HTTP service carries, on this machine: writes `ops/http/bench.md`.

One process, keys checked, jobs durable (`appendfsync always`), each call answered with what stands
in its way. Beside it the usual way: a bare FastAPI route that sends a Celery message.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dialer.bootstrap.dialer import Dialer
from dialer.local.embedded_server import EmbeddedServer
from dialer.settings import Settings

PAGE = Path(__file__).parents[2] / "ops/http/bench.md"
BARE = """
import sys
from celery import Celery
from fastapi import FastAPI
from pydantic import BaseModel
import uvicorn
celery = Celery("bare", broker=sys.argv[1])
celery.conf.update(task_ignore_result=True)
@celery.task(name="call")
def call(order): ...
app = FastAPI()
class Order(BaseModel):
    to: str
    key: str
@app.post("/v1/calls", status_code=201)
def create(order: Order):
    return {"id": call.apply_async(args=[order.model_dump()]).id}
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def free_port() -> int:
    """A port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environ_of(server: EmbeddedServer, port: int) -> dict[str, str]:
    """Variables of a service that is always open and says little."""
    return {
        "DIALER_REDIS_URL": server.url,
        "DIALER_BROKER_URL": server.broker_url,
        "DIALER_API__PORT": str(port),
        "DIALER_LOG__LEVEL": "warning",
        "DIALER_ACCOUNTS__DEFAULT__USER_ID": "1",
        "DIALER_ACCOUNTS__DEFAULT__CALLING_HOURS": "always",
    }


@contextmanager
def running(
    command: list[str], port: int, env: dict[str, str], *, quiet: bool = False
) -> Iterator[psutil.Process]:
    """A service that listens; quiet: what it says goes nowhere."""
    said = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=said, stderr=said)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def client(nth: int, count: int, port: int, key: str, took: list[float]) -> None:
    """Send calls one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for call in range(count):
        to = f"91{(nth * 1_000_003 + call * 7919) % 10**8:08d}"
        order = {"from": "9000000001", "to": to, "key": f"{time.time_ns()}-{nth}-{call}"}
        body = json.dumps(order).encode()
        head = f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        began = time.perf_counter()
        writer.write(head.encode() + body)
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 201 " in said[:20], said
        length = int(said.partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - began)
    writer.close()


def load(clients: int, port: int, key: str) -> str:
    """Load a service, and say how fast it was."""
    took: list[float] = []

    async def all_of_them() -> None:
        await asyncio.gather(*(client(n, 3000 // clients, port, key, took) for n in range(clients)))

    asyncio.run(all_of_them())
    took.clear()
    began = time.perf_counter()
    asyncio.run(all_of_them())
    rate = len(took) / (time.perf_counter() - began)
    took.sort()
    p50, p99 = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    return f"{rate:.0f} | {p50:.1f} | {p99:.1f}"


def busy(process: psutil.Process) -> float:
    """Seconds of a core that a process has had."""
    return float(sum(process.cpu_times()[:2]))


def batches(port: int, key: str, process: psutil.Process, store: psutil.Process) -> str:
    """Jobs a second of batches of 10,000, and what they take of the service and of the store."""
    count = 5
    bodies = [
        json.dumps(
            [
                {"from": "9000000001", "to": f"92{n:08d}", "key": f"{time.time_ns()}-{nth}-{n}"}
                for n in range(10_000)
            ]
        ).encode()
        for nth in range(count)
    ]
    before, began = (busy(process), busy(store)), time.perf_counter()
    for body in bodies:
        send(port, key, "/v1/calls/batch", body, "application/json")
    rate = count * 10_000 / (time.perf_counter() - began)
    took = [
        (now - then) / count * 100
        for now, then in zip((busy(process), busy(store)), before, strict=True)
    ]
    return (
        f"{rate:.0f} jobs a second; of each the service takes {took[0]:.0f} us of one core and the"
        f" store {took[1]:.0f} us of another, side by side: the larger one is what stops it"
    )


def send(port: int, key: str, path: str, body: bytes, kind: str, method: str = "POST") -> bytes:
    """Send one request."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "If-None-Match": "*"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body, headers=headers, method=method
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return bytes(answer.read())


def upload(port: int, key: str, process: psutil.Process) -> tuple[float, float]:
    """Seconds and the most memory, MiB, that a list of a million takes."""
    body = b'{"set": {"from": "9000000001"}, "columns": {"to": "phone"}}'
    send(port, key, "/v1/campaigns/million", body, "application/json", "PUT")
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("phone\n" + "".join(f"93{n:08d}\n" for n in range(1_000_000)))
        file.flush()
        command = ["curl", "-s", "-X", "POST", "-H", f"Authorization: Bearer {key}"]
        command += ["-H", "Content-Type: text/csv", "-T", file.name]
        command += [f"http://127.0.0.1:{port}/v1/campaigns/million/contacts"]
        began, most = time.perf_counter(), 0
        sender = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while sender.poll() is None:
            most = max(most, process.memory_info().rss)
            time.sleep(0.05)
        said = json.loads(sender.communicate()[0])
    assert said["accepted"] == 1_000_000, said
    return time.perf_counter() - began, most / 2**20


def main() -> None:
    """Measure, and write the page."""
    lines = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        port = free_port()
        env = environ_of(server, port)
        with Dialer.from_settings(Settings.load(env=env)) as dialer:
            _, key = dialer.api_keys.create("bench", ["enqueue", "operate", "read"])
        with running([sys.executable, "-m", "dialer", "api"], port, env) as process:
            lines += [f"| `POST /v1/calls` | {n} | {load(n, port, key)} |" for n in (1, 16, 64)]
            jobs = batches(port, key, process, psutil.Process(server.pid))
            took, most = upload(port, key, process)
        loud = {**env, "DIALER_LOG__LEVEL": "info"}
        with running([sys.executable, "-m", "dialer", "api"], port, loud, quiet=True) as process:
            told = batches(port, key, process, psutil.Process(server.pid)).partition(";")[0]
        bare = free_port()
        with running([sys.executable, "-c", BARE, server.broker_url, str(bare)], bare, {}):
            lines += [
                f"| FastAPI, `apply_async` | {n} | {load(n, bare, key)} |" for n in (1, 16, 64)
            ]
    PAGE.write_text(
        "# What the HTTP service carries\n\nWritten by `make http-bench`. One process, on "
        f"{os.cpu_count()} cores with store and clients beside it; each call durable on disk, its"
        " key checked and its answer told what stands in its way. Celery's message is not durable."
        "\n\n"
        "| | clients | requests/s | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|\n"
        + "\n".join(lines)
        + f"\n\nBatches of 10,000: {jobs}. That is with"
        f" `log.level` warning; with info, a line for each job, {told}.\n\n"
        f"A list of a million: {took:.0f} s, and at most {most:.0f} MiB in the process.\n"
    )
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
