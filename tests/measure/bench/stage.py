"""What one system runs on: a server of its own, a provider, its queue, and its worker processes."""

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from meters import cpu_of_ended
from systems import HERE, OURS, System

from dialer.local.embedded_server import EmbeddedServer

#: Seconds after which a run is given up.
PATIENCE = 300.0
#: What a worker of ours is told; nothing that guards a call is switched off.
_SETTINGS = {
    "ACCOUNTS__DEFAULT__USER_ID": "00000001",
    "ACCOUNTS__DEFAULT__TOKEN": "sandbox-token-not-secret",
    "ACCOUNTS__DEFAULT__MODE": "live",
    "ACCOUNTS__DEFAULT__CALLING_HOURS": "always",
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "1000",
    "ACCOUNTS__DEFAULT__MAX_POSTING": "32",
    "WORKER__CONCURRENCY": "32",
    "CUSTOMER__GAP": "0s",
}
#: Where its calls come from.
AGENT = "9000000001"


def certificate(folder: Path) -> Path:
    """Make a certificate for loopback, with its key in the same file."""
    file, key = folder / "provider.pem", folder / "provider.key"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    names = ("-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1")
    command = ("openssl", "req", "-x509", *curve, *names, "-keyout", str(key), "-out", str(file))
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with file.open("a") as both:
        both.write(key.read_text())
    return file


@contextmanager
def provider(secure: Path | None) -> Iterator[str]:
    """Run the provider, over TLS with a certificate; its address."""
    command = [sys.executable, str(HERE / "provider.py"), *([str(secure)] if secure else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        yield f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@dataclass(frozen=True)
class Stage:
    """
    One system on servers of its own.

    Attributes:
        url: Of the provider.
        client: Of the server.
        more: Settings of ours that differ.
    """

    system: System
    url: str
    secure: Path | None
    server: EmbeddedServer
    client: "redis.Redis[str]"
    folder: Path
    more: dict[str, str]

    def env(self) -> dict[str, str]:
        """Build the variables of its programs."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DIALER_", "BENCH_"))}
        given = {"URL": self.url + "/call", "REDIS": self.server.url}
        if self.secure:
            given["CA"] = str(self.secure)
        env |= {f"BENCH_{name}": value for name, value in given.items()}
        if not self.system.ours:
            return env
        addresses = {
            "REDIS_URL": self.server.url,
            "BROKER_URL": self.server.broker_url,
            "ACCOUNTS__DEFAULT__BASE_URL": given["URL"],
        }
        settings = _SETTINGS | addresses | self.more
        trust = {"PYTHONPATH": str(HERE / "trust")} if self.secure else {}
        return env | {f"DIALER_{name}": value for name, value in settings.items()} | trust

    def memory(self) -> int:
        """Read how many bytes the server uses."""
        return int(self.client.info("memory")["used_memory"])

    def enqueue(self, count: int) -> None:
        """Fill the queue by a program of the system."""
        if self.system.ours:
            self.dialer("enqueue", str(self.write(calls(count))))
        else:
            self.peer(f"enqueue({count})")

    def write(self, lines: Iterable[str], name: str = "calls.jsonl") -> Path:
        """Write a file for a command of ours."""
        file = self.folder / name
        with file.open("w") as out:
            out.writelines(lines)
        return file

    def dialer(self, *arguments: str) -> tuple[float, float]:
        """Run a command of ours; seconds it took and of CPU it used, its start included."""
        began, used = time.monotonic(), cpu_of_ended()
        command = [str(OURS / "dialer"), *arguments]
        subprocess.run(
            command, env=self.env(), cwd=self.folder, check=True, stdout=subprocess.DEVNULL
        )
        return time.monotonic() - began, cpu_of_ended() - used

    def peer(self, call: str) -> tuple[float, float]:
        """Call a function of a peer's module; seconds it took and of CPU, without the start."""
        module, clocks = self.system.module, "time.monotonic(), time.process_time()"
        go = (
            f"import time, {module}; t, u = {clocks}; {module}.{call}\n"
            f"v, w = {clocks}; print(v - t, w - u)"
        )
        command = [str(self.system.programs / "python"), "-c", go]
        done = subprocess.run(
            command, env=self.env(), cwd=HERE, check=True, stdout=subprocess.PIPE, text=True
        )
        took, used = map(float, done.stdout.split()[-2:])
        return took, used

    @contextmanager
    def workers(self, count: int = 1) -> Iterator[list[int]]:
        """Run worker processes; the ids of them."""
        running: list[subprocess.Popen[bytes]] = []
        try:
            running.extend(self._worker(nth) for nth in range(count))
            yield [one.pid for one in running]
        finally:
            for one in running:
                one.send_signal(signal.SIGTERM)
            for one in running:
                _end(one)

    def _worker(self, nth: int) -> "subprocess.Popen[bytes]":
        program, *arguments = self.system.worker
        if "celery" in program:  # two of one name greet each other and warn
            arguments += ["-n", f"bench{nth}@local"]
        with (self.folder / f"worker{nth}.log").open("wb") as log:
            return subprocess.Popen(
                [str(self.system.programs / program), *arguments],
                env=self.env(),
                cwd=self.folder if self.system.ours else HERE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def count(self) -> int:
        """Ask the provider how many calls came."""
        return int(self.ask("/count")["count"])

    def ask(self, path: str) -> dict[str, float]:
        """Ask the provider."""
        trust = ssl.create_default_context(cafile=self.secure) if self.secure else None
        with urllib.request.urlopen(self.url + path, timeout=60, context=trust) as answer:
            return dict(json.load(answer))

    def until(self, true: Callable[[], bool], *, every: float = 0.05) -> None:
        """Look again and again until something is true."""
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end:
                log = (self.folder / "worker0.log").read_text()[-2000:]
                raise RuntimeError(f"{self.system.name}: not done; {log}")
            time.sleep(every)


def _end(worker: "subprocess.Popen[bytes]") -> None:
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)


def calls(count: int, *, priority: int = 5) -> Iterator[str]:
    """Make the lines of a file of calls, no number twice."""
    for nth in range(count):
        to = f"91{nth:08d}"
        yield json.dumps({"key": f"n{nth}", "from": AGENT, "to": to, "priority": priority}) + "\n"


@contextmanager
def stage(
    system: System, *, secure: Path | None = None, more: dict[str, str] | None = None
) -> Iterator[Stage]:
    """Set one up, and take it down."""
    with (
        provider(secure) as url,
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder) / "redis") as server,
    ):
        client = redis.Redis.from_url(server.url, decode_responses=True)
        try:
            yield Stage(system, url, secure, server, client, Path(folder), more or {})
        finally:
            client.close()
