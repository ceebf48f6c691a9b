"""From the options to a running stack, and back to an empty folder."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from dialer.bootstrap.dialer import Dialer
from dialer.domain.api_key import ApiScope
from dialer.errors import SettingsError
from dialer.local.process import Process
from dialer.local.signals import Signals
from dialer.local.up.commands import FLOWER_USER, Command, Options, commands
from dialer.local.up.folder import DATA, PRACTICE_DATA, Folder, end
from dialer.local.up.part import Part
from dialer.local.up.printer import OURS, Printer
from dialer.local.up.server import ServerPart
from dialer.local.up.stack import Stack
from dialer.machine.run_directory import SANDBOX_SETTINGS
from dialer.sandbox.desk import ENDPOINT
from dialer.sandbox.world import DEFAULT_WORLD
from dialer.settings import Settings
from dialer.settings.sources import CONFIG_VARIABLE, own_settings, without_tokens

_SERVER: Final = "server"
_INSISTED: Final = 130
#: It stops at once or by force, in the same call.
_SERVER_PATIENCE: Final = timedelta(seconds=30)
#: The longest that a worker's calls may take, and a little.
_LEFT_OVER: Final = timedelta(seconds=60)
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


def run(options: Options) -> int:
    """
    Run the stack until SIGINT, SIGTERM or SIGHUP; 130 after a second signal, else 0.

    Raises:
        SettingsError: There is nothing to dial with, or a setting breaks a rule.
        FolderTaken, FolderUnfit: As `Folder`.
        ServerFailed: The embedded server does not start.
        OSError: A process cannot be started, or a note not be written.
        Whatever is raised, nothing is left running.
    """
    width = len("worker") + len(str(options.workers))
    with Printer(width) as printer, Signals() as signals, Folder() as folder:
        say = printer.writer(OURS)
        _end_left_over(folder, say)
        port = _free_port()
        settings = _practice_settings(folder, port) if options.sandbox else _own_settings()
        stack = _stack(options, settings, folder, printer, port)
        try:
            stack.start()
            if options.sandbox and options.api:
                say(practice_line(settings))
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


def _practice_settings(folder: Folder, port: int) -> Settings:
    refuse_beside(own_settings(os.environ))
    folder.practice = settings_text(port)
    folder.keep(())
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
    options: Options, settings: Settings, folder: Folder, printer: Printer, sandbox_port: int
) -> Stack:
    password = ""
    if options.api:
        check_free(settings.api.address, settings.api.port, "api", "--no-api")
        printer.writer(OURS)(f"the HTTP service is at {settings.api.url}: ops/http.md")
    if options.flower:
        password = "" if settings.flower.user else secrets.token_urlsafe(12)
        _announce_flower(settings, password, printer.writer(OURS))
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
        data = folder.path / (PRACTICE_DATA if folder.practice else DATA)
        folder.server = server = ServerPart(data, folder.path)
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if folder.practice:
        # By name: a dialer.toml that is written meanwhile is none of the practice's.
        env[CONFIG_VARIABLE] = str((folder.path / SANDBOX_SETTINGS).absolute())
    return Stack(
        Part(_SERVER, server, printer.writer(_SERVER), _SERVER_PATIENCE) if server else None,
        [(one.stops, _part(one, printer, env)) for one in planned],
        folder=folder,
        say=printer.writer(OURS),
    )


def _part(command: Command, printer: Printer, env: Mapping[str, str]) -> Part:
    say = printer.writer(command.name)
    env = {**(env if command.dials else without_tokens(env)), **command.env}
    return Part(command.name, Process(command.argv, env, say), say, command.patience)


def _announce_flower(settings: Settings, password: str, say: Callable[[str], None]) -> None:
    flower = settings.flower
    check_free(flower.address, flower.port, "flower", "--no-flower")
    login = f"user {FLOWER_USER}, password {password}" if password else "login as in [flower]"
    say(f"Flower is at http://{flower.address}:{flower.port}: {login}")


def settings_text(port: int) -> str:
    """Settings for a sandbox that listens on a port of this machine."""
    user_id, account = next(iter(DEFAULT_WORLD.accounts.items()))
    return _SETTINGS.format(
        user_id=user_id,
        token=next(iter(account.campaigns)),
        host=_HOST,
        port=port,
        endpoint=ENDPOINT,
    )


def refuse_beside(own: str | None) -> None:
    """Raise SettingsError where *own* settings exist: practice never meets real calls."""
    if own is not None:
        raise SettingsError(
            f"{own}: is there, and other terminals would follow it instead of the sandbox;"
            " run `dialer up --sandbox` in an empty folder, without it"
        )


def check_free(address: str, port: int, section: str, option: str) -> None:
    """Raise SettingsError where a part could not listen; *option* leaves it out."""
    try:
        with socket.create_server((address, port)):
            pass
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise SettingsError(
            f"{section}.port: {port} of {address} cannot be used: {why}; choose another with"
            f" DIALER_{section.upper()}__PORT, or leave it out with {option}"
        ) from None


def practice_line(settings: Settings) -> str:
    """Make a key for practice, and a line that hands one call in with it; numbers are made up."""
    # An earlier practice's key is of the same store, perhaps.
    name = f"practice-{secrets.token_hex(3)}"
    with Dialer.from_settings(settings, who="dialer up") as dialer:
        _, key = dialer.api_keys.create(
            name, list(ApiScope), reveal=True, expires=timedelta(days=1)
        )
    body = '{"from": "8000000001", "to": "9000000001", "key": "first"}'
    return (
        f"a key for practice, good for a day: {key}\nhand a call in:"
        f" curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
        f" -d '{body}' {settings.api.url}/v1/calls"
    )


def _free_port() -> int:
    """Port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
