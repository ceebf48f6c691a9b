"""The contacts of one zone group, in the order of their turns."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from dialer.domain.call.customer import Allowed
from dialer.domain.campaign.call_factory import Profile
from dialer.planning.preflight.result import Tally
from dialer.planning.preflight.timetable import Timetable

#: What is asked of the store at once.
_BATCH = 200
_FAR = datetime(2200, 1, 1, tzinfo=UTC)
_NO_TIME = timedelta(0)

#: A contact's number in its list, and its call; None for one that breaks a rule.
Row = tuple[int, Profile | None]
#: Asks for contacts from when they may be rung.
Ask = Callable[[Sequence[Row]], Sequence[Allowed]]


class _Later(NamedTuple):
    """A contact that was put off, for its customer or for the hours."""

    due: datetime
    row: int
    call: Profile
    for_customer: bool


class Queue:
    """
    The contacts of one zone group that are no jobs yet.

    Args:
        contacts: In the order of the list; *count* of them.
        assumed_call: How long a call without a time limit is taken to last.
    """

    def __init__(
        self,
        contacts: Iterator[Row],
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
        self._asked: deque[tuple[int, Profile | None, Allowed]] = deque()
        self._later: list[_Later] = []
        self._ever: dict[timedelta, bool] = {}

    def next_turn(self, at: datetime) -> datetime | None:
        """Find the first moment from *at* on at which one of them has a turn; None for never."""
        if self._left:
            return self._timetable.opens(at)
        if self._later:
            return self._timetable.opens(max(at, self._later[0].due))
        return None

    def take_turn(self, at: datetime) -> timedelta | None:
        """
        Let the next contact start a call; those that may not are counted or put off.

        Returns:
            How long the call goes on; None when there was none to start.
        """
        while True:
            if self._later and self._later[0].due <= at:
                late = heappop(self._later)
                length = self._start(at, late.row, late.call)
            elif self._left and (fresh := self._next()):
                length = self._first_try(at, *fresh)
            else:
                return None
            if length is not None:
                return length

    def close(self, ends: datetime) -> None:
        """Count all that are left when the campaign ends: time is over for them."""
        for late in self._later:
            if late.for_customer and late.due >= ends:
                self._tally.refuse(late.row, "customer")
            else:
                self._unreached(late.row, late.call)
        for row, call, _ in self._asked:
            self._unreached(row, call)
        for row, call in self._contacts:
            self._unreached(row, call)

    def _next(self) -> tuple[int, Profile | None, Allowed] | None:
        if not self._asked:
            batch = list(islice(self._contacts, _BATCH))
            answers = self._ask(batch) if batch else ()
            self._asked.extend(
                (row, call, allowed) for (row, call), allowed in zip(batch, answers, strict=True)
            )
        self._left = self._left - 1 if self._asked else 0
        return self._asked.popleft() if self._asked else None

    def _first_try(
        self, at: datetime, row: int, call: Profile | None, allowed: Allowed
    ) -> timedelta | None:
        if call is None:
            # It takes a turn like any other: only then our own check refuses it.
            self._tally.refuse(row, "invalid")
            return _NO_TIME
        if allowed.since is None:
            self._tally.refuse(row, allowed.rule)
            return None
        if allowed.rule and allowed.since > at:
            heappush(self._later, _Later(allowed.since, row, call, for_customer=True))
            return None
        return self._start(at, row, call)

    def _start(self, at: datetime, row: int, call: Profile) -> timedelta | None:
        first = self._timetable.opens(at, call.ring_lead)
        if first != at:
            heappush(self._later, _Later(first or _FAR, row, call, for_customer=False))
            return None
        self._tally.ring(at)
        return call.lasts(self._assumed)

    def _unreached(self, row: int, call: Profile | None) -> None:
        lead = call.ring_lead if call else _NO_TIME
        if lead not in self._ever:
            self._ever[lead] = self._timetable.ever_opens(lead)
        self._tally.refuse(row, "time" if self._ever[lead] else "hours")
