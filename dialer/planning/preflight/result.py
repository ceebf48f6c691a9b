"""The result of a preflight: contacts that will be rung, and why the others will not."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: Reasons in the order in which they are listed.
REASONS = ("invalid", "do_not_call", "cap", "customer", "hours", "time")
#: Rows that are shown for a reason.
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Preflight:
    """
    The contacts of a list that will be rung, and the reasons of the others.

    Attributes:
        rows: Contacts looked at: those that are no jobs yet.
        reasons: How many will not be rung, by their one reason; in the order of `REASONS`.
        examples: The first rows of each reason.
        warnings: What an operator should know before the start.
        first: When the first contact may be rung; None for never.
    """

    rows: int
    will_ring: int
    reasons: Mapping[str, int]
    examples: Mapping[str, tuple[int, ...]]
    warnings: tuple[str, ...]
    first: datetime | None


@dataclass
class Tally:
    """Counts of contacts, as in `Preflight`."""

    rung: int = 0
    first: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def looked_at(self) -> int:
        """How many were counted."""
        return self.rung + self.reasons.total()

    def refuse(self, row: int, reason: str) -> None:
        """Count one that will not be rung."""
        self.reasons[reason] += 1
        known = self.examples.get(reason, ())
        if len(known) < _EXAMPLES or row < known[-1]:
            self.examples[reason] = tuple(sorted((*known, row))[:_EXAMPLES])

    def ring(self, at: datetime) -> None:
        """Count one that will be rung."""
        self.rung += 1
        self.first = min(at, self.first or at)

    def result(self, warnings: tuple[str, ...]) -> Preflight:
        """Return the counts as a preflight."""
        reasons = {name: self.reasons[name] for name in REASONS if self.reasons[name]}
        return Preflight(
            self.looked_at, self.rung, reasons, self.examples, warnings, first=self.first
        )
