"""
A process whose lines we pass on.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from dialer.errors import DialerError


class ProcessFailed(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """A process of the stack was asked for before it was started."""


class Process:
    """
    One program, run any number of times, one after the other.

    It gets a session of its own, so that Ctrl-C reaches `dialer up` alone, and
    on Linux it is asked to end when the thread that started it is gone: start
    it from the main thread.

    Args:
        command: The program's full path and its arguments.
        env: All its variables.
        hear: Gets each line it writes, without the line's end; called from a
            thread of its own, and never raises.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], hear: Callable[[str], None]
    ) -> None:
        self._command = [sys.executable, "-m", "dialer.up.tied", str(os.getpid()), *command]
        self._env = dict(env)
        self._hear = hear
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """
        The process.

        Raises:
            ProcessFailed: It was not started.
        """
        if self._process is None:
            raise ProcessFailed("the process is not running; call start() first")
        return self._process.pid

    def start(self) -> None:
        """
        Start it; what it says comes from now on.

        Raises:
            OSError: It cannot be started.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own names
            self._command,
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
        status = None if self._process is None else self._process.poll()
        if status is not None and self._reader is not None:
            # Short: whoever inherited its output may hold it open.
            self._reader.join(timeout=1)
            self._reader = None
        return status

    def last_words(self) -> str:
        """Nothing: what it said was passed on."""
        return ""

    def ask(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to it and its children, and wait."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._hear(line.decode(errors="replace").rstrip())
