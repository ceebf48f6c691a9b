"""
A server on loopback that is far away: each connection takes its time, TLS included.

It speaks as much HTTP as the API does, and counts what it sees.
"""

import asyncio
import json
import ssl
from asyncio import StreamReader, StreamWriter
from collections import Counter
from contextlib import suppress
from urllib.parse import parse_qs

from loopserver import LoopServer


class FarServer(LoopServer):
    """
    Listens on a free port of 127.0.0.1, in a thread of its own.

    Args:
        handshake: Seconds before TLS goes on.
        answer: Seconds before an answer.

    Attributes:
        seen: How many requests came for each number.
        connections: How many were made.
        most: How many of them stood at once.
    """

    def __init__(self, tls: ssl.SSLContext, *, handshake: float, answer: float = 0.02) -> None:
        super().__init__()
        self._tls, self._handshake, self._answer = tls, handshake, answer
        self.seen: Counter[str] = Counter()
        self.connections = self.most = self._open = 0

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v2/clickToCall/para"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            with suppress(OSError, ssl.SSLError, asyncio.CancelledError):
                # What comes meanwhile belongs to the handshake.
                writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's has it
                await asyncio.sleep(self._handshake)
                await writer.start_tls(self._tls)
                await self._talk(reader, writer)
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = await reader.readline()
                if not line:
                    return
                head += line
            to = parse_qs(head.split(b" ")[1].partition(b"?")[2].decode())["to"][0]
            self.seen[to] += 1
            await asyncio.sleep(self._answer)
            body = json.dumps({"callid": to, "status": "success", "code": "200"}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
