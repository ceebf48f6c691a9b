"""A calendar: all rules that apply to one person's calls."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from schedules.errors import HoursError
from schedules.rule import Rule
from schedules.windows import Window, intersect
from schedules.zones import utc

#: How far ahead a change is looked for.
HORIZON = timedelta(days=370)

#: Nearly every answer lies in the first stretch; only an odd calendar needs the year.
_STRETCHES = (timedelta(days=8), timedelta(days=64), HORIZON)


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    Open when all of its rules are: account, preset, campaign and contact.

    Every question raises HoursError for a naive time, and for a year whose holidays are unknown.

    Attributes:
        rules: At least one; sorted and without doubles.

    Raises:
        HoursError: There is no rule. No rule is not "always", which can be written.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if not self.rules:
            raise HoursError('a calendar needs at least one rule: "always" is one')
        unique = {json.dumps(rule.spec(), sort_keys=True): rule for rule in self.rules}
        object.__setattr__(self, "rules", tuple(unique[text] for text in sorted(unique)))

    def __and__(self, other: "Calendar") -> "Calendar":
        """Open when both are."""
        return Calendar(self.rules + other.rules)

    def is_open(self, at: datetime) -> bool:
        """Whether a call may be placed at an instant."""
        return all(rule.is_open(at) for rule in self.rules)

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """Return the open windows from `start` until just before `end`, as `Rule.windows`."""
        return reduce(intersect, (rule.windows(start, end) for rule in self.rules))

    def next_change(self, at: datetime) -> datetime | None:
        """Return the next opening or closing after `at`, in UTC; None within `HORIZON`."""
        start = utc(at)
        for stretch in _STRETCHES:
            for opens, closes in self.windows(start, start + stretch)[:1]:
                if opens > start:
                    return opens
                if closes < start + stretch:
                    return closes
        return None

    def why_closed(self, at: datetime) -> list[str]:
        """Return each reason not to call, naming rule and zone; none when open."""
        return [reason for rule in self.rules for reason in rule.why_closed(at)]
