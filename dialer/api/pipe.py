"""Pipes: a body that comes in, as the binary stream that a thread reads."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from fastapi import Request

from dialer.api.problems import ApiProblem

#: A body of which nothing comes for so long is over.
_IDLE: Final = timedelta(seconds=30)
#: The least that must come, on average and after the first minute: bytes a second.
_LEAST: Final = 1024
_FIRST_MINUTE: Final = timedelta(minutes=1)
#: Between two looks whether the key is still valid.
_LOOK: Final = timedelta(seconds=2)


class BodyCut(Exception):  # noqa: N818 - news, as those of dialer.errors
    """The body broke off before its end: its client went away, or sent too slowly."""


class BodyPipe:
    """
    A request's body, read in a thread while the loop receives it.

    What was read is pulled, never pushed: so a slow store slows the client, and at most one
    piece is in memory.

    Args:
        watch: Raises when the request must not go on.
    """

    def __init__(self, request: Request, watch: Callable[[], Awaitable[None]]) -> None:
        self._request = request
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._began = self._looked = time.monotonic()
        self._more = True
        self.size = 0
        self.lines = 0

    def read(self, _size: int = -1) -> bytes:
        """
        Return the next piece, whatever its size; b"" at the end of a whole body.

        Raises:
            BodyCut: It broke off.
        """
        while self._more:
            piece = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            if piece:
                self.size += len(piece)
                self.lines += piece.count(b"\n")
                return piece
        return b""

    async def _next(self) -> bytes:
        now = time.monotonic()
        if now - self._looked > _LOOK.total_seconds():
            self._looked = now
            await self._watch()
        took = now - self._began
        if took > _FIRST_MINUTE.total_seconds() and self.size < _LEAST * took:
            raise _too_slow()
        try:
            async with asyncio.timeout(_IDLE.total_seconds()):
                message = await self._request.receive()
        except TimeoutError:
            raise _too_slow() from None
        if message["type"] == "http.disconnect":
            raise BodyCut("the connection was cut; hand all of it in again")
        self._more = message.get("more_body", False)
        return bytes(message.get("body", b""))


def _too_slow() -> ApiProblem:
    return ApiProblem(
        "request-timeout",
        "the body comes in too slowly; send it again, all of it: nobody is in the list twice",
        headers={"Connection": "close"},
    )
