"""The turns of all contacts of a campaign, played ahead at the pace that its limits allow."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush

from dialer.domain.campaign.bounds import Bounds
from dialer.planning.preflight.queue import Queue


class _Meter:
    """Rate limiter: one start after each interval, and *burst* at once after a quiet time."""

    def __init__(self, per_second: float, burst: int = 1) -> None:
        self._interval = timedelta(seconds=1 / per_second)
        self._ahead = (burst - 1) * self._interval
        self._arrival: datetime | None = None

    def slot(self, at: datetime) -> datetime:
        return max(at, self._arrival - self._ahead) if self._arrival else at

    def take(self, at: datetime, _: timedelta) -> None:
        self._arrival = max(at, self._arrival or at) + self._interval


class _Places:
    """Limit of the calls that go on at once; asked for moments that do not go back."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: list[datetime] = []

    def slot(self, at: datetime) -> datetime:
        while self._ends and self._ends[0] <= at:
            heappop(self._ends)
        return self._ends[0] if len(self._ends) >= self._most else at

    def take(self, at: datetime, length: timedelta) -> None:
        heappush(self._ends, at + length)


class Pace:
    """
    The starts that all limits allow.

    Where rows say whom to ring first, it is the mean one with which the
    busiest of those are done last.
    """

    def __init__(self, bounds: Bounds) -> None:
        first, *others = bounds.rates
        places = [_Places(max(1, round(most))) for most in bounds.at_once.values()]
        meters = [_Meter(first, bounds.burst), *map(_Meter, others)]
        self._limits: list[_Meter | _Places] = [*meters, *places]

    def slot(self, at: datetime) -> datetime:
        """Find the first moment from *at* on at which a call may start."""
        before = None
        while before != at:
            before = at
            for limit in self._limits:
                at = limit.slot(at)
        return at

    def take(self, at: datetime, length: timedelta) -> None:
        """Start a call that goes on for *length*."""
        for limit in self._limits:
            limit.take(at, length)


def play(
    queues: Sequence[Queue],
    pace: Pace,
    clock: datetime,
    ends: datetime,
    *,
    ahead: Sequence[timedelta],
) -> None:
    """
    Give the zone groups turns from *clock* on: all that are open have equally many.

    Calls of the lengths *ahead* come before all of these: they are jobs already.
    """
    asleep = []
    for nth, queue in enumerate(queues):
        turn = queue.next_turn(clock)
        if turn is None:
            queue.close(ends)
        else:
            asleep.append((turn, nth))
    heapify(asleep)
    if asleep:
        clock = asleep[0][0]
    for lasts in ahead:
        clock = pace.slot(clock)
        pace.take(clock, lasts)
    awake: deque[int] = deque()
    while awake or asleep:
        clock = pace.slot(clock if awake else max(clock, asleep[0][0]))
        while asleep and asleep[0][0] <= clock:
            awake.append(heappop(asleep)[1])
        nth = awake.popleft()
        turn = _take_turn(queues[nth], pace, clock)
        if turn is None:
            queues[nth].close(ends)
        elif turn <= clock:
            awake.append(nth)
        else:
            heappush(asleep, (turn, nth))


def _take_turn(queue: Queue, pace: Pace, clock: datetime) -> datetime | None:
    """Let a zone group have its turn if it has one now; return when the next one is."""
    if queue.next_turn(clock) == clock and (length := queue.take_turn(clock)) is not None:
        pace.take(clock, length)
    return queue.next_turn(clock)
