"""When a person may be called: every rule that applies, at once."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Self

from .errors import HoursError
from .holidays import NO_HOLIDAYS, HolidaySet
from .hours import CallingHours
from .rule import Rule
from .windows import Window, intersect
from .zones import utc

#: How far ahead an opening or a change is looked for.
HORIZON = timedelta(days=370)

#: Nearly every answer lies in the first stretch; only an odd calendar needs the year.
_STRETCHES = (timedelta(days=8), timedelta(days=64), HORIZON)

_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    Open when all of its rules are: account and preset and campaign and contact.

    Attributes:
        rules: At least one; sorted and without doubles, so the same rules
            make the same calendar.

    Raises:
        HoursError: There is no rule. No rule is not "always", which one can write.
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

    @property
    def digest(self) -> str:
        """16 hex digits that name these rules, in this process and any other."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """These rules as one line of ASCII text; the same rules give the same text."""
        rules = [rule.spec() for rule in self.rules]
        return json.dumps(
            {"layout": _LAYOUT, "rules": rules}, sort_keys=True, separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        Read what `to_json` wrote.

        Raises:
            HoursError: It is not such a text, or a rule in it cannot be kept.
        """
        try:
            spec = json.loads(text)
            layout, rules = spec["layout"], tuple(map(Rule.from_spec, spec["rules"]))
        except HoursError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HoursError("calendar: this is not the JSON text of a calendar") from error
        if layout != _LAYOUT:
            raise HoursError(f"calendar: its layout is {layout}, this program reads {_LAYOUT}")
        return cls(rules)

    def is_open(self, at: datetime) -> bool:
        """
        Whether a call may be placed at an instant.

        Raises:
            HoursError: The time is naive, or nobody knows the year's holidays.
        """
        return all(rule.is_open(at) for rule in self.rules)

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """
        When all rules are open, from `start` until just before `end`.

        Returns:
            `(opens, closes)` pairs of aware datetimes in UTC: sorted, joined
            where they touch, cut at `start` and `end`; `closes` is excluded.

        Raises:
            HoursError: As for `is_open`.
        """
        return reduce(intersect, (rule.windows(start, end) for rule in self.rules))

    def next_opening(self, at: datetime) -> datetime | None:
        """
        The first instant, from `at` on, at which a call may be placed.

        Returns:
            A time in UTC, `at` itself when it is open; None when there is
            none within `HORIZON`.

        Raises:
            HoursError: As for `is_open`.
        """
        return utc(at) if self.is_open(at) else self.next_change(at)

    def next_change(self, at: datetime) -> datetime | None:
        """
        The first instant after `at` at which closed becomes open, or open closed.

        Returns:
            A time in UTC; None when nothing changes within `HORIZON`.

        Raises:
            HoursError: As for `is_open`.
        """
        start = utc(at)
        for stretch in _STRETCHES:
            for opens, closes in self.windows(start, start + stretch)[:1]:
                if opens > start:
                    return opens
                if closes < start + stretch:
                    return closes
        return None

    def why_closed(self, at: datetime) -> list[str]:
        """
        Every reason not to call at an instant, naming rule and zone; none when it is open.

        Raises:
            HoursError: As for `is_open`.
        """
        return [reason for rule in self.rules for reason in rule.why_closed(at)]


def overlap(
    hours: CallingHours, zones: Iterable[str], holidays: HolidaySet = NO_HOLIDAYS
) -> Calendar:
    """
    The calendar of a number that may be in any of several zones: open when it is in all.

    Raises:
        HoursError: There is no zone, or one of them is unknown.
    """
    rules = tuple(Rule(hours, zone, holidays) for zone in zones)
    if not rules:
        raise HoursError("time zone is missing: no zone is known for this number")
    return Calendar(rules)
