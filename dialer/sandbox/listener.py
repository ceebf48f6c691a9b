"""A loopback port that can stop listening and start again without losing its number."""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Final

from dialer.errors import SandboxRefused

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
_BACKLOG: Final = 2048
_LAST_PORT: Final = 65535


def loopback(host: str) -> str:
    """Address to bind for *host*; SandboxRefused where it is not loopback, nothing was bound."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise SandboxRefused(
        f'host: "{host}" is not a loopback address; the sandbox binds 127.0.0.1, ::1 or localhost',
    )


class Listener:
    """
    Server of each connection as a task of its own; `stop` ends them all.

    *port* 0 lets the system choose; *serve* speaks on a connection, which is closed here.
    """

    def __init__(self, host: str, port: int, serve: Serve) -> None:
        self._host = loopback(host)
        if not 0 <= port <= _LAST_PORT:
            raise ValueError(f"port: {port} is not between 0 and {_LAST_PORT}")
        self.port = port
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._keeper: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """`host:port` as written in a URL."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self.port}"

    async def open(self) -> None:
        """Listen; does nothing when it already does."""
        if self._server is None:
            sock = self._bound()
            self._server = await asyncio.start_server(self._connected, sock=sock, backlog=_BACKLOG)

    def refuse(self) -> None:
        """Stop listening; connections that are open stay so, new ones are refused."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def stop(self) -> None:
        """Stop for good, ending every connection."""
        self.refuse()
        if self._keeper is not None:
            self._keeper.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _bound(self) -> socket.socket:
        # On Linux a second socket, bound and never listening, keeps the number
        # from being handed to another outgoing connection meanwhile.
        if self._keeper is None and sys.platform == "linux":
            self._keeper = self._bind()
        return self._bind()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host, self.port))
        except OSError:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        return sock

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()
