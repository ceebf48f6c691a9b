"""
How one attempt ends, from how the attempts of a campaign ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Odds:
    """
    How one attempt ends, asked one after the other; if none is true, it ends dead.

    Attributes:
        fault: Needs another try.
        defer: Needs another turn, if it was no fault.
        placed: Was accepted, if it was neither.
        unconfirmed: May have rung, if it was none of these.
    """

    fault: float
    defer: float
    placed: float
    unconfirmed: float


def odds_of(ended: Sequence[float], max_tries: int) -> Odds:
    """
    Say how one attempt ends, from the shares of attempts that ended in each way.

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
        defer=_of(defers, rest),
        placed=_of(placed, rest - defers),
        unconfirmed=_of(unconfirmed, unconfirmed + dead),
    )


def _of(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0
