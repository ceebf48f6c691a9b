"""
The past of a campaign: throughput and odds, and how sure they are.

The hours are cut into blocks of open time. Each run believes a mixture of them
of its own (it draws how much each block weighs), so that few hours or uneven
ones make runs differ much, and many even ones little. On its way a run meets
the pace of one block after another, now and then an unseen one, and its
level wanders: what is to come need not be like what was.

What is long ago counts less: half as much for each `_HALF` of open time since
then. So a cause that was put right (agents who log in again, a code whose
reason is gone) is forgotten within a day or two.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import exp, sqrt
from operator import mul
from random import Random
from typing import Final, NamedTuple

from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.planning.forecast.load import History, Load
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
#: Spread (in logarithms) of an unseen pace, of the level that a run starts
#: from, and of how far that wanders in `_WANDER_TIME` of open time.
_UNSEEN, _OFFSET, _WANDER = 0.5, 0.12, 0.18
_WANDER_TIME: Final = 8 * 3600.0
#: An unseen pace (an outage, another campaign) is more often slower than faster.
_TROUBLE: Final = -0.15
#: What was seen so much open time ago, in seconds, counts half.
_HALF: Final = 8 * 3600.0
_HOUR: Final = timedelta(hours=1)


class Block(NamedTuple):
    """Open time in seconds, calls allowed and begun in it, and ends as in `HourCounts.ended`."""

    time: float
    allowed: float
    begun: float
    ended: tuple[float, ...]

    @property
    def reached(self) -> float:
        """The part of the allowed calls that were begun."""
        return self.begun / self.allowed if self.allowed else 0.0


class Odds(NamedTuple):
    """Ends of one attempt, each where none before it came true; if none does, it ends dead."""

    fault: float
    defer: float
    placed: float
    unconfirmed: float


class Past:
    """
    The blocks of a campaign's past, for runs to draw from.

    Attributes:
        all: All blocks as one.
        spell: How long a run goes at one pace, in seconds of open time.
    """

    def __init__(self, load: Load, history: History) -> None:
        blocks = _joined(_seen(load, history))
        since = [sum(later.time for later in blocks[nth:]) for nth in range(len(blocks))]
        ages = [ago - block.time / 2 for ago, block in zip(since, blocks, strict=True)]
        self._fresh = [0.5 ** (age / _HALF) for age in ages]
        self._load = load
        self._blocks = blocks
        self._usual = _sum(blocks, self._fresh).reached
        self.all = _sum(blocks)
        self.spell = min(_LONGEST, max(_SHORTEST, self.all.time / max(1, len(blocks))))

    def belief(self, rng: Random) -> tuple[float, Odds]:
        """Draw the part of the allowed calls that one run reaches, and how its attempts end."""
        drawn = [rng.gammavariate(1.0, 1.0) for _ in self._blocks]
        mean = sum(drawn) / len(drawn) if drawn else 1.0
        mixed = _sum(
            self._blocks,
            [one * fresh / mean for one, fresh in zip(drawn, self._fresh, strict=True)],
        )
        prior = self._load.share * rng.betavariate(*PRIOR_REACHED)
        extra = _PRIOR_TIME * self._load.most(self._load.rate) or 1.0
        reached = (mixed.begun + prior * extra) / (mixed.allowed + extra)
        seen = zip(mixed.ended, PRIOR_ENDED, strict=True)
        shares = [rng.gammavariate(count + few, 1.0) for count, few in seen]
        return reached, odds_of([one / sum(shares) for one in shares], self._load.max_tries)

    def paces(self, reached: float, rng: Random) -> Iterator[float]:
        """Draw the paces that a run meets, in calls begun each second, without end."""
        most = self._load.most(self._load.rate)
        wander = _WANDER * sqrt(self.spell / _WANDER_TIME)
        level = rng.gauss(0.0, _OFFSET)
        while True:
            yield min(self._load.rate, most * reached * exp(level) * self._faster(rng))
            level += rng.gauss(0.0, wander)

    def _faster(self, rng: Random) -> float:
        """Draw how much faster than usual it goes for a while."""
        place = rng.random() * (sum(self._fresh) + 1)
        for block, fresh in zip(self._blocks, self._fresh, strict=True):
            place -= fresh
            if place < 0:
                return block.reached / self._usual if block.allowed and self._usual else 1.0
        return exp(rng.gauss(_TROUBLE, _UNSEEN))


def odds_of(ended: Sequence[float], max_tries: int) -> Odds:
    """
    Return the odds of an attempt, from shares in the order of `HourCounts.ended`.

    A fault at the last try was counted among the dead. How many those are
    follows from the odds of a fault, which follow from how many they are.
    """
    placed, retries, defers, dead, unconfirmed = ended
    last = 0.0
    if retries > 0 and max_tries > 1:
        for _ in range(4):
            fault = min(0.95, retries + last)
            at_last = fault ** (max_tries - 1) * (1 - fault) / (1 - fault**max_tries)
            last = min(dead, fault * at_last)
    rest = 1 - retries - last
    dead -= last
    return Odds(
        fault=retries + last,
        defer=_part(defers, rest),
        placed=_part(placed, rest - defers),
        unconfirmed=_part(unconfirmed, unconfirmed + dead),
    )


def _part(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _sum(blocks: Sequence[Block], weights: Sequence[float] = ()) -> Block:
    weights = weights or [1.0] * len(blocks)
    rows = [(*block[:3], *block.ended) for block in blocks]
    columns = zip(*rows, strict=True) if rows else [()] * (3 + len(PRIOR_ENDED))
    time, allowed, begun, *ended = (sum(map(mul, weights, column)) for column in columns)
    return Block(time, allowed, begun, tuple(ended))


def _seen(load: Load, history: History) -> list[Block]:
    """Return one block for each hour that was open, oldest first."""
    counts = {row.hour.astimezone(UTC): row for row in history.hours}
    if not counts:
        return []
    since = history.since or min(counts)
    # A group that is used up may have been so for long: its hours are not evidence,
    # unless nothing else is left.
    groups = [group for group in load.groups if group.waiting] or load.groups
    windows = merge(window for group in groups for window in group.windows)
    seconds = _open_seconds(windows, since, load.now)
    if not seconds:
        spans = [(hour, hour + _HOUR) for hour, row in counts.items() if row.starts]
        seconds = _open_seconds(spans, since, load.now)
    made = [
        _block(load, counts.get(hour, HourCounts(hour, 0, 0)), seconds[hour])
        for hour in sorted(seconds)
    ]
    for first in made[:1]:  # all who may have a call begin one at once
        allowed = min(load.rate * first.time, first.allowed + load.max_live)
        made[0] = first._replace(allowed=max(first.allowed, allowed))
    return made


def _open_seconds(
    windows: Sequence[Window], since: datetime, now: datetime
) -> dict[datetime, float]:
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


def _joined(hours: Sequence[Block]) -> list[Block]:
    """Join neighbours until about `_BLOCKS` are left."""
    length = min(_LONGEST, max(_SHORTEST, sum(hour.time for hour in hours) / _BLOCKS))
    made: list[Block] = []
    for hour in hours:
        if made and made[-1].time + hour.time / 2 <= length:
            made[-1] = _sum([made[-1], hour])
        else:
            made.append(hour)
    return made
