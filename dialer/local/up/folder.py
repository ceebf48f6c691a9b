"""The folder `.dialer/`: ours alone while we run; its notes, and leftovers of a killed stack."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, Self

import psutil

from dialer.errors import DialerError, out_of_files
from dialer.local.embedded_server import left_in
from dialer.local.up.server import ServerPart
from dialer.machine.run_directory import (
    OTHERS_WRITE,
    RUNTIME_DIRECTORY,
    SANDBOX_SETTINGS,
    STACK_FILE,
    find,
    keep_note,
    mark,
    ours_alone,
    read_stack,
    remove_runtime,
)

_LOCK = "up.lock"
#: What the command line of each part names.
_PROGRAMS = ("workers.app", "workers.flower", "dialer.sandbox", "dialer api")
#: Where servers keep their data; apart, so that no job made for practice is ever dialled for real.
DATA, PRACTICE_DATA = "redis", "sandbox-redis"


class FolderTaken(DialerError):  # noqa: N818 - named like its siblings in dialer.errors
    """Another `dialer up` runs in this folder."""


class FolderUnfit(DialerError):  # noqa: N818 - same
    """Folder where we cannot write, or others can; by its notes processes are ended."""


class Folder:
    """
    The notes of one `dialer up`: locked in its `with` block, and taken away at its end.

    Attributes:
        path: Made if missing, for its owner only.
        server: The embedded server; None where the settings name another one.
        practice: The settings for other terminals with --sandbox; "" without.

    Raises:
        FolderTaken: Another `dialer up` has it.
        FolderUnfit: It cannot be written, or others may write in it.
    """

    def __init__(self, path: Path = RUNTIME_DIRECTORY) -> None:
        self.path = path
        self.server: ServerPart | None = None
        self.practice = ""
        self._lock = -1

    def __enter__(self) -> Self:
        self._lock = self._open_lock()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._refuse()
        # The lock may be new: deleting the file does not end its holder.
        other = _found([read_stack(self.path)])
        if other and other[0].pid != os.getpid():
            self._refuse()
        return self

    def _open_lock(self) -> int:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not ours_alone(self.path):
                raise FolderUnfit(
                    f"{self.path.absolute()}: {OTHERS_WRITE}; correct that, or use another folder"
                )
            # Not inherited by our processes: one that is left over does not keep it locked.
            return os.open(self.path / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600)
        except OSError as error:
            if out_of_files(error):
                raise
            raise FolderUnfit(
                f"{self.path.absolute()}: cannot be written: {error.strerror}; start in a folder"
                " that can"
            ) from None

    def _refuse(self) -> NoReturn:
        os.close(self._lock)
        raise FolderTaken(
            f"{self.path.absolute()}: `dialer up` runs here already, as process"
            f" {read_stack(self.path).get('pid', '?')}; stop it first, or use another folder"
        ) from None

    def __exit__(self, *_: object) -> None:
        # Where they cannot be removed they count for nothing: the processes are gone.
        with contextlib.suppress(OSError):
            self.forget()
        os.close(self._lock)

    def keep(self, parts: Iterable[int]) -> None:
        """
        Write notes that are missing, changed or stale (OSError); else only look.

        A clock that was set makes them stale: they name a process by its start. *parts* are the
        processes that run, the server apart.
        """
        if self.practice:
            keep_note(self.path / SANDBOX_SETTINGS, self.practice)
        embedded = self.server is not None
        self.note(sandbox=bool(self.practice), parts=parts, embedded=embedded)
        if self.server is not None:
            self.server.note()

    def note(self, *, sandbox: bool, parts: Iterable[int], embedded: bool = True) -> None:
        """
        Note this process and those it started, for other terminals and our successor.

        Nothing is written where it stands already; OSError where it cannot be. *sandbox* says that
        `sandbox.toml` is what other terminals read, *parts* leave the server out.
        """
        content = mark(os.getpid()) | {
            "sandbox": sandbox,
            "parts": list(_marks(parts)),
            "embedded": embedded,
        }
        keep_note(self.path / STACK_FILE, json.dumps(content))

    def left_over(self) -> tuple[list[psutil.Process], list[psutil.Process]]:
        """
        Parts and servers that a killed `dialer up` left running here.

        Only programs of ours that run as we do: other processes in a note are left alone.
        """
        parts = _found(read_stack(self.path).get("parts"))
        servers = (left_in(self.path / data) for data in (DATA, PRACTICE_DATA))
        return [one for one in parts if _is_part(one)], [one for one in servers if one]

    def forget(self) -> None:
        """Remove every note."""
        remove_runtime(self.path)
        for name in (STACK_FILE, SANDBOX_SETTINGS):
            (self.path / name).unlink(missing_ok=True)


def end(processes: Iterable[psutil.Process], patience: timedelta) -> None:
    """End processes that are not our children in peace, by force when it takes too long."""
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


def _is_part(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        words = " ".join(process.cmdline())
        ours = process.uids().effective == os.geteuid()
        return ours and any(one in words for one in _PROGRAMS)
    return False


def _found(marks: object) -> list[psutil.Process]:
    with contextlib.suppress(KeyError, ValueError, TypeError):
        if isinstance(marks, list):
            return [process for one in marks if (process := find(one))]
    return []
