"""What was aimed at, what was reached, and by how much it falls short."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from figures import Figures, Values, spread
from resting import SLOW
from systems import CELERY, MEASURE, OUR


@dataclass(frozen=True)
class Aim:
    """
    One aim.

    Attributes:
        title: What was measured, with its unit.
        values: Of the rounds.
        digits: Behind the point.
        bound: What the median must not pass.
        least: Whether the bound is the least, and not the most.
    """

    title: str
    values: Values
    digits: int
    bound: float
    least: bool = False

    def row(self) -> str:
        """Write it as a row of the table."""
        sign, bound = "≥" if self.least else "≤", f"{self.bound:,g}"
        cells = (self.title, spread(self.values, self.digits), f"{sign} {bound}", self.verdict())
        return "| " + " | ".join(cells) + " |"

    def verdict(self) -> str:
        """Say whether the median reaches it, and else by which part of the aim it falls short."""
        if not self.values:
            return ""
        middle = statistics.median(self.values)
        past = self.bound - middle if self.least else middle - self.bound
        return "reached" if past <= 0 else f"short by {past / self.bound:.0%}"


def doorbells(figures: Figures) -> Values:
    """CPU a second at ten calls/s, less what ten calls of a full queue cost in the same round."""
    slow, call = figures.of("slow_ms", OUR.name), figures.of("worker_ms", OUR.name)
    return [a - SLOW * b for a, b in zip(slow, call, strict=False)]


def aims(figures: Figures) -> Iterator[Aim]:
    """List the aims."""
    ours = OUR.name

    def to_arq(name: str) -> Values:
        return figures.ratio(name, ours, MEASURE)

    lines = figures.of("lines_per_second", ours)
    to_celery = figures.ratio("lines_per_second", ours, CELERY.name)
    bells = "at 10 calls/s, worker CPU beside the calls themselves, ms a second"
    yield Aim(f"worker CPU a placed call, plain, to {MEASURE}'s", to_arq("worker_ms"), 2, 0.9)
    yield Aim("the same over TLS", to_arq("worker_ms_tls"), 2, 1.0)
    each = to_arq("calls_per_second")
    yield Aim(f"calls/s of one process, to {MEASURE}'s", each, 2, 1, least=True)
    yield Aim("server CPU a call, ms", figures.of("server_ms", ours), 2, 0.5)
    yield Aim("commands a call", figures.of("commands", ours), 1, 25)
    yield Aim("memory a waiting job, bytes", figures.of("line_bytes", ours), 0, 500)
    yield Aim(bells, doorbells(figures), 1, 60)
    yield Aim("`dialer enqueue`, lines/s", lines, 0, 20_000, least=True)
    yield Aim("the same, to Celery's `apply_async`", to_celery, 1, 12, least=True)
