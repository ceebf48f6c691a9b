"""
The notes in `.dialer/` by which terminals find what `dialer up` runs there.

A note counts while the process that it names runs. A process number may be another's
by now; with the start time beside it, it names one for ever.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_ISLNK, S_IWGRP, S_IWOTH
from typing import Any

import psutil

from dialer.machine.whole_file import WholeFile

#: Below the current directory, so that two projects do not meet.
RUNTIME_DIRECTORY = Path(".dialer")
#: What `dialer up` notes of itself and of the processes it started.
STACK_FILE = "up.json"
#: The settings that `dialer up --sandbox` leaves for other terminals.
SANDBOX_SETTINGS = "sandbox.toml"
#: Where the embedded server listens.
_ADDRESSES = "runtime.json"

#: What lets other users write.
_OTHERS = S_IWGRP | S_IWOTH
#: Why a folder's notes are not believed.
OTHERS_WRITE = "is another user's, or others may write in it (chmod go-w), so it may say anything"
#: Two readings of one process's start may differ by a clock tick; seconds.
_SAME_START = 1.0


def mark(pid: int) -> dict[str, Any]:
    """Number and start time of a running process; psutil.NoSuchProcess where there is none."""
    return {"pid": pid, "started": psutil.Process(pid).create_time()}


def ours_alone(path: Path) -> bool:
    """
    Whether only we, and root, can have written a note or a folder of notes.

    A note that is a link is not ours; a folder may be one.
    """
    try:
        stat = path.stat() if path.is_dir() else path.lstat()
    except OSError:
        return False
    return stat.st_uid == os.geteuid() and not stat.st_mode & _OTHERS and not S_ISLNK(stat.st_mode)


def read_note(path: Path) -> Any:
    """JSON of a note that `ours_alone` vouches for; None for any other."""
    try:
        if ours_alone(path.parent) and ours_alone(path):
            return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass
    return None


def find(marked: Mapping[str, Any]) -> psutil.Process | None:
    """
    Process that a mark names; None when it is gone, even if its number is used again.

    Raises:
        KeyError, ValueError, TypeError: This is no mark.
    """
    pid, started = int(marked["pid"]), float(marked["started"])
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SAME_START
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def read_living(path: Path) -> dict[str, Any]:
    """
    Content of a note whose process runs; empty for any other.

    A note that outlived its process is none: its addresses may be another's by now.
    """
    note = read_note(path)
    with suppress(KeyError, ValueError, TypeError):
        if find(note):
            return dict(note)
    return {}


def write_note(path: Path, text: str) -> None:
    """
    Write a file that appears whole or not at all, readable by its owner only.

    Its folders are made where they are missing, for the owner only. OSError where it cannot
    be written; an older one is as it was.
    """
    _make(path.parent)
    with WholeFile(path) as file:
        file.text.write(text)
        file.keep()


def _make(folder: Path) -> None:
    # Not with parents=True: those would be made for whomever the umask lets in.
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def keep_note(path: Path, text: str) -> None:
    """Write a note as `write_note` does, unless it stands there word for word."""
    with suppress(OSError, ValueError):  # gone, or no text any more
        if path.read_text(encoding="utf-8") == text:
            return
    write_note(path, text)


def read_stack(directory: Path = RUNTIME_DIRECTORY) -> dict[str, Any]:
    """Note of a `dialer up` of this folder, running or not; empty when nothing can be read."""
    note = read_note(directory / STACK_FILE)
    return note if isinstance(note, dict) else {}


def sandbox_settings(directory: Path = RUNTIME_DIRECTORY) -> Path | None:
    """Settings of a `dialer up --sandbox` that runs in this folder now; else None."""
    practises = read_living(directory / STACK_FILE).get("sandbox") is True
    return directory / SANDBOX_SETTINGS if practises else None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of store and broker; both hold a password perhaps, so neither is shown."""

    redis_url: str
    broker_url: str

    def __repr__(self) -> str:
        return "Addresses(…)"


def write_runtime(directory: Path, redis_url: str, broker_url: str, pid: int) -> None:
    """
    Note the addresses of a running server for other processes of the same user.

    Raises:
        OSError: The note cannot be written; an older one is as it was.
        psutil.NoSuchProcess: There is no process *pid*.
    """
    note = asdict(Addresses(redis_url, broker_url)) | mark(pid)
    keep_note(directory / _ADDRESSES, json.dumps(note))


def read_runtime(directory: Path) -> Addresses | None:
    """Addresses that a running server noted; None when there is none, or it is gone."""
    note = read_living(directory / _ADDRESSES)
    try:
        return Addresses(str(note["redis_url"]), str(note["broker_url"]))
    except KeyError:
        return None


def remove_runtime(directory: Path) -> None:
    """Remove the addresses, if they are there, when the server stops."""
    (directory / _ADDRESSES).unlink(missing_ok=True)
