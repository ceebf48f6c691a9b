"""
What is counted: who will be rung, and why the others will not.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

#: Reasons in the order in which they are listed.
REASONS = ("invalid", "do_not_call", "cap", "customer", "hours", "time")
#: Rows that are shown for a reason.
_EXAMPLES = 5


@dataclass
class Tally:
    """
    Counts of contacts.

    Attributes:
        rung: Those that will be rung.
        first: When the first of them may be rung; None for never.
        reasons: How many will not, by reason.
        examples: The first rows of each reason, in the order of the list.
    """

    rung: int = 0
    first: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[int, ...]] = field(default_factory=dict)

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
