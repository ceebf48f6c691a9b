"""
The sandbox on an event loop: two ports, one desk, and a gate that shuts.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from dialer.sandbox.admin import PREFIX, administer
from dialer.sandbox.desk import ENDPOINT, Desk
from dialer.sandbox.exchange import Exchange
from dialer.sandbox.faults import Fault
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.listener import Listener
from dialer.sandbox.plan import PicksUp
from dialer.sandbox.replies import Send
from dialer.sandbox.wire import play, read_request
from dialer.sandbox.world import World

_FOREVER: Final = timedelta(days=36500)


class Server:
    """
    The API and its admin port. Everything here belongs to one event loop.

    Args:
        host: A loopback address.
        port: Of the API; 0 lets the system choose. The admin port is always chosen.

    Raises:
        SandboxRefused: *host* is not loopback; nothing was bound.
    """

    def __init__(
        self,
        *,
        world: World,
        ledger: Ledger,
        now: Callable[[], datetime],
        picks_up: PicksUp | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._api = Listener(host, port, self._serve_api)
        self._admin = Listener(host, 0, self._serve_admin)
        self._desk = Desk(Exchange(world, picks_up), ledger, now)
        self._released = asyncio.Event()
        self._reopening: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    @property
    def ledger(self) -> Ledger:
        """What came in so far."""
        return self._desk.ledger

    @property
    def world(self) -> World:
        """The world in force."""
        return self._desk.exchange.world

    @property
    def port(self) -> int:
        """The API's port; keeps its number while refusing and after the end."""
        return self._api.port

    @property
    def url(self) -> str:
        """The whole endpoint."""
        return f"http://{self._api.address}{ENDPOINT}"

    @property
    def admin_url(self) -> str:
        """Where `/ledger`, `/faults` and the rest are."""
        return f"http://{self._admin.address}{PREFIX}"

    async def run(self, ready: Callable[[], None]) -> None:
        """
        Serve until `end`; *ready* is called once both ports answer.

        Raises:
            OSError: The port is taken; nothing is left open.
        """
        try:
            await self._api.open()
            await self._admin.open()
            ready()
            await self._over.wait()
        finally:
            self._forget_reopening()
            await self._api.stop()
            await self._admin.stop()

    def end(self) -> None:
        """Make `run` return."""
        self._over.set()

    async def inject(self, fault: Fault) -> int:
        """Add a rule and give its id; `refuse` acts at once and listens again after its hold."""
        number = self._desk.faults.add(fault)
        if fault.do == "refuse":
            self._forget_reopening()
            self._api.refuse()
            self._reopening = asyncio.ensure_future(self._reopen(fault.hold or _FOREVER))
        return number

    def listing(self) -> list[dict[str, Any]]:
        """Give the rules in force."""
        return self._desk.faults.listing()

    async def clear(self) -> None:
        """Take all rules away, and release."""
        self._desk.faults.clear()
        await self.release()

    async def release(self) -> None:
        """Listen again, and close what hangs."""
        self._forget_reopening()
        self._released.set()
        self._released = asyncio.Event()
        await self._listen_again()

    async def use(self, world: World) -> None:
        """Put *world* in the place of the present one; calls and meters go on."""
        self._desk.exchange.world = world

    async def reset(self) -> None:
        """Forget rows, faults, calls and meters, and release."""
        self.ledger.reset()
        self._desk.exchange.reset()
        await self.clear()

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
        reused = False
        while request := await read_request(reader, self._desk.now):
            await asyncio.sleep(self._desk.patience(request).total_seconds())
            steps = self._desk.answer(request, reused=reused)
            if not await play(steps, reader, writer, self._released) or not request.keeps_alive:
                return
            reused = True

    async def _serve_admin(self, reader: StreamReader, writer: StreamWriter) -> None:
        while request := await read_request(reader, self._desk.now):
            response = await administer(request, self)
            done = await play([Send(response)], reader, writer, self._released)
            if not done or not request.keeps_alive:
                return
