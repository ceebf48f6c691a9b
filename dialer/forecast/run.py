"""
The rest of a campaign, run through once.

Contacts are moved in crowds, not one by one: those of one group that have used
the same number of tries. Steps are as long as there is much to do and short
towards the end. Times are seconds after now.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil
from random import Random
from typing import Final

from dialer.forecast.dice import hits, rounded, spread
from dialer.forecast.load import Load
from dialer.forecast.odds import Odds, odds_of
from dialer.forecast.past import Spell
from dialer.forecast.timeline import Days, Stretch

#: A step begins at most this part of what may be begun now.
_PART: Final = 0.25
_LONGEST_STEP: Final = 3600.0
#: The shortest step, as a part of the time that the rest takes at full pace, and in seconds.
_GRAIN, _SHORTEST_STEP = 1 / 400, 5.0
#: While more are left than this, what the dice add is nothing beside what the hours differ.
_FEW: Final = 5000
#: A crowd that waits is split, so that it does not come back in one instant.
_SPLIT: Final = 3


@dataclass(slots=True)
class Tally:
    """
    What became of the contacts that were left.

    Attributes:
        finish: When the last one reached its end, seconds after now; None if
            some did not before the campaign's end.
        unreached: Those.
    """

    placed: int = 0
    dead: int = 0
    unconfirmed: int = 0
    unreached: int = 0
    finish: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """
    What every run begins with; built once by `start_of`.

    Attributes:
        ready: Contacts by group, then by tries used.
        due: When, group, tries used, how many.
        at_once: Names of waits too short to matter: as if there was none.
        grain: No step needs to be shorter, and no wait more exact, in seconds.
    """

    ready: tuple[dict[int, int], ...]
    due: tuple[tuple[float, int, int, int], ...]
    at_once: frozenset[str]
    grain: float


def start_of(load: Load, tried: float) -> Start:
    """
    Say where the contacts of *load* stand.

    Args:
        load: What is left.
        tried: The part of those that wait for a time that has used a try.
    """
    places = range(len(load.groups))
    weights = [float(group.waiting) for group in load.groups]
    ready = [{0: group.waiting} for group in load.groups]
    for place, count in zip(places, spread(load.ready, weights), strict=True):
        ready[place][0] += count
    due: list[tuple[float, int, int, int]] = []
    for one in load.due:
        dealt = spread(one.count, weights) if one.group is None else None
        at = max(0.0, (one.at - load.now).total_seconds())
        for place in places if one.group is None else (one.group,):
            count = one.count if dealt is None else dealt[place]
            once = round(count * tried) if load.max_tries > 1 else 0
            due += [(at, place, tries, n) for tries, n in ((1, once), (0, count - once)) if n]
    most = load.most(load.rate)
    grain = max(_SHORTEST_STEP, load.left / most * _GRAIN if most else 0.0)
    at_once = (
        name
        for name, backoff in load.backoffs.items()
        if backoff.cap.total_seconds() <= grain and name not in load.not_same_day
    )
    return Start(tuple(ready), tuple(due), frozenset(at_once), grain)


_NO_SPELL: Final = Spell(0.0, 0.0, ())
_NO_ODDS: Final = Odds(0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class Run:
    """
    One way the rest may go.

    Attributes:
        load: What is left.
        days: Where days begin, by group.
        spells: How it goes, for one while after the other.
        rng: Dice for everything else.
        taste: How much a group's size counts when groups that are open share
            the pace: 0 not at all, 1 in full.
    """

    load: Load
    days: Sequence[Days]
    spells: Iterator[Spell]
    rng: Random
    taste: float
    tally: Tally = field(default_factory=Tally)
    _ready: list[dict[int, int]] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _due: dict[float, list[tuple[int, int, int]]] = field(default_factory=dict)
    _at_once: frozenset[str] = frozenset()
    _grain: float = _SHORTEST_STEP
    _left: int = 0
    _ended: int = 0
    _draw: Callable[[int, float, Random], int] = hits
    _spell: Spell = _NO_SPELL
    _odds: Odds = _NO_ODDS
    _spell_left: float = 0.0
    _owed: float = 0.0

    def go(self, start: Start, timeline: Sequence[Stretch]) -> Tally:
        """
        Run from *start* to the finish, or to the end of *timeline*.
        """
        self._ready = [dict(crowds) for crowds in start.ready]
        self._grain, self._at_once = start.grain, start.at_once
        for at, place, tries, count in start.due:
            self._park(at, place, tries, count)
        self._left = self.load.left
        if self._left == 0:
            self.tally.finish = 0.0
            return self.tally
        self.tally.finish = self._finish(timeline)
        self._tell_apart()
        self.tally.unreached = self._left
        return self.tally

    def _finish(self, timeline: Sequence[Stretch]) -> float | None:
        for stretch in timeline:
            at = stretch.start
            while at < stretch.end:
                at = self._step(at, stretch)
                if self._left == 0:
                    return at
        return None

    def _step(self, at: float, stretch: Stretch) -> float:
        """Go on from *at* in *stretch*; return how far."""
        self._wake(at)
        able = {place: sum(self._ready[place].values()) for place in stretch.open}
        total = sum(able.values())
        if total == 0:
            return min(stretch.end, self._times[0]) if self._times else stretch.end
        if self._spell_left <= 0:
            self._next_spell()
        self._draw = hits if self._left <= _FEW else rounded
        length = self._length(total, stretch.end - at)
        self._spell_left -= length
        self._owed += self._spell.pace * length
        begun = min(total, int(self._owed))
        if begun:
            self._owed = min(1.0, self._owed - begun)
            for place, count in self._deal(begun, able):
                self._begin(place, count, at, length)
        return at + length

    def _wake(self, at: float) -> None:
        while self._times and self._times[0] <= at:
            for place, tries, count in self._due.pop(heappop(self._times)):
                crowds = self._ready[place]
                crowds[tries] = crowds.get(tries, 0) + count

    def _park(self, until: float, place: int, tries: int, count: int) -> None:
        at = ceil(until / self._grain) * self._grain
        if at not in self._due:
            self._due[at] = []
            heappush(self._times, at)
        self._due[at].append((place, tries, count))

    def _next_spell(self) -> None:
        self._tell_apart()
        self._spell = next(self.spells)
        self._spell_left = self._spell.length
        self._odds = odds_of(self._spell.ended, self.load.max_tries)

    def _length(self, total: int, room: float) -> float:
        """Say how long the next step is: the time for a part of *total*, or for one call."""
        longest = min(room, self._spell_left, _LONGEST_STEP)
        if self._spell.pace <= 0:
            return longest
        wanted = max(self._grain, 1 / self._spell.pace, total * _PART / self._spell.pace)
        whole = max(0.001, (total - self._owed) / self._spell.pace)
        return min(longest, wanted, whole)

    def _deal(self, begun: int, able: dict[int, int]) -> list[tuple[int, int]]:
        """Deal *begun* calls out to groups; none gets more than it is able to begin."""
        if len(able) == 1:
            return [(next(iter(able)), begun)]
        dealt = dict.fromkeys(able, 0)
        while begun > 0:
            room = [place for place in able if able[place] > dealt[place]]
            weights = [(able[place] - dealt[place]) ** self.taste for place in room]
            for place, count in zip(room, spread(begun, weights), strict=True):
                taken = min(count, able[place] - dealt[place])
                dealt[place] += taken
                begun -= taken
        return list(dealt.items())

    def _begin(self, place: int, count: int, at: float, length: float) -> None:
        """Make *count* calls of one group: those that had tries first."""
        crowds = self._ready[place]
        for tries in sorted(crowds, reverse=True):
            taken = min(count, crowds[tries])
            count -= taken
            crowds[tries] -= taken
            if crowds[tries] == 0:
                del crowds[tries]
            if taken:
                self._settle(place, tries, taken, at + length / 2)

    def _settle(self, place: int, tries: int, count: int, at: float) -> None:
        faults = self._draw(count, self._odds.fault, self.rng)
        defers = self._draw(count - faults, self._odds.defer, self.rng)
        ended = count - faults - defers
        if tries + 1 < self.load.max_tries:
            if faults:
                self._wait("provider", place, tries + 1, faults, at)
        else:
            self.tally.dead += faults
            self._left -= faults
        if defers:
            self._wait("agent", place, tries, defers, at)
        self._left -= ended
        self._ended += ended

    def _tell_apart(self) -> None:
        """Say how those ended that neither failed nor were deferred in this spell."""
        placed = self._draw(self._ended, self._odds.placed, self.rng)
        unsure = self._draw(self._ended - placed, self._odds.unconfirmed, self.rng)
        self.tally.placed += placed
        self.tally.unconfirmed += unsure
        self.tally.dead += self._ended - placed - unsure
        self._ended = 0

    def _wait(self, kind: str, place: int, tries: int, count: int, at: float) -> None:
        if kind in self._at_once:
            crowds = self._ready[place]
            crowds[tries] = crowds.get(tries, 0) + count
            return
        backoff = self.load.backoffs[kind]
        for part in spread(count, [1.0] * min(count, _SPLIT)):
            nth = max(0, tries - 1) if kind == "provider" else self.rng.randrange(3)
            until = at + backoff.delay(nth, self.rng).total_seconds()
            if kind in self.load.not_same_day:
                until = max(until, self.days[place].after(at))
            self._park(until, place, tries, part)
