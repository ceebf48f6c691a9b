"""
The rest of a campaign, run through once.

Contacts are moved in parcels: of a long list one stands for many, of a short one each is its
own. Times are seconds after now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import ceil, inf
from random import Random
from typing import Final, NamedTuple

from dialer.planning.forecast.load import Load
from dialer.planning.forecast.past import Odds
from dialer.planning.forecast.timeline import Days, Stretch

#: About so many parcels stand for all contacts.
_PARCELS: Final = 64


class Parcel(NamedTuple):
    """Contacts of the group at one place that may be rung at one time, with tries used by each."""

    at: float
    group: int
    tries: int
    many: int


@dataclass(slots=True)
class RunTally:
    """
    Ends of the contacts that were left; some are unreached where the campaign ends first.

    Attributes:
        finish: When the last one reached its end; None if some are unreached.
    """

    placed: int = 0
    dead: int = 0
    unconfirmed: int = 0
    unreached: int = 0
    finish: float | None = None


def parcels(load: Load, tried: float) -> list[Parcel]:
    """Deal what is left into parcels; *tried* is the part of `load.due` that has used a try."""
    size = max(1, ceil(load.left / _PARCELS))
    weights = [group.waiting for group in load.groups]
    crowds = [Parcel(0.0, place, 0, count) for place, count in enumerate(weights)]
    crowds += [Parcel(0.0, place, 0, n) for place, n in enumerate(spread(load.ready, weights))]
    for due in load.due:
        at = max(0.0, (due.at - load.now).total_seconds())
        some = spread(due.count, weights) if due.group is None else [due.count]
        for place, count in enumerate(some, start=due.group or 0):
            once = round(count * tried) if load.max_tries > 1 else 0
            crowds += [Parcel(at, place, 1, once), Parcel(at, place, 0, count - once)]
    return [
        crowd._replace(many=many)
        for crowd in crowds
        for many in spread(crowd.many, [1] * ceil(crowd.many / size))
    ]


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Deal *total* out by *weights*; the parts sum to it. All weights 0: evenly."""
    whole = sum(weights)
    if whole <= 0:
        weights, whole = [1.0] * len(weights), float(len(weights))
    parts, dealt, reached = [], 0, 0.0
    for weight in weights:
        reached += weight
        upto = round(total * min(1.0, reached / whole))
        parts.append(upto - dealt)
        dealt = upto
    return parts


class Run:
    """
    One way the rest may go.

    Args:
        days: By group.
        paces: Calls begun each second, for one spell of *spell* seconds of open time
            after the other.
        rng: Dice for everything else.
    """

    def __init__(
        self,
        load: Load,
        waiting: Sequence[Parcel],
        days: Sequence[Days],
        odds: Odds,
        *,
        paces: Iterator[float],
        spell: float,
        rng: Random,
    ) -> None:
        self._load, self._days, self._odds = load, days, odds
        self._paces, self._spell, self._rng = paces, spell, rng
        self._due = list(waiting)
        heapify(self._due)
        self._shut: list[list[Parcel]] = [[] for _ in load.groups]  # ready, and their hours closed
        self._open: list[Parcel] = []
        self._pace, self._pace_until, self._passed, self._begun = 0.0, 0.0, 0.0, 0.0
        self._left = load.left
        self._tally = RunTally()

    def go(self, timeline: Sequence[Stretch]) -> RunTally:
        """Run to the finish, or to the end of *timeline*."""
        at = 0.0
        for stretch in timeline if self._left else ():
            at = stretch.start
            for place in stretch.open:
                self._open += self._shut[place]
                self._shut[place].clear()
            while self._left and at < stretch.end:
                self._wake(at, stretch.open)
                at = self._step(at, stretch.end)
            for parcel in self._open:
                self._shut[parcel.group].append(parcel)
            self._open.clear()
            if not self._left:
                break
        self._tally.finish = None if self._left else at
        self._tally.unreached = self._left
        return self._tally

    def _wake(self, at: float, is_open: Sequence[int]) -> None:
        while self._due and self._due[0].at <= at:
            parcel = heappop(self._due)
            (self._open if parcel.group in is_open else self._shut[parcel.group]).append(parcel)

    def _step(self, at: float, end: float) -> float:
        """Begin the next parcel's calls, as far as there is time before *end*; return how far."""
        if not self._open:
            return min(end, self._due[0].at) if self._due else end
        if self._passed >= self._pace_until:
            self._pace, self._pace_until = next(self._paces), self._pace_until + self._spell
        place = self._rng.randrange(len(self._open))
        parcel = self._open[place]
        needed = (parcel.many - self._begun) / self._pace if self._pace else inf
        length = min(needed, end - at, self._pace_until - self._passed)
        self._passed += length
        if needed > length:
            self._begun += length * self._pace
            return at + length
        self._begun = 0.0
        self._open[place] = self._open[-1]
        self._open.pop()
        self._settle(parcel, at + length)
        return at + length

    def _settle(self, parcel: Parcel, at: float) -> None:
        odds, tally, many = self._odds, self._tally, parcel.many
        faults = self._part(many, odds.fault)
        defers = self._part(many - faults, odds.defer)
        placed = self._part(many - faults - defers, odds.placed)
        unsure = self._part(many - faults - defers - placed, odds.unconfirmed)
        again = faults if parcel.tries + 1 < self._load.max_tries else 0
        if again:
            self._wait("provider", parcel._replace(tries=parcel.tries + 1, many=again), at)
        if defers:
            self._wait("agent", parcel._replace(many=defers), at)
        tally.placed += placed
        tally.unconfirmed += unsure
        tally.dead += many - again - defers - placed - unsure
        self._left -= many - again - defers

    def _part(self, many: int, odds: float) -> int:
        """Draw how many end so: of one whether it does, of more about as many as are expected."""
        return int(many * odds + self._rng.random())

    def _wait(self, kind: str, parcel: Parcel, at: float) -> None:
        nth = max(0, parcel.tries - 1) if kind == "provider" else self._rng.randrange(3)
        until = at + self._load.backoffs[kind].delay(nth, self._rng).total_seconds()
        if kind in self._load.not_same_day:
            until = max(until, self._days[parcel.group].after(at))
        heappush(self._due, parcel._replace(at=until))
