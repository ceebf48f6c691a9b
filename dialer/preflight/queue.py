"""
The contacts of one zone group, in the order of their turns.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from dialer.preflight.tally import Tally
from dialer.preflight.timetable import Timetable
from dialer.shape import Shape
from dialer.store.customers import Allowed

#: What is asked of the store at once.
_BATCH = 200
_FAR = datetime(2200, 1, 1, tzinfo=UTC)
_NO_TIME = timedelta(0)

#: A contact's row, and how its call rings; None for one that breaks a rule.
Shaped = tuple[int, Shape | None]
#: Asks for contacts from when they may be rung.
Ask = Callable[[Sequence[Shaped]], Sequence[Allowed]]


class _Later(NamedTuple):
    """One that was put off: until when, and whether for its customer or for the hours."""

    due: datetime
    row: int
    shape: Shape
    for_customer: bool


class Queue:
    """
    The contacts of one zone group that are no jobs yet.

    Args:
        contacts: In the order of the list.
        count: How many of them.
        timetable: When they may be rung.
        ask: Asks the store about them.
        tally: Where they are counted.
        assumed_call: How long a call without a time limit is taken to last.
    """

    def __init__(
        self,
        contacts: Iterator[Shaped],
        *,
        count: int,
        timetable: Timetable,
        ask: Ask,
        tally: Tally,
        assumed_call: timedelta,
    ) -> None:
        self._contacts = contacts
        self._left = count
        self._timetable = timetable
        self._ask = ask
        self._tally = tally
        self._assumed = assumed_call
        self._asked: deque[tuple[int, Shape | None, Allowed]] = deque()
        self._later: list[_Later] = []
        self._ever: dict[timedelta, bool] = {}

    def next_turn(self, at: datetime) -> datetime | None:
        """
        Find the first moment from *at* on at which somebody of it has a turn; None for never.
        """
        if self._left:
            return self._timetable.opens(at)
        if self._later:
            return self._timetable.opens(max(at, self._later[0].due))
        return None

    def take_turn(self, at: datetime) -> timedelta | None:
        """
        Let the next one start a call; those that may not are counted or put off.

        Args:
            at: A moment at which it has a turn.

        Returns:
            How long the call goes on; None when there was nobody for whom to start one.
        """
        while True:
            if self._later and self._later[0].due <= at:
                late = heappop(self._later)
                length = self._start(at, late.row, late.shape)
            elif self._left and (fresh := self._next()):
                length = self._first_try(at, *fresh)
            else:
                return None
            if length is not None:
                return length

    def close(self, ends: datetime) -> None:
        """
        Count all that are left: time is over for them.

        Args:
            ends: When the campaign ends.
        """
        for late in self._later:
            if late.for_customer and late.due >= ends:
                self._tally.refuse(late.row, "customer")
            else:
                self._unreached(late.row, late.shape)
        for row, shape, _ in self._asked:
            self._unreached(row, shape)
        for row, shape in self._contacts:
            self._unreached(row, shape)

    def _next(self) -> tuple[int, Shape | None, Allowed] | None:
        if not self._asked:
            batch = list(islice(self._contacts, _BATCH))
            answers = self._ask(batch) if batch else ()
            self._asked.extend(
                (row, shape, allowed) for (row, shape), allowed in zip(batch, answers, strict=True)
            )
        self._left = self._left - 1 if self._asked else 0
        return self._asked.popleft() if self._asked else None

    def _first_try(
        self, at: datetime, row: int, shape: Shape | None, allowed: Allowed
    ) -> timedelta | None:
        if shape is None:
            # It takes a turn like any other: only then our own check refuses it.
            self._tally.refuse(row, "invalid")
            return _NO_TIME
        if allowed.since is None:
            self._tally.refuse(row, allowed.rule)
            return None
        if allowed.rule and allowed.since > at:
            heappush(self._later, _Later(allowed.since, row, shape, for_customer=True))
            return None
        return self._start(at, row, shape)

    def _start(self, at: datetime, row: int, shape: Shape) -> timedelta | None:
        if not self._timetable.allows(at, shape.lead):
            again = self._timetable.reopens(at) or _FAR
            heappush(self._later, _Later(again, row, shape, for_customer=False))
            return None
        self._tally.ring(at)
        return shape.lasts(self._assumed)

    def _unreached(self, row: int, shape: Shape | None) -> None:
        lead = shape.lead if shape else _NO_TIME
        ever = self._ever.get(lead)
        if ever is None:
            ever = self._ever[lead] = self._timetable.ever_allows(lead)
        self._tally.refuse(row, "time" if ever else "hours")
