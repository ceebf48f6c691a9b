"""
Measure what a placed call costs, beside what else is used for such work; writes ops/bench.md.

    python bench.py [--rounds N] [--calls N] [--only NAME ...] [--print]

Each round runs every system once, in an order drawn anew: a server of its own that writes each
change to the disk (`appendfsync always`), a provider that answers at once, the queue filled
first, then one worker process. What is compared is read between the first tenth and the last
tenth of the calls, and divided by that of arq in the same round; the table shows medians over the
rounds, and their spread.

Not a test: it asserts nothing about time.
"""

import argparse
import json
import os
import platform
import random
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

from meters import Reading, read  # noqa: E402 - beside this program

from dialer.local.embedded_server import EmbeddedServer  # noqa: E402

REPORT = ROOT / "ops" / "bench.md"
#: Environments of the peers: what arq needs and what Celery needs does not go together.
PEERS = ROOT / ".venv-bench"
OURS = Path(sys.executable).parent
#: Seconds after which a run is given up.
PATIENCE = 300.0


@dataclass(frozen=True)
class System:
    """
    One system under test.

    Attributes:
        name: As the table calls it.
        module: Its tasks, and how its queue is filled; "" for this project.
        worker: The command of one worker process.
        programs: Where its programs lie.
    """

    name: str
    module: str
    worker: tuple[str, ...]
    programs: Path = PEERS / "threads" / "bin"

    @property
    def ours(self) -> bool:
        """Whether it is this project."""
        return not self.module


_CELERY = ("celery", "-A", "celery_peer", "worker", "-l", "warning", "--without-gossip")
SYSTEMS = (
    System("ours", "", ("celery", "-A", "workers.app", "worker"), OURS),
    System("arq", "arq_peer", ("arq", "arq_peer.Worker"), PEERS / "arq" / "bin"),
    System("celery threads", "celery_peer", (*_CELERY, "-P", "threads", "-c", "32")),
    System("celery gevent", "celery_peer", (*_CELERY, "-P", "gevent", "-c", "32")),
    System("celery prefork", "celery_peer", (*_CELERY, "-P", "prefork", "-c", "2")),
    System("dramatiq", "dramatiq_peer", ("dramatiq", "dramatiq_peer", "-p", "1", "-t", "32")),
    System("huey", "huey_peer", ("huey_consumer", "huey_peer.huey", "-w", "32", "-q")),
)


@dataclass(frozen=True)
class Result:
    """
    One system in one round.

    Attributes:
        calls_per_second: Over the middle of the run.
        worker_ms: CPU of the worker a call.
        server_ms: CPU of the server a call.
        commands: Commands of the server a call.
        enqueued_per_second: Jobs a second, start of the program included.
        job_bytes: Memory of the server a waiting job.
    """

    calls_per_second: float
    worker_ms: float
    server_ms: float
    commands: float
    enqueued_per_second: float
    job_bytes: float


@contextmanager
def provider(certificate: Path | None) -> Iterator[str]:
    """Run the provider; its address."""
    command = [
        sys.executable,
        str(HERE / "provider.py"),
        *([str(certificate)] if certificate else []),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}/call"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


