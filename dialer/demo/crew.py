"""
The demo's Celery processes: started, killed and ended here, each by its own id.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import psutil

from dialer.errors import DialerError

#: A worker that had nothing to do is gone well before.
_PATIENCE = timedelta(seconds=15)
_LAST_LINES = 8


class CrewFailed(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """A process of the demo ended by itself; quotes the end of its log."""


class Crew:
    """
    Celery processes that share one folder and one settings file.

    They get sessions of their own, so that Ctrl-C reaches the demo alone and
    it ends them in its own order.

    Args:
        directory: Where they run and write their logs.
        config: Their `dialer.toml`.
    """

    def __init__(self, directory: Path, config: Path) -> None:
        self._directory = directory
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
        self._env = ours | {"DIALER_CONFIG": str(config)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, kind: str, name: str) -> int:
        """
        Start a "worker" or "beat" and return its process id.
        """
        node = ["-n", f"{name}@demo"] if kind == "worker" else []
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own names
                [sys.executable, "-m", "celery", "-A", "workers.app", kind, *node],
                cwd=self._directory,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes[name] = process
        return process.pid

    def check(self) -> None:
        """
        Make sure that every process still runs.

        Raises:
            CrewFailed: One does not.
        """
        for name, process in self._processes.items():
            if process.poll() is not None:
                lines = self._log(name).read_text(errors="replace").splitlines()[-_LAST_LINES:]
                words = "\n  ".join([f"the end of its log, {len(lines)} lines:", *lines])
                raise CrewFailed(f"{name} ended with status {process.returncode}; {words}")

    def open_requests(self, port: int) -> dict[str, int]:
        """
        Count each process's connections to a port of this machine.
        """
        return {name: _connections(process.pid, port) for name, process in self._processes.items()}

    def kill(self, name: str) -> None:
        """
        End a process as a crash would, with SIGKILL.
        """
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """
        End every process politely, by force when it takes too long; all are gone on return.
        """
        self._end(self._processes.values(), _PATIENCE)

    def stop_now(self) -> None:
        """
        End every process by force.
        """
        self._end(self._processes.values(), timedelta(0))

    def _end(self, processes: Iterable["subprocess.Popen[bytes]"], patience: timedelta) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(patience.total_seconds())
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"


def _connections(pid: int, port: int) -> int:
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return sum(
        bool(one.raddr) and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
        for one in found
    )
