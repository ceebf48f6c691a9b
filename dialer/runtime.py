"""
`runtime.json`: where the embedded server of this folder listens, for other terminals.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dialer.errors import SettingsError
from dialer.running import (
    RUNTIME_DIRECTORY,
    find,
    keep_note,
    mark,
    read_stack,
    sandbox_settings,
)
from dialer.settings.addresses import next_database
from dialer.settings.sources import config_file, own_settings

_FILE = "runtime.json"


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
    addresses carry the server's password. One that says so already is left alone.

    Args:
        directory: Made if it is missing.
        redis_url: The store.
        broker_url: The broker.
        pid: The server's process; when it is gone the file counts for nothing.

    Raises:
        OSError: The file cannot be written; an older one is as it was.
        psutil.NoSuchProcess: There is no such process.
    """
    said = asdict(Addresses(redis_url, broker_url)) | mark(pid)
    keep_note(directory / _FILE, json.dumps(said))


def read_runtime(directory: Path = RUNTIME_DIRECTORY) -> Addresses | None:
    """
    The addresses that a running server left; None when there is none, or it is gone.

    A file that was left by a server killed since, or that is no file of
    ours, is the same as none: its process number may belong to anybody now.
    """
    try:
        said = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        left = Addresses(str(said["redis_url"]), str(said["broker_url"]))
        return left if find(said) else None
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
        SettingsError: No address is set, and no embedded server runs here or it
            is one for practice while something says whose real calls are meant.
    """
    if redis_url is not None:
        return Addresses(redis_url, broker_url or next_database(redis_url))
    running = read_runtime(directory)
    if running is None:
        raise SettingsError(_no_server(directory))
    _refuse_to_mix(directory)
    return Addresses(running.redis_url, broker_url or running.broker_url)


def _no_server(directory: Path) -> str:
    stack = read_stack(directory)
    with suppress(KeyError, ValueError, TypeError):
        if stack["embedded"] is True and find(stack):
            return (
                f"the embedded server is down, and `dialer up` (process {stack['pid']}) starts it"
                " again: try again in a minute, or see what it says in its terminal"
            )
    return (
        f"redis_url: is not set, and no embedded server runs for {directory.absolute()};"
        " start one with `dialer up`, to practise with `dialer up --sandbox`,"
        " or set DIALER_REDIS_URL"
    )


def _refuse_to_mix(directory: Path) -> None:
    """A job made for practice must never be dialled through somebody's own account."""
    practice = sandbox_settings(directory)
    if practice is None:
        return
    read = config_file(None, os.environ)
    if read is None or read.resolve() != practice.resolve():
        raise SettingsError(
            f"{own_settings(os.environ)}: is there, and `dialer up --sandbox` runs in this folder:"
            " its practice calls must not meet a real account; stop it first, or use another folder"
        )
