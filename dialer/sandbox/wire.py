"""HTTP/1.1 by hand, because the interesting faults lie below every HTTP library."""

import asyncio
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from dialer.sandbox.replies import Close, Hold, Pause, Step

_LARGEST_BODY: Final = 1_000_000
_END_OF_HEAD: Final = b"\r\n\r\n"
_NO_LINGER: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """Both clocks at once: aware UTC, and the machine's monotonic nanoseconds."""

    wall: datetime
    mono_ns: int

    @classmethod
    def read(cls, now: Callable[[], datetime]) -> "Moment":
        """Both clocks now; *now* gives the wall clock."""
        return cls(now(), time.monotonic_ns())


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request, perhaps not all of it.

    Attributes:
        method: In capitals; "" when the headers never ended.
        path: Without the query, which is undecoded.
        headers: Names in lower case.
        head: When the headers were complete, or the client gave up.
        complete: Whether the body has the length the headers promise; never for a
            chunked one, which is not read.
    """

    method: str
    path: str
    first_byte: Moment
    head: Moment
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = True

    @property
    def form(self) -> str:
        """Form-encoded body, undecoded; "" when the body is anything else."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.body.decode("latin-1") if kind == "application/x-www-form-urlencoded" else ""

    @property
    def params(self) -> dict[str, str]:
        """Parameters; the last of a name wins, and the body over the query."""
        return dict(parse_qsl(f"{self.query}&{self.form}", keep_blank_values=True))

    @property
    def transport(self) -> str:
        """Place of the parameters: "query", "form", "query+form" or "none"."""
        return "+".join(n for n in ("query", "form") if getattr(self, n)) or "none"

    @property
    def keeps_alive(self) -> bool:
        """Whether the client will send another request on this connection."""
        return self.complete and self.headers.get("connection", "").lower() != "close"


async def read_request(reader: StreamReader, now: Callable[[], datetime]) -> Request | None:
    """
    Next request; None when the client closed before its first byte.

    One that breaks off, is too long or is not HTTP has `complete` false, and what was understood.
    """
    try:
        start = await reader.read(1)
    except ConnectionError:
        return None
    if not start:
        return None
    first = Moment.read(now)
    try:
        head = start + await reader.readuntil(_END_OF_HEAD)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return Request("", "", first, first, complete=False)
    return await _read_rest(reader, head.decode("latin-1"), first, Moment.read(now))


async def _read_rest(reader: StreamReader, head: str, first: Moment, end: Moment) -> Request:
    top, *lines = head[: -len(_END_OF_HEAD)].split("\r\n")
    method, _, rest = top.partition(" ")
    path, _, query = rest.partition(" ")[0].partition("?")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    complete = length.isdecimal() and int(length) <= _LARGEST_BODY
    complete = complete and "transfer-encoding" not in headers
    body = b""
    if complete:
        try:
            body = await reader.readexactly(int(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            complete = False
    return Request(method, path, first, end, query, headers, body, complete)


async def play(
    steps: list[Step], reader: StreamReader, writer: StreamWriter, released: asyncio.Event
) -> bool:
    """Do *steps*; *released* ends every `Hold`. True where another request may follow."""
    for step in steps:
        match step:
            case Pause(length):
                await asyncio.sleep(length.total_seconds())
            case Hold(length):
                limit = None if length is None else length.total_seconds()
                await _first_of(released.wait(), reader.read(1), limit=limit)
            case Close(reset):
                if reset:
                    _reset(writer)
                return False
            case _:
                if not await _send(writer, step.data):
                    return False
    return True


def _reset(writer: StreamWriter) -> None:
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


async def _send(writer: StreamWriter, data: bytes) -> bool:
    try:
        writer.write(data)
        await writer.drain()
    except ConnectionError:
        return False
    return not writer.is_closing()


async def _first_of(*waits: Coroutine[Any, Any, object], limit: float | None) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
