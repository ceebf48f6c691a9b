"""
A real stack for acceptance tests: server, sandbox and Celery processes, started and ended here.

Everything lives below one directory; every process is ended by its own id.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dialer.bootstrap.dialer import Dialer
from dialer.bootstrap.store import store_of
from dialer.local.embedded_server import EmbeddedServer
from dialer.sandbox import DEFAULT_WORLD, Row
from dialer.settings import Settings
from dialer.store import Store

#: Workers greet each other for a second when they start, and need nothing of it.
QUICK = ("--without-mingle", "--without-gossip")
USER_ID, TOKEN = "00000001", "sandbox-token-not-secret"


def wait_until(true: Callable[[], bool], *, within: float, why: str, every: float = 0.02) -> None:
    """Look again and again until something is true; fail with words when it never is."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:.0f} s: {why}")
        time.sleep(every)


@dataclass
class SandboxProcess:
    """The sandbox as a process of its own, asked over its admin address."""

    process: "subprocess.Popen[str]"
    url: str
    admin: str

    def ask(self, path: str, *, method: str = "GET", body: object = None) -> str:
        """Send one request to the admin side and return its text."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.admin + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def fault(self, **fault: object) -> None:
        """Script one fault; see dialer.sandbox.faults.Fault for its fields."""
        self.ask("/faults", method="POST", body=fault)

    def rows(self) -> list[Row]:
        """Read the ledger."""
        return [Row.from_json(json.loads(line)) for line in self.ask("/ledger").splitlines()]


@dataclass
class Stack:
    """One running stack; see `stack`."""

    directory: Path
    server: EmbeddedServer
    sandbox: SandboxProcess
    env: dict[str, str]
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    started: int = 0

    @property
    def settings(self) -> Settings:
        """The settings every process of the stack reads."""
        return Settings.load(env=self.env)

    def store(self) -> Store:
        """Connect to the store."""
        return store_of(self.settings)

    def producer(self) -> Dialer:
        """Make a producer."""
        return Dialer.from_settings(self.settings, who="test")

    def start(self, *command: str, name: str = "") -> str:
        """Start a Celery process: `start("worker")`, `start("beat")`; logs go to <name>.log."""
        self.started += 1
        name = name or f"{command[0]}{self.started}"
        flags = ["-n", f"{name}@test"] if command[0] == "worker" else []
        log = (self.directory / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workers.app", *command, *flags],
            env=self.env,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        return name

    def workers(self, count: int, *, flags: Sequence[str] = QUICK) -> list[str]:
        """Start workers and wait until each of them has announced itself."""
        names = [self.start("worker", *flags) for _ in range(count)]
        store = self.store()
        pids = {self.processes[name].pid for name in names}
        wait_until(
            lambda: pids <= {int(str(one["pid"])) for one in store.doorbells.workers().values()},
            within=60,
            why="the workers announce themselves",
        )
        store.server.close()
        return names

    def kill(self, name: str) -> None:
        """End a process with SIGKILL."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(10)

    def terminate(self, name: str, *, within: float = 60) -> int:
        """Ask a process to end with SIGTERM, wait, and return its exit status."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(within)

    def cli(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the `dialer` command line."""
        return subprocess.run(
            [sys.executable, "-m", "dialer", *arguments],
            env=self.env,
            cwd=self.directory,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def log(self, name: str) -> str:
        """Read what a process has written."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        """End every process that is left: politely, then not."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.processes.clear()


@contextmanager
def sandbox_process(
    directory: Path, config: Mapping[str, object] | None = None
) -> Iterator[SandboxProcess]:
    """Run the sandbox as a process; *config* replaces fields of its default world."""
    options = []
    if config is not None:
        world = json.loads(DEFAULT_WORLD.model_dump_json()) | dict(config)
        (directory / "world.json").write_text(json.dumps(world))
        options = ["--config", str(directory / "world.json")]
    with (directory / "sandbox.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dialer.sandbox", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield SandboxProcess(process, ready["url"], ready["admin"])
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def stack(
    directory: Path,
    settings: Mapping[str, str] | None = None,
    *,
    world: Mapping[str, object] | None = None,
    maxmemory: int | None = None,
    binary: Path | None = None,
) -> Iterator[Stack]:
    """
    Run a server and a sandbox, with settings for workers that the test starts.

    Args:
        directory: For data and logs.
        settings: `DIALER_…` names without that prefix, over the test's defaults:
            live mode against the sandbox, always open, 50 calls a second.
        world: The sandbox's world; its default when None.
        maxmemory: Bytes the server may use.
        binary: Another server program.
    """
    with (
        EmbeddedServer(directory / "redis", maxmemory=maxmemory, binary=binary) as server,
        sandbox_process(directory, world) as sandbox,
    ):
        given = {
            "REDIS_URL": server.url,
            "BROKER_URL": server.broker_url,
            "ACCOUNTS__DEFAULT__USER_ID": USER_ID,
            "ACCOUNTS__DEFAULT__TOKEN": TOKEN,
            "ACCOUNTS__DEFAULT__BASE_URL": sandbox.url,
            "ACCOUNTS__DEFAULT__MODE": "live",
            "ACCOUNTS__DEFAULT__CALLING_HOURS": "always",
            "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "50",
            "ACCOUNTS__DEFAULT__MAX_POSTING": "60",
            "WORKER__CONCURRENCY": "16",
            "BEAT__TICK": "1s",
            "CUSTOMER__GAP": "0s",
            **(settings or {}),
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("DIALER_")}
        running = Stack(
            directory=directory,
            server=server,
            sandbox=sandbox,
            env=inherited | {f"DIALER_{name}": value for name, value in given.items()},
        )
        try:
            yield running
        finally:
            running.stop()
