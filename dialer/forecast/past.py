"""
What the hours so far say of throughput and odds, and how sure that is.

The hours are cut into blocks of open time. Each run believes a mixture of them
of its own (it draws how much each block weighs), so that few hours or uneven
ones make runs differ much, and many even ones little. On its way a run meets
one block after another, as they were, now and then one as nobody has seen, and
its level wanders: what is to come need not be like what was.

What is long ago counts less: half as much for each `_HALF` of open time since
then. So a cause that was put right (agents who log in again, a code whose
reason is gone) is forgotten within a day or two, and what was seen before the
definition was changed, never believed at all, is left out by who asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import exp, sqrt
from random import Random
from typing import Final

from dialer.forecast.dice import shares
from dialer.forecast.load import History, Load
from dialer.hourcounts import HourCounts
from schedules.windows import Window, merge

#: Placed, retried, deferred, dead, unconfirmed, of the attempts that end, before any have:
#: as if ten had been seen.
PRIOR_ENDED: Final = (8.0, 0.8, 0.6, 0.5, 0.1)
#: Of the allowed calls are begun, before any hour was seen: about 0.8, anything from 0.4 to 1.
PRIOR_REACHED: Final = (4.0, 1.0)
#: The prior counts as much as this much open time of the past.
_PRIOR_TIME: Final = 300.0
#: Blocks are at least so long, at most so long; and about so many, where that can be.
_SHORTEST, _LONGEST, _BLOCKS = 3600.0, 8 * 3600.0, 10
#: Spread (in logarithms) of a block as nobody has seen, of the level that a run starts
#: from, and of how far that wanders in `_WANDER_TIME` of open time.
_UNSEEN, _OFFSET, _WANDER = 0.5, 0.12, 0.18
_WANDER_TIME: Final = 8 * 3600.0
#: What nobody has seen yet (an outage, another campaign) is more often slower than faster.
_TROUBLE: Final = -0.15
#: What was seen so much open time ago, in seconds, counts half.
_HALF: Final = 8 * 3600.0
_HOUR: Final = timedelta(hours=1)

Ended = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """
    Some open time of the past.

    Attributes:
        time: How long it was open, in seconds.
        allowed: Calls that might have begun.
        begun: Calls that did.
        ended: How many ended so, in the order of `HourCounts.ended`.
    """

    time: float
    allowed: float
    begun: float
    ended: Ended

    def __add__(self, other: "Block") -> "Block":
        both = tuple(mine + its for mine, its in zip(self.ended, other.ended, strict=True))
        return Block(
            self.time + other.time, self.allowed + other.allowed, self.begun + other.begun, both
        )

    def __mul__(self, weight: float) -> "Block":
        ended = tuple(weight * count for count in self.ended)
        return Block(weight * self.time, weight * self.allowed, weight * self.begun, ended)


_NOTHING: Final = Block(0.0, 0.0, 0.0, (0.0,) * len(PRIOR_ENDED))


@dataclass(frozen=True, slots=True)
class Spell:
    """
    How it goes for a while.

    Attributes:
        length: Open time that it lasts, in seconds.
        pace: Calls begun each second.
        ended: Shares of attempts by how they end; they sum to 1.
    """

    length: float
    pace: float
    ended: Ended


class Past:
    """
    The blocks of a campaign's past, for runs to draw from.
    """

    def __init__(self, load: Load, history: History) -> None:
        self.blocks = _joined(_seen(load, history))
        self._load = load
        self._all = sum(self.blocks, _NOTHING)
        self._fresh = _freshness(self.blocks)
        seen = zip(self.blocks, self._fresh, strict=True)
        usual = sum((block * fresh for block, fresh in seen), _NOTHING)
        self._turns = [_turn(block, usual) for block in self.blocks]
        count = len(self.blocks)
        self._length = min(_LONGEST, max(_SHORTEST, self._all.time / count if count else 0.0))

    @property
    def time(self) -> timedelta:
        """The open time that was seen."""
        return timedelta(seconds=self._all.time)

    @property
    def reached(self) -> float | None:
        """The part of the allowed calls that were begun; None where nothing was seen."""
        return self._all.begun / self._all.allowed if self._all.allowed else None

    def spells(self, rng: Random) -> Iterator[Spell]:
        """
        Draw what one run meets, without end.
        """
        reached, ended = self._belief(rng)
        most = self._load.most(self._load.rate)
        wander = _WANDER * sqrt(self._length / _WANDER_TIME)
        level = rng.gauss(0.0, _OFFSET)
        while True:
            faster, tilt = self._draw_turn(rng)
            pace = min(self._load.rate, most * reached * exp(level) * faster)
            tilted = [share * times for share, times in zip(ended, tilt, strict=True)]
            total = sum(tilted)
            yield Spell(self._length, pace, tuple(share / total for share in tilted))
            level += rng.gauss(0.0, wander)

    def _belief(self, rng: Random) -> tuple[float, Ended]:
        """Draw the part of the allowed calls that is reached, and how attempts end."""
        weights = [rng.gammavariate(1.0, 1.0) for _ in self.blocks]
        whole = sum(weights) or 1.0
        mixed = _NOTHING
        for block, weight, fresh in zip(self.blocks, weights, self._fresh, strict=True):
            mixed += block * (weight * fresh * len(weights) / whole)
        prior = self._load.share * rng.betavariate(*PRIOR_REACHED)
        extra = _PRIOR_TIME * self._load.most(self._load.rate) or 1.0
        reached = (mixed.begun + prior * extra) / (mixed.allowed + extra)
        ended = shares([a + b for a, b in zip(mixed.ended, PRIOR_ENDED, strict=True)], rng)
        return reached, tuple(ended)

    def _draw_turn(self, rng: Random) -> tuple[float, Ended]:
        place = rng.random() * (sum(self._fresh) + 1)
        for turn, fresh in zip(self._turns, self._fresh, strict=True):
            place -= fresh
            if place < 0:
                return turn
        tilt = tuple(exp(rng.gauss(0.0, _UNSEEN)) for _ in PRIOR_ENDED)
        return exp(rng.gauss(_TROUBLE, _UNSEEN)), tilt


def _freshness(blocks: Sequence[Block]) -> list[float]:
    """Say how much each block counts, in 0..1: the less, the more open time has passed since."""
    fresh, since = [], 0.0
    for block in reversed(blocks):
        fresh.append(0.5 ** ((since + block.time / 2) / _HALF))
        since += block.time
    return fresh[::-1]


def _turn(block: Block, whole: Block) -> tuple[float, Ended]:
    """Say how much faster than the whole a block was, and how its endings differed."""
    usual = whole.begun / whole.allowed if whole.allowed else 0.0
    faster = block.begun / block.allowed / usual if block.allowed and usual else 1.0
    prior = [
        (count + few) / (sum(whole.ended) + sum(PRIOR_ENDED))
        for count, few in zip(whole.ended, PRIOR_ENDED, strict=True)
    ]
    strength = sum(PRIOR_ENDED)
    total = sum(block.ended) + strength
    tilt = tuple(
        (count + strength * share) / total / share
        for count, share in zip(block.ended, prior, strict=True)
    )
    return faster, tilt


def _seen(load: Load, history: History) -> list[Block]:
    """Return one block for each hour that was open, oldest first."""
    counts = {row.hour.astimezone(UTC): row for row in history.hours}
    if not counts:
        return []
    since = min(counts) if history.since is None else history.since.astimezone(UTC)
    now = load.now.astimezone(UTC)
    seconds = _open_seconds(_windows_seen(load), since, now)
    if not seconds:
        seconds = {
            hour: (min(hour + _HOUR, now) - max(hour, since)).total_seconds()
            for hour, row in counts.items()
            if row.starts
        }
    rows = [(counts.get(hour, HourCounts(hour, 0, 0)), seconds[hour]) for hour in sorted(seconds)]
    return _with_first_calls(load, [_block(load, row, time) for row, time in rows if time > 0])


def _with_first_calls(load: Load, blocks: list[Block]) -> list[Block]:
    """Allow as many calls as may be going on beside those that follow them, at the beginning."""
    for first in blocks[:1]:
        allowed = min(load.rate * first.time, first.allowed + load.max_live)
        blocks[0] = replace(first, allowed=max(first.allowed, allowed))
    return blocks


def _windows_seen(load: Load) -> list[Window]:
    """
    When there was something to ring.

    A group that is used up may have been so for long: its hours are not
    evidence, unless nothing else is left.
    """
    groups = [group for group in load.groups if group.waiting] or load.groups
    return merge(window for group in groups for window in group.windows)


def _open_seconds(windows: list[Window], since: datetime, now: datetime) -> dict[datetime, float]:
    seconds: dict[datetime, float] = {}
    for first, last in windows:
        at, end = max(first, since).astimezone(UTC), min(last, now).astimezone(UTC)
        while at < end:
            hour = at.replace(minute=0, second=0, microsecond=0)
            upto = min(end, hour + _HOUR)
            seconds[hour] = seconds.get(hour, 0.0) + (upto - at).total_seconds()
            at = upto
    return seconds


def _block(load: Load, row: HourCounts, time: float) -> Block:
    most = load.most(load.rate if row.rate is None else row.rate)
    return Block(time, most * time, row.starts, tuple(map(float, row.ended)))


def _joined(hours: list[Block]) -> list[Block]:
    """Join neighbours until about `_BLOCKS` are left."""
    whole = sum(block.time for block in hours)
    length = min(_LONGEST, max(_SHORTEST, whole / _BLOCKS))
    made: list[Block] = []
    for hour in hours:
        if made and made[-1].time + hour.time / 2 <= length:
            made[-1] += hour
        else:
            made.append(hour)
    return made
