"""
What `--sandbox` practises with: a ready account, and a folder that says whose calls are meant.
"""

import socket
from typing import Final

from dialer.errors import SettingsError
from dialer.sandbox.desk import ENDPOINT
from dialer.sandbox.world import DEFAULT_WORLD

_HOST: Final = "127.0.0.1"
_SETTINGS: Final = """\
# Written by `dialer up --sandbox`, gone with it. Every `dialer` command in this folder reads it
# meanwhile. The account is the sandbox's own, made up; its endpoint is on this machine.
[accounts.default]
user_id = "{user_id}"
token = "{token}"
base_url = "http://{host}:{port}{endpoint}"
mode = "live"
calls_per_second = 5.0
calling_hours = "always"
"""


def settings_text(port: int) -> str:
    """
    Write the settings for a sandbox that listens on a port of this machine.
    """
    user_id, account = next(iter(DEFAULT_WORLD.accounts.items()))
    return _SETTINGS.format(
        user_id=user_id,
        token=next(iter(account.campaigns)),
        host=_HOST,
        port=port,
        endpoint=ENDPOINT,
    )


def refuse_beside(own: str | None) -> None:
    """
    Make sure that the sandbox is never mixed with somebody's real calls.

    Args:
        own: What says whose calls are meant here; None when nothing does.

    Raises:
        SettingsError: Something does; nothing was started.
    """
    if own is not None:
        raise SettingsError(
            f"{own}: is there, and other terminals would follow it instead of the sandbox;"
            " run `dialer up --sandbox` in an empty folder, without it"
        )


def free_port() -> int:
    """
    Choose a port of this machine that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
