"""What servers of tests have in common that run on an event loop in a thread of their own."""

import asyncio
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future
from types import TracebackType
from typing import Self


class LoopServer(ABC):
    """Listens in its `with` block, on a free port of 127.0.0.1; tasks that are left end with it."""

    def __init__(self) -> None:
        self.port = 0
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(10)
        return self

    def __exit__(
        self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    @abstractmethod
    async def _listen(self) -> asyncio.Server:
        """Listen on a free port of 127.0.0.1."""

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await self._listen()
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set_result(None)
        await self._over.wait()
        server.close()
