"""
The sandbox as a process: `dialer sandbox` and `python -m dialer.sandbox`.
"""

import argparse
import asyncio
import errno
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dialer.errors import SandboxRefused
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.server import Server
from dialer.sandbox.threaded import utc_now
from dialer.sandbox.world import DEFAULT_WORLD, World

_EPILOG = """\
Without --config it knows user id 00000001 with the token
sandbox-token-not-secret, agents 11 to 13, group 21 (agents 11 and 12) and
group 22 (agent 13). Agent 13 is logged out: calls that ring it first are refused
(1578) and tried again later; those of group 22 are taken, and reach nobody
(dialer/sandbox/world.py).

Once it serves it prints its addresses. "admin" takes troubles and tells what
came in (dialer/sandbox/admin.py, dialer/sandbox/faults.py):

  curl -d '{"do": "place_then_drop", "when": {"nth": 1}}' ADMIN/faults
  curl -d '{"do": "code", "code": "1501", "when": {"times": 3}}' ADMIN/faults
  curl -X DELETE ADMIN/faults
  curl ADMIN/ledger
"""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Serve until SIGINT or SIGTERM.

    Prints one line of JSON, `{"url": ..., "admin": ...}`, once both ports answer,
    and for a person the settings with which a worker calls it.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 after a signal, 1 when it could not start; the reason is on stderr.
        Wrong usage ends the process with 2.
    """
    options = _parser().parse_args(argv)
    try:
        world = World.from_json(options.config.read_bytes()) if options.config else DEFAULT_WORLD
        asyncio.run(_serve(world, options))
    except (ValueError, OSError, SandboxRefused) as error:
        print(f"sandbox: {_reason(error, options)}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


async def _serve(world: World, options: argparse.Namespace) -> None:
    ledger = Ledger(options.ledger)
    try:
        server = Server(
            world=world, ledger=ledger, now=utc_now, host=options.host, port=options.port
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.end)
        await server.run(lambda: _announce(server, world))
    finally:
        ledger.close()


def _announce(server: Server, world: World) -> None:
    line = json.dumps({"url": server.url, "admin": server.admin_url})
    print(line, flush=True)  # noqa: T201 - the promised line
    if sys.stderr.isatty():
        print(_settings(server.url, world), file=sys.stderr, flush=True)  # noqa: T201 - for a person


def _settings(url: str, world: World) -> str:
    """The variables with which a worker calls this sandbox, for one account of the world."""
    lines = [f"export DIALER_ACCOUNTS__DEFAULT__BASE_URL={url}"]
    for user_id, account in list(world.accounts.items())[:1]:
        lines.append(f"export DIALER_ACCOUNTS__DEFAULT__USER_ID={user_id}")
        # Made up, like everything here: whoever writes a world knows its tokens.
        tokens = list(account.campaigns)[:1]
        lines += [f"export DIALER_ACCOUNTS__DEFAULT__TOKEN={token}" for token in tokens]
    return "\n".join(["settings for workers and `dialer` in other terminals:", *lines])


def _reason(error: Exception, options: argparse.Namespace) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} is in use; give another --port, or none"
    return f"{error.filename or options.host}: {error.strerror or error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dialer sandbox",
        description="A stand-in for the Click-to-Call API on loopback; it rings nobody.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--config", type=Path, metavar="FILE.json", help="the world, as JSON")
    parser.add_argument("--ledger", type=Path, metavar="FILE.jsonl", help="append every row here")
    return parser
