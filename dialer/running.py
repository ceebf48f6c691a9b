"""
Whether what left a note in `.dialer/` still runs, and what `dialer up` left there.

A process number alone may belong to anybody by now; with the start time
beside it, it names one process for ever.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

#: Below the current directory, so that two projects do not meet.
RUNTIME_DIRECTORY = Path(".dialer")
#: What `dialer up` notes of itself and of the processes it started.
STACK_FILE = "up.json"
#: The settings that `dialer up --sandbox` leaves for other terminals.
SANDBOX_SETTINGS = "sandbox.toml"

#: Two readings of one process's start may differ by a clock tick; seconds.
_SAME_START = 1.0


def mark(pid: int) -> dict[str, Any]:
    """
    Name a running process for ever: its number and when it started.

    Raises:
        psutil.NoSuchProcess: There is no such process.
    """
    return {"pid": pid, "started": psutil.Process(pid).create_time()}


def find(said: Mapping[str, Any]) -> psutil.Process | None:
    """
    Find the process that a mark names; None when it is gone, whoever has its number now.

    Raises:
        KeyError, ValueError, TypeError: This is no mark.
    """
    pid, started = int(said["pid"]), float(said["started"])
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SAME_START
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def write_note(path: Path, text: str) -> None:
    """
    Write a file that appears whole or not at all, readable by its owner only.

    Args:
        path: Its folder is made if it is missing, for the owner only.
        text: The whole content.

    Raises:
        OSError: It cannot be written; an older one is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 at once
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def keep_note(path: Path, text: str) -> None:
    """
    Write a note as `write_note` does, unless it stands there word for word.

    Raises:
        OSError: It cannot be written; an older one is as it was.
    """
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, ValueError):  # gone, or no text any more
        pass
    write_note(path, text)


def read_stack(directory: Path = RUNTIME_DIRECTORY) -> dict[str, Any]:
    """
    What a `dialer up` of this folder noted, running or not; empty when nothing can be read.
    """
    try:
        said = json.loads((directory / STACK_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def sandbox_settings(directory: Path = RUNTIME_DIRECTORY) -> Path | None:
    """
    The settings of a `dialer up --sandbox` that runs in this folder now; else None.

    A file that outlived its stack is the same as none: it would name an
    address where anybody may listen by now.
    """
    said = read_stack(directory)
    with suppress(KeyError, ValueError, TypeError):
        if said["sandbox"] is True and find(said):
            return directory / SANDBOX_SETTINGS
    return None
