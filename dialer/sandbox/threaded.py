"""
The sandbox in a thread of its own, as tests and demos want it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from dialer.sandbox.faults import Fault
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.plan import PicksUp
from dialer.sandbox.server import Server
from dialer.sandbox.world import DEFAULT_WORLD, World

T = TypeVar("T")


def utc_now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


class Sandbox:
    """
    A running stand-in for the API, bound to loopback.

    `start` and `stop` it, or use it as a context manager; once. Every method
    may be called from any thread but the sandbox's own.

    Args:
        world: What exists.
        host: A loopback address.
        port: Of the API; 0 lets the system choose. The admin port is always chosen.
        ledger_path: Where rows go besides memory; appended to, one JSON line each.
        picks_up: Scripts who answers; by default the world's habits decide.
        now: The wall clock, aware; give another to move the sandbox in time.

    Raises:
        SandboxRefused: *host* is not loopback; nothing was bound.
        ValueError: *port* is no port.
    """

    def __init__(
        self,
        world: World = DEFAULT_WORLD,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ledger_path: Path | None = None,
        picks_up: PicksUp | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.ledger = Ledger(ledger_path)
        self._server = Server(
            world=world, ledger=self.ledger, now=now, picks_up=picks_up, host=host, port=port
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The whole endpoint, ready for `base_url`; complete once started."""
        return self._server.url

    @property
    def admin_url(self) -> str:
        """Where `/ledger`, `/faults` and the rest are; complete once started."""
        return self._server.admin_url

    @property
    def port(self) -> int:
        """The API's port; keeps its number while refusing and after `stop`."""
        return self._server.port

    @property
    def world(self) -> World:
        """The world in force."""
        return self._server.world

    def start(self) -> Self:
        """
        Serve from a new thread; returns when both ports answer.

        Raises:
            OSError: The port is taken; nothing was started.
        """
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="sandbox", daemon=True
        )
        self._thread.start()
        ready.result()
        return self

    def stop(self) -> None:
        """End every connection and the thread; the ledger stays readable."""
        if self._thread is not None:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._server.end)
            self._thread.join()
            self._thread = self._loop = None
        self.ledger.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def inject(self, fault: Fault) -> int:
        """Add a rule behind the others, in force when this returns; gives its id."""
        return self._call(self._server.inject(fault))

    def clear_faults(self) -> None:
        """Take all rules away, and release."""
        self._call(self._server.clear())

    def release(self) -> None:
        """Listen again, and close what hangs."""
        self._call(self._server.release())

    def use(self, world: World) -> None:
        """Put *world* in the place of the present one; calls and meters go on."""
        self._call(self._server.use(world))

    def reset(self) -> None:
        """Forget rows, faults, calls and meters, and release."""
        self._call(self._server.reset())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox is not running: call start() first")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self, ready: "Future[None]") -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.run(lambda: ready.set_result(None))

        try:
            asyncio.run(serve())
        except OSError as error:
            if ready.done():
                raise
            self._loop = None
            ready.set_exception(error)
