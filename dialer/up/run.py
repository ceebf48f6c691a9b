"""
From the options to a running stack, and back to an empty folder.
"""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from dialer.errors import SettingsError
from dialer.running import SANDBOX_SETTINGS
from dialer.settings import Settings
from dialer.settings.sources import CONFIG_VARIABLE, own_settings
from dialer.up.commands import FLOWER_USER, Command, Options, commands
from dialer.up.folder import DATA, PRACTICE_DATA, Folder, end
from dialer.up.notes import Notes
from dialer.up.part import Part
from dialer.up.practice import free_port, refuse_beside, settings_text
from dialer.up.printer import OURS, Printer
from dialer.up.process import Process
from dialer.up.server import ServerPart
from dialer.up.signals import Signals
from dialer.up.stack import Stack

_SERVER: Final = "server"
_INSISTED: Final = 130
#: It stops at once or by force, in the same call.
_SERVER_PATIENCE: Final = timedelta(seconds=30)
#: The longest that a worker's calls may take, and a little.
_LEFT_OVER: Final = timedelta(seconds=60)


def run(options: Options) -> int:
    """
    Run the stack until SIGINT, SIGTERM or SIGHUP.

    Returns:
        0 after a stop in peace, 130 after a second signal.

    Raises:
        SettingsError: There is nothing to dial with, or a setting breaks a rule.
        FolderTaken: Another `dialer up` runs here.
        ServerFailed: The embedded server does not start.
        OSError: A process cannot be started, or `.dialer/` cannot be written.
        Whatever is raised, nothing is left running.
    """
    width = len("worker") + len(str(options.workers))
    with Printer(width) as printer, Signals() as signals, Folder() as folder:
        say = printer.voice(OURS)
        _end_left_over(folder, say)
        port = free_port()
        practice = settings_text(port) if options.sandbox else ""
        settings = _practice_settings(folder, practice) if practice else _own_settings()
        stack = _stack(options, settings, folder, printer, practice=practice, sandbox_port=port)
        try:
            stack.start()
            say("Ctrl-C stops everything when its calls are done; a second one, at once")
            stack.watch(signals)
            stack.stop()
        except KeyboardInterrupt:
            say("ended at once; calls that were on the wire will be unconfirmed")
            return _INSISTED
        finally:
            stack.kill()
    return 0


def _end_left_over(folder: Folder, say: Callable[[str], None]) -> None:
    parts, server = folder.left_over()
    if parts or server:
        say("ending what a `dialer up` that was killed here left running")
        end(parts, _LEFT_OVER)
        end(server, _LEFT_OVER)
    folder.forget()


def _practice_settings(folder: Folder, practice: str) -> Settings:
    refuse_beside(own_settings(os.environ))
    Notes(folder, None, practice).keep((), None)
    # Found as every other terminal finds them.
    return Settings.load()


def _own_settings() -> Settings:
    settings = Settings.load()
    if not settings.accounts:
        raise SettingsError(
            "no account is configured: a Click-to-Call campaign at Sarv.com has a user id and a"
            " token; write them into dialer.toml as [accounts.default] with user_id and token_file."
            "\nWithout one, `dialer up --sandbox` runs everything and rings nobody."
        )
    for account in settings.accounts.values():
        account.endpoint_token()
    return settings


def _stack(
    options: Options,
    settings: Settings,
    folder: Folder,
    printer: Printer,
    *,
    practice: str,
    sandbox_port: int,
) -> Stack:
    password = _flower_password(settings) if options.flower else ""
    if options.flower:
        _announce_flower(settings, password, printer.voice(OURS))
    ledger = folder.path / "sandbox-ledger.jsonl"
    planned = commands(
        options,
        settings,
        stack=str(os.getpid()),
        sandbox=("--port", str(sandbox_port), "--ledger", str(ledger)),
        flower_password=password,
    )
    server = None
    if settings.redis_url is None:
        server = ServerPart(folder.path / (PRACTICE_DATA if practice else DATA), folder.path)
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if practice:
        # By name: a dialer.toml that somebody writes meanwhile is none of the practice's.
        env[CONFIG_VARIABLE] = str((folder.path / SANDBOX_SETTINGS).absolute())
    return Stack(
        Part(_SERVER, server, printer.voice(_SERVER), _SERVER_PATIENCE) if server else None,
        [(one.stops, _part(one, printer, env)) for one in planned],
        notes=Notes(folder, server, practice),
        say=printer.voice(OURS),
    )


def _part(command: Command, printer: Printer, env: Mapping[str, str]) -> Part:
    say = printer.voice(command.name)
    env = {**env, **command.env}
    return Part(command.name, Process(command.argv, env, say), say, command.patience)


def _flower_password(settings: Settings) -> str:
    return "" if settings.flower.user else secrets.token_urlsafe(12)


def _announce_flower(settings: Settings, password: str, say: Callable[[str], None]) -> None:
    flower = settings.flower
    try:
        with socket.create_server((flower.address, flower.port)):
            pass
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise SettingsError(
            f"flower.port: {flower.port} of {flower.address} cannot be used: {why};"
            " choose another with DIALER_FLOWER__PORT, or leave Flower out with --no-flower"
        ) from None
    login = f"user {FLOWER_USER}, password {password}" if password else "login as in [flower]"
    say(f"Flower is at http://{flower.address}:{flower.port}: {login}")
