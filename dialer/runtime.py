"""
`runtime.json`: where the embedded server of this folder listens, for other terminals.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from dialer.errors import SettingsError
from dialer.settings.addresses import next_database

#: Below the current directory, so that two projects do not meet.
RUNTIME_DIRECTORY = Path(".dialer")

_FILE = "runtime.json"
#: Two readings of one process's start may differ by a clock tick; seconds.
_SAME_START = 1.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """
    Where the store and the broker are; both hold a password perhaps, so neither is shown.

    Attributes:
        redis_url: The store.
        broker_url: Celery's broker.
    """

    redis_url: str
    broker_url: str

    def __repr__(self) -> str:
        return "Addresses(…)"


def write_runtime(directory: Path, redis_url: str, broker_url: str, pid: int) -> None:
    """
    Leave the addresses of a running server for other processes of the same user.

    The file appears whole or not at all, readable by its owner only: the
    addresses carry the server's password.

    Args:
        directory: Made if it is missing.
        redis_url: The store.
        broker_url: The broker.
        pid: The server's process; when it is gone the file counts for nothing.

    Raises:
        OSError: The file cannot be written; an older one is as it was.
        psutil.NoSuchProcess: There is no such process.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = {
        **asdict(Addresses(redis_url, broker_url)),
        "pid": pid,
        "started": psutil.Process(pid).create_time(),
    }
    handle, name = tempfile.mkstemp(dir=directory, prefix=f".{_FILE}.")  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(said, file)
        Path(name).replace(directory / _FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_runtime(directory: Path = RUNTIME_DIRECTORY) -> Addresses | None:
    """
    The addresses that a running server left; None when there is none, or it is gone.

    A file that was left by a server killed since, or that is no file of
    ours, is the same as none: its process number may belong to anybody now.
    """
    try:
        said = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        left = Addresses(str(said["redis_url"]), str(said["broker_url"]))
        return left if _runs(said) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_runtime(directory: Path = RUNTIME_DIRECTORY) -> None:
    """Take the file away, if it is there; for whoever stops the server."""
    (directory / _FILE).unlink(missing_ok=True)


def addresses(
    redis_url: str | None, broker_url: str | None, directory: Path = RUNTIME_DIRECTORY
) -> Addresses:
    """
    Where the store and the broker are: as set, else on the embedded server of this folder.

    Args:
        redis_url: The setting; None to look for an embedded server.
        broker_url: The setting; None for the store's server, next database.
        directory: Where `dialer up` leaves the addresses of its server.

    Raises:
        SettingsError: No address is set and no embedded server runs here.
    """
    if redis_url is not None:
        return Addresses(redis_url, broker_url or next_database(redis_url))
    running = read_runtime(directory)
    if running is None:
        raise SettingsError(
            f"redis_url: is not set, and no embedded server runs for {directory.absolute()};"
            " start one with `dialer up`, or set DIALER_REDIS_URL"
        )
    return Addresses(running.redis_url, broker_url or running.broker_url)


def _runs(said: Mapping[str, Any]) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(int(said["pid"]))
        same = abs(process.create_time() - float(said["started"])) < _SAME_START
        return same and process.status() != psutil.STATUS_ZOMBIE
    return False
