"""Addresses of store and broker: in the settings, else in the notes of this folder."""

import os
from pathlib import Path

from dialer.errors import SettingsError
from dialer.machine.run_directory import (
    OTHERS_WRITE,
    RUNTIME_DIRECTORY,
    STACK_FILE,
    Addresses,
    ours_alone,
    read_living,
    read_runtime,
    sandbox_settings,
)
from dialer.settings.addresses import next_database
from dialer.settings.sources import config_file, own_settings


def addresses(
    redis_url: str | None, broker_url: str | None, directory: Path = RUNTIME_DIRECTORY
) -> Addresses:
    """
    Addresses of store and broker: as set, else of the embedded server of this folder.

    Without a *broker_url* it is the store's server, next database. *directory* is where
    `dialer up` notes its server.

    Raises:
        SettingsError: No address is set, and no embedded server runs here or it
            is one for practice while other settings stand for real calls.
    """
    if redis_url is not None:
        return Addresses(redis_url, broker_url or next_database(redis_url))
    running = read_runtime(directory)
    if running is None:
        raise SettingsError(_no_server(directory))
    _refuse_to_mix(directory)
    return Addresses(running.redis_url, broker_url or running.broker_url)


def _no_server(directory: Path) -> str:
    stack = read_living(directory / STACK_FILE)
    if stack.get("embedded") is True:
        return (
            f"the embedded server is down, and `dialer up` (process {stack['pid']}) starts it"
            " again: try again in a minute, or see what it says in its terminal"
        )
    if directory.is_dir() and not ours_alone(directory):
        return (
            f"{directory.absolute()}: {OTHERS_WRITE}; set DIALER_REDIS_URL, or use another folder"
        )
    return (
        f"redis_url: is not set, and no embedded server runs for {directory.absolute()};"
        " start one with `dialer up`, to practise with `dialer up --sandbox`,"
        " or set DIALER_REDIS_URL"
    )


def _refuse_to_mix(directory: Path) -> None:
    """Make sure that no job made for practice is dialled through a real account."""
    practice = sandbox_settings(directory)
    if practice is None:
        return
    read = config_file(None, os.environ)
    if read is None or read.resolve() != practice.resolve():
        raise SettingsError(
            f"{own_settings(os.environ)}: is there, and `dialer up --sandbox` runs in this folder:"
            " its practice calls must not meet a real account; stop it first, or use another folder"
        )