class Bench:
    """One system on one server, from an empty queue to the last call."""

    def __init__(
        self, system: System, calls: int, url: str, certificate: Path | None, folder: Path
    ):
        self.system, self.calls, self.url, self.folder = system, calls, url, folder
        self.certificate = certificate

    def run(self) -> Result:
        with EmbeddedServer(self.folder / "redis") as server:
            client = redis.Redis.from_url(server.url, decode_responses=True)
            env = self._env(server)
            empty = self._memory(client)
            began = time.monotonic()
            self._enqueue(env)
            enqueued = self.calls / (time.monotonic() - began)
            size = (self._memory(client) - empty) / self.calls
            log = (self.folder / "worker.log").open("wb")
            worker = subprocess.Popen(
                [str(self.system.programs / self.system.worker[0]), *self.system.worker[1:]],
                env=env,
                cwd=self.folder if self.system.ours else HERE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            log.close()
            try:
                spent, done = self._watch(worker, client)
            finally:
                _stop(worker)
                client.close()
        return Result(
            calls_per_second=done / spent.at,
            worker_ms=1000 * spent.worker / done,
            server_ms=1000 * spent.server / done,
            commands=spent.commands / done,
            enqueued_per_second=enqueued,
            job_bytes=size,
        )

    def _memory(self, client: "redis.Redis[str]") -> int:
        return int(client.info("memory")["used_memory"])

    def _env(self, server: EmbeddedServer) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DIALER_", "BENCH_"))}
        if not self.system.ours:
            given = {"URL": self.url, "REDIS": server.url}
            if self.certificate:
                given["CA"] = str(self.certificate)
            return env | {f"BENCH_{name}": value for name, value in given.items()}
        settings = {
            "REDIS_URL": server.url,
            "BROKER_URL": server.broker_url,
            "ACCOUNTS__DEFAULT__USER_ID": "00000001",
            "ACCOUNTS__DEFAULT__TOKEN": "sandbox-token-not-secret",
            "ACCOUNTS__DEFAULT__BASE_URL": self.url,
            "ACCOUNTS__DEFAULT__MODE": "live",
            "ACCOUNTS__DEFAULT__CALLING_HOURS": "always",
            "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "1000",
            "ACCOUNTS__DEFAULT__MAX_POSTING": "32",
            "WORKER__CONCURRENCY": "32",
            "CUSTOMER__GAP": "0s",
        }
        env |= {f"DIALER_{name}": value for name, value in settings.items()}
        return env | ({"SSL_CERT_FILE": str(self.certificate)} if self.certificate else {})

    def _enqueue(self, env: Mapping[str, str]) -> None:
        if self.system.ours:
            lines = (
                json.dumps({"key": f"n{nth}", "from": "9000000001", "to": f"91{nth:08d}"}) + "\n"
                for nth in range(self.calls)
            )
            file = self.folder / "calls.jsonl"
            file.write_text("".join(lines))
            command = [str(OURS / "dialer"), "enqueue", str(file)]
            cwd = self.folder
        else:
            go = f"import {self.system.module}; {self.system.module}.enqueue({self.calls})"
            command = [str(self.system.programs / "python"), "-c", go]
            cwd = HERE
        subprocess.run(command, env=env, cwd=cwd, check=True, stdout=subprocess.DEVNULL)

    def _watch(
        self, worker: "subprocess.Popen[bytes]", client: "redis.Redis[str]"
    ) -> tuple[Reading, int]:
        """Read between the first and the last tenth of the calls: what was spent, on how many."""
        end = time.monotonic() + PATIENCE
        start: Reading | None = None
        first = 0
        while time.monotonic() < end and worker.poll() is None:
            count = self._count()
            if start is None and count >= self.calls // 10:
                start, first = read(time.monotonic(), [worker.pid], client), count
            elif start is not None and count >= self.calls * 9 // 10:
                return read(time.monotonic(), [worker.pid], client) - start, count - first
            time.sleep(0.05)
        raise RuntimeError(
            f"{self.system.name}: not done; {(self.folder / 'worker.log').read_text()[-2000:]}"
        )

    def _count(self) -> int:
        with urllib.request.urlopen(self.url, timeout=10, context=self._trust()) as answer:
            return int(json.load(answer)["count"]) - self.before

    before = 0

    def _trust(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.certificate) if self.certificate else None


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)


def one(system: System, calls: int, certificate: Path | None) -> Result:
    """Run one system once."""
    with provider(certificate) as url, tempfile.TemporaryDirectory() as folder:
        return Bench(system, calls, url, certificate, Path(folder)).run()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--print", action="store_true")
    given = parser.parse_args()
    chosen = [one for one in SYSTEMS if not given.only or one.name in (*given.only, "arq")]
    results: dict[str, list[Result]] = {system.name: [] for system in chosen}
    ratios: dict[str, list[float]] = {system.name: [] for system in chosen}
    for nth in range(given.rounds):
        for system in random.sample(chosen, len(chosen)):
            result = one(system, given.calls, None)
            results[system.name].append(result)
            print(nth + 1, system.name, result, flush=True)
        for system in chosen:
            ratios[system.name].append(
                results[system.name][-1].worker_ms / results["arq"][-1].worker_ms
            )
    text = report(results, ratios, given.calls)
    print(text)
    if not given.print:
        REPORT.write_text(text)


HEAD = """\
# What a call costs, measured

`make bench` on {day}: {cores} cores, Python {python}, {rounds} rounds of {calls} calls, each
system with one worker process, a provider that answers at once, and a server with
`appendfsync always`, all on one machine. Medians; in brackets the least and the most of the
rounds. A measurement, not a test.

| | worker CPU a call, ms | to arq's | calls/s | server CPU a call, ms | commands a call \
| enqueued/s | bytes a waiting job |
|---|---|---|---|---|---|---|---|
{rows}

How to read it: a peer's message is its job, and what it does about a call whose answer was lost is
to make it again or to forget it. Ours reads rules, holds, hours and limits in the step before each
call, and writes down each move. Where the disk is slow, `appendfsync always` bounds calls a second
of whatever writes for each message by itself. `enqueued/s` holds the start of the program.
"""


def report(
    results: Mapping[str, Sequence[Result]], ratios: Mapping[str, Sequence[float]], calls: int
) -> str:
    rows = [
        f"| {name} | " + " | ".join(_cells(found, ratios[name])) + " |"
        for name, found in results.items()
    ]
    return HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        python=platform.python_version(),
        rounds=len(next(iter(results.values()))),
        calls=calls,
        rows="\n".join(rows),
    )


def _cells(found: Sequence[Result], ratio: Sequence[float]) -> Iterator[str]:
    yield _spread([one.worker_ms for one in found], 2)
    yield _spread(list(ratio), 2)
    yield _spread([one.calls_per_second for one in found], 0)
    yield _spread([one.server_ms for one in found], 2)
    yield _spread([one.commands for one in found], 1)
    yield _spread([one.enqueued_per_second for one in found], 0)
    yield _spread([one.job_bytes for one in found], 0)


def _spread(values: Sequence[float], digits: int) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f} to {most:,.{digits}f})"


if __name__ == "__main__":
    main()
