"""The sandbox on an event loop in a thread of its own: two ports and one desk."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from dialer.sandbox.admin import PREFIX, administer
from dialer.sandbox.desk import ENDPOINT, Desk
from dialer.sandbox.exchange import Exchange
from dialer.sandbox.faults import Fault
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.listener import Listener
from dialer.sandbox.plan import PicksUp
from dialer.sandbox.replies import Send
from dialer.sandbox.wire import play, read_request
from dialer.sandbox.world import DEFAULT_WORLD, World

T = TypeVar("T")

_FOREVER: Final = timedelta(days=36500)


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


class Sandbox:
    """
    A running stand-in for the API, bound to loopback.

    `start` and `stop` it, or use it as a context manager; once. Every method
    may be called from any thread but the sandbox's own.

    Args:
        port: Of the API; 0 lets the system choose. The admin port is always chosen.
        ledger_path: File of rows besides memory; appended to, one JSON line each.
        picks_up: Scripts the answers; by default the world's habits decide.
        now: The wall clock, aware; give another to move the sandbox in time.

    Raises:
        SandboxRefused: *host* is not loopback; nothing was bound.
        ValueError: *port* is no port.
        OSError: The ledger's file cannot be written.
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
        self._api = Listener(host, port, self._serve_api)
        self._admin = Listener(host, 0, self._serve_admin)
        self.ledger: Ledger = Ledger(ledger_path)
        self._desk = Desk(Exchange(world, picks_up), self.ledger, now)
        self._waiting: set[int] = set()
        self._released = asyncio.Event()
        self._reopening: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def world(self) -> World:
        """The world in force."""
        return self._desk.exchange.world

    @property
    def port(self) -> int:
        """The API's port; keeps its number while refusing and after `stop`."""
        return self._api.port

    @property
    def url(self) -> str:
        """The whole endpoint, ready for `base_url`; complete once started."""
        return f"http://{self._api.address}{ENDPOINT}"

    @property
    def admin_url(self) -> str:
        """Where `/ledger`, `/faults` and the rest are; complete once started."""
        return f"http://{self._admin.address}{PREFIX}"

    def start(self) -> Self:
        """Serve from a new thread until both ports answer; OSError where one is taken."""
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
                self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()
            self._thread = self._loop = None
        self.ledger.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def inject(self, fault: Fault) -> int:
        """Add a rule, in force on return, and give its id; `refuse` acts at once for its hold."""
        return self._call(self._inject(fault))

    def waiting(self) -> list[int]:
        """Callers' ports of the requests that were read and are not answered yet."""
        return sorted(self._waiting)

    def faults(self) -> list[dict[str, Any]]:
        """Rules in force."""
        return self._desk.faults.listing()

    def clear_faults(self) -> None:
        """Take all rules away, and release."""
        self._call(self._clear())

    def release(self) -> None:
        """Listen again, and close what hangs."""
        self._call(self._release())

    def use(self, world: World) -> None:
        """Put *world* in the place of the present one; calls and meters go on."""
        self._call(self._use(world))

    def reset(self) -> None:
        """Forget rows, faults, calls and meters, and release."""
        self._call(self._reset())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("the sandbox is not running: call start() first")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self, ready: "Future[None]") -> None:
        try:
            asyncio.run(self._serve(ready))
        except OSError as error:
            if ready.done():
                raise
            self._loop = None
            ready.set_exception(error)

    async def _serve(self, ready: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await self._api.open()
            await self._admin.open()
            ready.set_result(None)
            await self._over.wait()
        finally:
            self._forget_reopening()
            await self._api.stop()
            await self._admin.stop()

    async def _inject(self, fault: Fault) -> int:
        number = self._desk.faults.add(fault)
        if fault.do == "refuse":
            self._forget_reopening()
            self._api.refuse()
            self._reopening = asyncio.ensure_future(self._reopen(fault.hold or _FOREVER))
        return number

    async def _clear(self) -> None:
        self._desk.faults.clear()
        await self._release()

    async def _release(self) -> None:
        self._forget_reopening()
        self._released.set()
        self._released = asyncio.Event()
        await self._listen_again()

    async def _use(self, world: World) -> None:
        self._desk.exchange.world = world

    async def _reset(self) -> None:
        self.ledger.reset()
        self._desk.exchange.reset()
        await self._clear()

    def _forget_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None

    async def _reopen(self, after: timedelta) -> None:
        await asyncio.sleep(after.total_seconds())
        await self._listen_again()

    async def _listen_again(self) -> None:
        self._desk.faults.clear(only="refuse")
        await self._api.open()

    async def _serve_api(self, reader: StreamReader, writer: StreamWriter) -> None:
        if not self._desk.accept():
            return
        reused, caller = False, writer.get_extra_info("peername")[1]
        while request := await read_request(reader, self._desk.now):
            self._waiting.add(caller)
            try:
                await asyncio.sleep(self._desk.patience(request).total_seconds())
                steps = self._desk.answer(request, reused=reused)
                if not await play(steps, reader, writer, self._released) or not request.keeps_alive:
                    return
            finally:
                self._waiting.discard(caller)
            reused = True

    async def _serve_admin(self, reader: StreamReader, writer: StreamWriter) -> None:
        while request := await read_request(reader, self._desk.now):
            response = await asyncio.to_thread(administer, request, self)
            done = await play([Send(response)], reader, writer, self._released)
            if not done or not request.keeps_alive:
                return
