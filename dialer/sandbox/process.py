"""
The sandbox as a process: `dialer sandbox` and `python -m dialer.sandbox`.
"""

import argparse
import asyncio
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


def main(argv: Sequence[str] | None = None) -> int:
    """
    Serve until SIGINT or SIGTERM.

    Prints one line of JSON, `{"url": ..., "admin": ...}`, once both ports answer.

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
        print(f"sandbox: {error}", file=sys.stderr)  # noqa: T201 - this is a command
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
        await server.run(lambda: _announce(server))
    finally:
        ledger.close()


def _announce(server: Server) -> None:
    line = json.dumps({"url": server.url, "admin": server.admin_url})
    print(line, flush=True)  # noqa: T201 - the promised line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dialer sandbox",
        description="A stand-in for the Click-to-Call API on loopback; it rings nobody.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--config", type=Path, metavar="FILE.json", help="the world, as JSON")
    parser.add_argument("--ledger", type=Path, metavar="FILE.jsonl", help="append every row here")
    return parser
