"""
A server on loopback that is far away: each connection takes its time, TLS included.

It speaks as much HTTP as the API does, and counts what it sees.
"""

import asyncio
import json
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs


class FarServer:
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
        self._tls, self._handshake, self._answer = tls, handshake, answer
        self.seen: Counter[str] = Counter()
        self.connections = self.most = self._open = 0
        self.port = 0
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready: Future[None] = Future()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v2/clickToCall/para"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(10)
        return self

    def __exit__(
        self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        assert self._loop
        assert self._over
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set_result(None)
        await self._over.wait()
        server.close()
        mine = asyncio.current_task()
        for task in asyncio.all_tasks():
            if task is not mine:
                task.cancel()

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
