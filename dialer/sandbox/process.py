"""The sandbox as a process: `dialer sandbox` and `python -m dialer.sandbox`."""

import argparse
import errno
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from dialer.errors import SandboxRefused
from dialer.sandbox.server import Sandbox
from dialer.sandbox.world import DEFAULT_WORLD, World
from dialer.text.printable import printable, printable_lines

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
    Serve until SIGINT or SIGTERM; 0 after it, 1 with the reason on stderr, 2 for wrong usage.

    Prints one line of JSON, `{"url": ..., "admin": ...}`, once both ports answer,
    and for a person the settings with which a worker calls it.
    """
    options = _parser().parse_args(argv)
    try:
        world = World.from_json(options.config.read_bytes()) if options.config else DEFAULT_WORLD
        _serve(world, options)
    except (ValueError, OSError, SandboxRefused) as error:
        reasons = printable_lines(f"sandbox: {_reason(error, options)}")
        print(*reasons, sep="\n", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


def _serve(world: World, options: argparse.Namespace) -> None:
    sandbox = Sandbox(world, host=options.host, port=options.port, ledger_path=options.ledger)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    try:
        _announce(sandbox.start())
        over.wait()
    finally:
        sandbox.stop()


def _announce(sandbox: Sandbox) -> None:
    line = json.dumps({"url": sandbox.url, "admin": sandbox.admin_url})
    print(line, flush=True)  # noqa: T201 - the promised line
    if sys.stderr.isatty():
        shown = printable_lines(_settings(sandbox.url, sandbox.world))
        print(*shown, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 - for a person


def _settings(url: str, world: World) -> str:
    """Variables with which a worker calls this sandbox, for one account of the world."""
    lines = [f"export DIALER_ACCOUNTS__DEFAULT__BASE_URL={url}"]
    for user_id, account in list(world.accounts.items())[:1]:
        lines.append(f"export DIALER_ACCOUNTS__DEFAULT__USER_ID={user_id}")
        # Made up, like everything here: the author of a world knows its tokens.
        tokens = list(account.campaigns)[:1]
        lines += [f"export DIALER_ACCOUNTS__DEFAULT__TOKEN={token}" for token in tokens]
    return "\n".join(["settings for workers and `dialer` in other terminals:", *lines])


def _reason(error: Exception, options: argparse.Namespace) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} is in use; give another --port, or none"
    return printable(f"{error.filename or options.host}: {error.strerror or error}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
