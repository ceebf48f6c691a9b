"""A process of ours: started, asked to end, ended by force, and started again."""

import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, ClassVar

from dialer.errors import DialerError


class ProcessFailed(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """Use of a process of this machine before it was started."""


class ChildProcess(ABC):
    """
    One program, run any number of times, one after the other.

    It gets a session of its own, so that Ctrl-C reaches us alone.
    """

    kind: ClassVar[str] = "the process"
    failure: ClassVar[type[DialerError]] = ProcessFailed
    #: How long `stop` waits for an end in peace.
    _patience = timedelta(seconds=15)
    _process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Start it; DialerError or OSError when that fails, and nothing is left running."""

    @property
    def pid(self) -> int:
        """Process id; raises `failure` while it does not run."""
        if self._process is None or self._process.returncode is not None:
            raise self.failure(f"{self.kind} is not running; call start() first")
        return self._process.pid

    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs, and before the first time."""
        return None if self._process is None else self._process.poll()

    def last_words(self) -> str:
        """Likely cause of an unexpected exit; "" where its lines have said it already."""
        return ""

    def ask(self) -> None:
        """Ask it to end in peace; returns at once."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """End it in peace, by force when that takes too long; it is gone on return."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(self._patience.total_seconds())
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it and its children as a crash would; they are gone on return."""
        # Only while it is ours to wait for: its number may be another's after that.
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Process(ChildProcess):
    """
    A program whose lines are passed on.

    On Linux it is asked to end when the thread that started it is gone: start
    it from the main thread.

    Args:
        on_line: Gets each line without its end, in a thread of its own; never raises.
        directory: Where it runs; None for where we do.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        on_line: Callable[[str], None],
        directory: Path | None = None,
    ) -> None:
        self._command = [sys.executable, "-m", "dialer.local.tied", str(os.getpid()), *command]
        self._env = dict(env)
        self._on_line = on_line
        self._directory = directory
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start it and pass its lines on; OSError where it cannot be started."""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own names
            self._command,
            cwd=self._directory,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="lines", daemon=True
        )
        self._reader.start()

    def ended(self) -> int | None:
        """Its exit status, once its last line was passed on; None while it runs."""
        status = super().ended()
        if status is not None and self._reader is not None:
            # Short: a child that inherited its output may hold it open.
            self._reader.join(timeout=1)
            self._reader = None
        return status

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._on_line(line.decode(errors="replace").rstrip())
