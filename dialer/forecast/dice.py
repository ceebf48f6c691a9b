"""
Counts drawn at random; no more exact than a forecast needs.
"""

from collections.abc import Sequence
from math import exp, sqrt
from random import Random
from typing import Final

#: Up to so many trials are thrown one by one.
_THROWN: Final = 10
#: From so many expected hits on either side a bell curve is close enough.
_BELL: Final = 8.0


def hits(trials: int, odds: float, rng: Random) -> int:
    """
    Draw how many of *trials* succeed, each with *odds* in 0..1.
    """
    if trials <= 0 or odds <= 0:
        return 0
    if odds >= 1:
        return trials
    if trials <= _THROWN:
        return sum(rng.random() < odds for _ in range(trials))
    if odds > 0.5:  # noqa: PLR2004 - the rarer side is drawn
        return trials - hits(trials, 1 - odds, rng)
    mean = trials * odds
    if mean < _BELL:
        return min(trials, _rare(mean, rng))
    drawn = round(rng.gauss(mean, sqrt(mean * (1 - odds))))
    return min(trials, max(0, drawn))


def rounded(trials: int, odds: float, rng: Random) -> int:
    """
    Return what is to be expected of `hits`, up or down to a whole number at random.
    """
    return int(trials * odds + rng.random())


def _rare(mean: float, rng: Random) -> int:
    """Draw from the law of rare events (Poisson)."""
    floor, product, count = exp(-mean), rng.random(), 0
    while product > floor:
        product *= rng.random()
        count += 1
    return count


def shares(weights: Sequence[float], rng: Random) -> list[float]:
    """
    Draw shares that sum to 1 around *weights*, the closer the larger these are (Dirichlet).

    Args:
        weights: Counts seen plus a prior's, all > 0.
        rng: Source of the draw.
    """
    drawn = [rng.gammavariate(weight, 1.0) for weight in weights]
    total = sum(drawn) or 1.0
    return [one / total for one in drawn]


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """
    Deal *total* out by *weights*; the parts sum to it. All weights 0: evenly.
    """
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
