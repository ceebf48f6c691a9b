"""Hourly counts of a campaign's attempts and their outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class HourCounts:
    """
    Counts of one hour of a campaign.

    Attributes:
        hour: Aware; its beginning, a whole hour in UTC.
        starts: Attempts begun.
        placed: Attempts that ended so: accepted by the API.
        retries: That ended in another try later.
        defers: That ended in another turn later, with no try used.
        dead: That ended for good: refused, or the last try failed.
        unconfirmed: That may have rung.
        rate: Calls a second that were allowed then; None for as many as now.

    Raises:
        ValueError: `hour` is not a whole hour in UTC.
    """

    hour: datetime
    starts: int = 0
    placed: int = 0
    retries: int = 0
    defers: int = 0
    dead: int = 0
    unconfirmed: int = 0
    rate: float | None = None

    def __post_init__(self) -> None:
        hour = self.hour.astimezone(UTC)
        if hour != hour.replace(minute=0, second=0, microsecond=0):
            raise ValueError(f"{hour.isoformat()} is not a whole hour in UTC")

    @property
    def ended(self) -> tuple[int, int, int, int, int]:
        """Counts by outcome, in the order of the fields."""
        return self.placed, self.retries, self.defers, self.dead, self.unconfirmed

    def without(self, before: Iterable[int]) -> "HourCounts":
        """Return the rest of the hour after the counts *before*: starts, then as `ended`."""
        words = ("starts", "placed", "retries", "defers", "dead", "unconfirmed")
        counts = zip(words, before, strict=True)
        return replace(self, **{word: max(0, getattr(self, word) - n) for word, n in counts})
