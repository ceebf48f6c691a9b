"""Calls that come in at the same moment, handed to the store in one step."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from dialer.services.calls.handover import HandedOver

#: Calls of one step: the store does each in a few ms.
_MOST: Final = 100
#: Steps that go on at once: while the store writes one down the next is read.
_AT_ONCE: Final = 2

#: What one step does: rows of one producer and the account of those that name none.
Take = Callable[[Sequence[Any], str], Sequence[HandedOver]]


@dataclass(slots=True)
class _Waiting:
    take: Take
    of: tuple[str, str]
    row: Any
    done: "asyncio.Future[HandedOver]"


class Gatherer:
    """
    Hands calls over in steps: what has come in while one went on goes with the next.

    So an idle service answers at once, and a busy one shares each write to the disk among
    many. A step is of one API key and one account; an error is that of all its calls.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._queue: deque[_Waiting] = deque()
        self._running = 0

    async def hand_over(self, take: Take, key: str, row: Any, account: str) -> HandedOver:
        """
        Hand one call over with others of its *key*; what *take* raises is raised.

        A client that goes away changes nothing: the call was taken.
        """
        done: asyncio.Future[HandedOver] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(take, (key, account), row, done))
        self._start()
        return await asyncio.shield(done)

    def _start(self) -> None:
        while self._queue and self._running < _AT_ONCE:
            self._running += 1
            step = self._next()
            loop = asyncio.get_running_loop()
            going = loop.run_in_executor(
                self._threads, step[0].take, [one.row for one in step], step[0].of[1]
            )
            going.add_done_callback(partial(self._end, step))

    def _next(self) -> list[_Waiting]:
        """Take the calls of one step: those at the head that share a key and an account."""
        first = self._queue[0].of
        step: list[_Waiting] = []
        while self._queue and self._queue[0].of == first and len(step) < _MOST:
            step.append(self._queue.popleft())
        return step

    def _end(self, step: Sequence[_Waiting], ended: "asyncio.Future[Sequence[HandedOver]]") -> None:
        self._running -= 1
        error = ended.exception()
        for nth, one in enumerate(step):
            if one.done.done():
                continue
            if error is not None:
                one.done.set_exception(error)
            else:
                one.done.set_result(ended.result()[nth])
        self._start()
