"""
The folder `.dialer/`: ours alone while we run, and what a killed `dialer up` left in it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import psutil

from dialer.embedded import left_in
from dialer.errors import DialerError
from dialer.running import (
    RUNTIME_DIRECTORY,
    SANDBOX_SETTINGS,
    STACK_FILE,
    find,
    keep_note,
    mark,
    read_stack,
)
from dialer.runtime import remove_runtime

_LOCK = "up.lock"
#: Where servers keep their data; apart, so that no job made for practice is ever dialled for real.
DATA, PRACTICE_DATA = "redis", "sandbox-redis"


class FolderTaken(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """Another `dialer up` runs in this folder."""


class Folder:
    """
    The notes of one `dialer up`; use it in a `with` statement.

    Nobody else can have the folder meanwhile; leaving the block takes the
    notes away.

    Args:
        path: Made if it is missing, for its owner only.

    Raises:
        FolderTaken: Another `dialer up` has it.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path = RUNTIME_DIRECTORY) -> None:
        self.path = path
        self._lock = -1

    def __enter__(self) -> Self:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not inherited by what we start: whoever is left over does not keep it locked.
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise FolderTaken(
                f"{self.path.absolute()}: `dialer up` runs here already, as process"
                f" {read_stack(self.path).get('pid', '?')}; stop it first, or use another folder"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        # Where they cannot be taken away, nobody believes them: what they name is gone.
        with contextlib.suppress(OSError):
            self.forget()
        os.close(self._lock)

    def note(
        self, *, sandbox: bool, parts: Iterable[int], server: int | None, embedded: bool = True
    ) -> None:
        """
        Leave word of us and of what we started, for other terminals and for our successor.

        Nothing is written where it stands already.

        Args:
            sandbox: Whether `sandbox.toml` is what other terminals shall read.
            parts: The processes, the server apart.
            server: The embedded server's process; None while it is down.
            embedded: Whether there is such a server at all.

        Raises:
            OSError: It cannot be written.
        """
        said = mark(os.getpid()) | {
            "sandbox": sandbox,
            "parts": list(_marks(parts)),
            "server": list(_marks([server] if server else [])),
            "embedded": embedded,
        }
        keep_note(self.path / STACK_FILE, json.dumps(said))

    def left_over(self) -> tuple[list[psutil.Process], list[psutil.Process]]:
        """
        What a `dialer up` that was killed here left running: its parts, and its server.

        The server also when it was just being started, and no note names it.
        """
        said = read_stack(self.path)
        servers = _found(said.get("server"))
        unnoted = filter(None, (left_in(self.path / data) for data in (DATA, PRACTICE_DATA)))
        return _found(said.get("parts")), [
            *servers,
            *(one for one in unnoted if one not in servers),
        ]

    def forget(self) -> None:
        """Take every note away."""
        remove_runtime(self.path)
        for name in (STACK_FILE, SANDBOX_SETTINGS):
            (self.path / name).unlink(missing_ok=True)


def end(processes: Iterable[psutil.Process], patience: timedelta) -> None:
    """
    End processes that are not our children in peace, by force when it takes too long.
    """
    processes = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=patience.total_seconds())
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=patience.total_seconds())


def _marks(pids: Iterable[int]) -> Iterable[Mapping[str, Any]]:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):  # it died meanwhile
            yield mark(pid)


def _found(marks: object) -> list[psutil.Process]:
    with contextlib.suppress(KeyError, ValueError, TypeError):
        if isinstance(marks, list):
            return [process for one in marks if (process := find(one))]
    return []
