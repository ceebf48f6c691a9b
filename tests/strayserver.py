"""
A server on loopback that ends idle connections and answers what nobody asked, at random moments.

It is as far away as it is told to be: a request arrives, and an answer leaves, that much later.
It answers each request once, and never both: what it says unasked it says only while it has not
seen a request.
"""

import asyncio
import fcntl
import json
import socket
import struct
import termios
from collections import Counter
from random import Random
from urllib.parse import parse_qs

from loopserver import LoopServer

BODY = json.dumps({"callid": "stray", "status": "success", "code": "200"}).encode()
ERROR = json.dumps({"status": "error", "code": "1578", "message": "no agent"}).encode()


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
STRAYS = {
    "103": HINT,
    "103 and 200": HINT + answer(BODY),
    "200": answer(BODY),
    "refusal": answer(ERROR),
    "403": answer(b"", "403 Forbidden"),
    "408": answer(b"", "408 Request Timeout", "Connection: close\r\n"),
    "429": answer(b"", "429 Too Many Requests"),
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "garbage": b"\x00\x01garbage\r\n\r\n",
}
ENDS = ("close", "reset", "half close")
#: An answer after which, in the same segment, something is said that nobody asked.
BEHIND = ("second body", "second 403", "blank lines")


class StrayServer(LoopServer):
    """
    Listens on a free port of 127.0.0.1, in a thread of its own.

    Args:
        away: Seconds that a request and its answer are on their way together.
        mischief: The share of answers after which something happens to the idle connection.
        only_closes: Whether all that happens is that it ends.

    Attributes:
        seen: How many requests came for each number.
        done: What it did, how often.
        reused: Requests on a connection that had carried one.
    """

    def __init__(
        self, rng: Random, *, away: float, mischief: float = 0.5, only_closes: bool = False
    ) -> None:
        super().__init__()
        self.rng, self.away, self.mischief, self.only_closes = rng, away, mischief, only_closes
        self.seen: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.reused = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2/clickToCall/para"

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Talk(self), "127.0.0.1", 0, backlog=1024)


class _Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: StrayServer) -> None:
        self._server, self._rng = server, server.rng
        self._buffer, self._carried, self._asked = b"", False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._maybe_do_mischief()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"\r\n\r\n"):
            return
        query = parse_qs(self._buffer.split(b" ")[1].partition(b"?")[2].decode())
        self._buffer, self._asked = b"", True
        self._server.reused += self._carried
        self._carried = True
        self._server._loop.call_later(self._server.away, self._answer, query["to"][0])

    def _answer(self, to: str) -> None:
        if self._wire.is_closing():
            return
        self._server.seen[to] += 1
        whole = answer(json.dumps({"callid": to, "status": "success", "code": "200"}).encode())
        self._asked = False
        if not self._server.only_closes and self._rng.random() < self._server.mischief / 10:
            what = self._rng.choice(BEHIND)
            self._server.done[what] += 1
            behind = {"second body": answer(BODY), "second 403": STRAYS["403"]}
            self._wire.write(whole + behind.get(what, b"\r\n\r\n"))
            return
        self._wire.write(whole)
        self._maybe_do_mischief()

    def _maybe_do_mischief(self) -> None:
        if self._rng.random() < self._server.mischief:
            later = self._rng.expovariate(1 / 0.03) if self._rng.random() < 0.8 else 0.0
            if self._server.only_closes:
                later = self._rng.uniform(0, 75)
            self._server._loop.call_later(later, self._do_mischief)

    def _has_come(self) -> bool:
        """Whether something lies in the kernel: then the connection is not idle."""
        sock = self._wire.get_extra_info("socket")
        (waiting,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.FIONREAD, bytes(4)))
        return bool(waiting)

    def _do_mischief(self) -> None:
        if self._asked or self._wire.is_closing() or self._has_come():
            return
        ends = self._server.only_closes or self._rng.random() < 0.4
        what = self._rng.choice(ENDS[:1] if self._server.only_closes else ENDS) if ends else ""
        what = what or self._rng.choice(sorted(STRAYS))
        self._server.done[what] += 1
        if what == "close":
            self._wire.close()
        elif what == "reset":
            sock = self._wire.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._wire.abort()
        elif what == "half close":
            self._wire.write_eof()
        else:
            self._wire.write(STRAYS[what])
