"""The demo's environment: a folder that vanishes, a server, a sandbox, settings, processes."""

import contextlib
import os
import socket
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from dialer.bootstrap.dialer import Dialer
from dialer.errors import DialerError
from dialer.local.demo.script import TOKEN, USER_ID, faults, world
from dialer.local.embedded_server import EmbeddedServer
from dialer.local.process import Process
from dialer.machine.run_directory import write_note
from dialer.sandbox import Sandbox
from dialer.settings import Settings

#: Everything that takes minutes in a real day takes seconds here. The breaker
#: is wide: a day as bad as this one would rightly stop the account.
_SETTINGS = """\
redis_url = "{redis_url}"
broker_url = "{broker_url}"

[accounts.default]
user_id = "{user_id}"
token = "{token}"
base_url = "{base_url}"
mode = "live"
calls_per_second = 30.0
max_posting = 40
calling_hours = "always"

[wire]
connect_timeout = "1s"
deadline = "3s"

[jobs]
lease = "10s"
quarantine = "13s"
max_tries = 3

[retry]
provider = {{ first = "800ms", factor = 1.5, cap = "2s" }}
agent = {{ first = "1s", factor = 1.2, cap = "2s" }}
capacity = {{ first = "1s", factor = 1.5, cap = "2s" }}

[breaker]
faults_in_row = 30
share = 1.0
of_last = 100

[worker]
concurrency = 12
shutdown_grace = "10s"

[beat]
tick = "1s"

[api]
port = {api_port}
"""

_LAST_LINES = 8


class DemoFailed(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """Unexpected end of a process of the demo, with the end of its log; or no end in time."""


class DemoProcesses:
    """
    Celery processes that share one folder and one `dialer.toml`.

    Leaving the `with` block ends them: in peace after a whole play, at once after a broken one.
    """

    def __init__(self, directory: Path, config: Path) -> None:
        self._directory = directory
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
        self._env = ours | {"DIALER_CONFIG": str(config)}
        self._processes: dict[str, Process] = {}
        self._logs: dict[str, deque[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        processes = self._processes.values()
        for process in processes:
            process.ask() if kind is None else process.kill()
        for process in processes:
            process.stop()

    def start(self, kind: str, name: str) -> int:
        """Start a "worker", "beat" or the "api" and return its process id."""
        node = ["-n", f"{name}@demo"] if kind == "worker" else []
        command = [sys.executable, "-m", "celery", "-A", "workers.app", kind, *node]
        if kind == "api":
            command = [sys.executable, "-m", "dialer", "api"]
        log = self._logs[name] = deque[str](maxlen=_LAST_LINES)
        process = self._processes[name] = Process(command, self._env, log.append, self._directory)
        process.start()
        return process.pid

    def check(self) -> None:
        """Make sure that every process still runs; DemoFailed where one does not."""
        for name, process in self._processes.items():
            status = process.ended()
            if status is not None:
                lines = self._logs[name]
                words = "\n  ".join([f"the end of its log, {len(lines)} lines:", *lines])
                raise DemoFailed(f"{name} ended with status {status}; {words}")

    def owners(self, ports: Collection[int]) -> Counter[str]:
        """Count the ports that each process talks from."""
        return Counter(
            {
                name: len(_ports(process.pid) & set(ports))
                for name, process in self._processes.items()
            }
        )

    def kill(self, name: str) -> None:
        """End a process as a crash would, with SIGKILL."""
        self._processes.pop(name).kill()


def _ports(pid: int) -> set[int]:
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return set()
    return {one.laddr.port for one in found if one.status == psutil.CONN_ESTABLISHED}


@dataclass(frozen=True, slots=True)
class Stage:
    """The demo's environment; no process is started yet, and `file` not written."""

    dialer: Dialer
    sandbox: Sandbox
    processes: DemoProcesses
    file: Path


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Set everything up, and leave nothing running and nothing behind."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-demo-")))
        server = stack.enter_context(EmbeddedServer(directory / "redis"))
        sandbox = stack.enter_context(Sandbox(world(agent_is_there=False)))
        for fault in faults():
            sandbox.inject(fault)
        config = _write_settings(directory, server, sandbox)
        settings = Settings.load(config, env={})
        dialer = stack.enter_context(Dialer.from_settings(settings, who="demo"))
        processes = stack.enter_context(DemoProcesses(directory, config))
        yield Stage(dialer, sandbox, processes, directory / "calls.jsonl")


def _write_settings(directory: Path, server: EmbeddedServer, sandbox: Sandbox) -> Path:
    path = directory / "dialer.toml"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        api_port = probe.getsockname()[1]
    text = _SETTINGS.format(
        api_port=api_port,
        redis_url=server.url,
        broker_url=server.broker_url,
        user_id=USER_ID,
        token=TOKEN,
        base_url=sandbox.url,
    )
    # Its owner's alone: the addresses carry the server's password.
    write_note(path, text)
    return path
