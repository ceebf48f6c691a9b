"""Values of several rounds: their middle, least and most."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence

#: One figure of one system, in the order of the rounds.
Values = Sequence[float]


class Figures:
    """What was measured: one value a round for each (figure, system)."""

    def __init__(self) -> None:
        self.values: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, system: str, found: Mapping[str, float]) -> None:
        """Note the figures of a system in one round."""
        for name, value in found.items():
            self.values[name, system].append(value)

    def of(self, name: str, system: str) -> Values:
        """Return the values of one figure; none where it was not measured."""
        return self.values.get((name, system), [])

    def ratio(self, name: str, system: str, to: str, *, to_name: str = "") -> Values:
        """Divide, round by round, by another system's."""
        mine, theirs = self.of(name, system), self.of(to_name or name, to)
        return [a / b for a, b in zip(mine, theirs, strict=False) if b]

    def middle(self, name: str, system: str) -> float:
        """Return the median; 0 where it was not measured."""
        values = self.of(name, system)
        return statistics.median(values) if values else 0.0


def spread(values: Values, digits: int = 0) -> str:
    """Write the median, and in brackets the least and the most."""
    if not values:
        return "not measured"
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f} to {most:,.{digits}f})"
