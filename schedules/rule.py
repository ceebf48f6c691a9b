"""A rule: calling hours, their zone, and the days that stay shut."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from schedules.errors import HoursError
from schedules.holidays import NO_HOLIDAYS, HolidaySet
from schedules.hours import DAY, CallingHours, Span
from schedules.presets import PRESETS
from schedules.windows import Window, merge
from schedules.zones import offsets, utc, wall, zone_of


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Calling hours in a zone, less holidays.

    An instant is open when its wall time lies inside a range of that day, or inside
    yesterday's that ran past midnight. A holiday is shut from 00:00 to 24:00, and ranges
    that would start on it stay shut to their end. Wall time that a change of the clocks
    skips never comes; wall time that comes twice is open twice.

    Every question raises HoursError for a naive time, and for a year whose holidays are unknown.

    Attributes:
        hours: The week of ranges.
        zone: IANA name, for ranges and holidays.
        holidays: Days that stay shut; those of a preset are always among them.

    Raises:
        HoursError: The zone is missing or unknown.
    """

    hours: CallingHours
    zone: str
    holidays: HolidaySet = NO_HOLIDAYS

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if preset := PRESETS.get(self.hours.name):
            object.__setattr__(self, "holidays", self.holidays | HolidaySet.parse(preset.holidays))

    @classmethod
    def parse(cls, hours: str, *, zone: str | None = None, holidays: str = "") -> Self:
        """
        Build a rule from three settings.

        Args:
            hours: As for `CallingHours.parse`.
            zone: IANA name; None for the zone of the preset, where it has one.
            holidays: As for `HolidaySet.parse`.

        Raises:
            HoursError: One of them breaks a rule, or no zone is known.
        """
        week = CallingHours.parse(hours)
        preset = PRESETS.get(week.name)
        if zone is None and preset:
            zone = preset.zone
        if zone is None:
            raise HoursError(f'calling hours "{hours}" need a time zone: name one, Asia/Kolkata')
        return cls(week, zone, HolidaySet.parse(holidays))

    def is_open(self, at: datetime) -> bool:
        """Whether this rule allows a call at an instant."""
        local = self.local(at)
        return _covers(self._open_on(local.date()), local)

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """
        Return the open windows from `start` until just before `end`.

        `(opens, closes)` in UTC, sorted, joined where they touch, cut at both; `closes` excluded.
        """
        return merge(self._pieces(utc(start), utc(end)))

    def why_closed(self, at: datetime) -> list[str]:
        """Return each reason of this rule not to call; none when open."""
        local = self.local(at)
        if _covers(self._open_on(local.date()), local):
            return []
        reasons = []
        today = self._holiday(local.date())
        yesterday = self._holiday(local.date() - DAY)
        if today:
            reasons.append(today)
        if not _covers(self._hours_on(local.date()), local):
            reasons.append(
                f"{self.hours.name or 'calling hours'}: {self.hours.ranges} {self.zone}; "
                f"it is {local:%a %H:%M} there"
            )
        elif yesterday and not today:
            reasons.append(f"{yesterday}; hours that start then stay shut past midnight")
        return reasons

    def local(self, at: datetime) -> datetime:
        """Naive wall time of an instant in this rule's zone."""
        return wall(utc(at), zone_of(self.zone))

    def spec(self) -> dict[str, str]:
        """The rule as text, the hours written out, so that a preset may change."""
        return {
            "hours": self.hours.ranges,
            "name": self.hours.name,
            "zone": self.zone,
            "holidays": str(self.holidays),
        }

    def _pieces(self, start: datetime, end: datetime) -> Iterator[Window]:
        for since, until, offset in offsets(zone_of(self.zone), start, end):
            first, last = (at.replace(tzinfo=None) + offset for at in (since, until))
            for midnight in _midnights(first, last):
                for span in self._open_on(midnight.date()):
                    opens, closes = midnight + span.opens - offset, midnight + span.closes - offset
                    yield (
                        max(opens.replace(tzinfo=UTC), since),
                        min(closes.replace(tzinfo=UTC), until),
                    )

    def _open_on(self, day: date) -> list[Span]:
        """Open stretches of one day, from its 00:00 to its 24:00."""
        if self.holidays.name(day):
            return []
        return self._hours_on(day, tails=not self.holidays.name(day - DAY))

    def _hours_on(self, day: date, *, tails: bool = True) -> list[Span]:
        """Yesterday's tails, then today's spans; today's holiday aside."""
        late = self.hours.days[day.weekday() - 1] if tails else ()
        return [Span(timedelta(), span.closes - DAY) for span in late if span.closes > DAY] + [
            Span(span.opens, min(span.closes, DAY)) for span in self.hours.days[day.weekday()]
        ]

    def _holiday(self, day: date) -> str | None:
        name = self.holidays.name(day)
        return name and f"holiday: {name}, {day:%a %Y-%m-%d} in {self.zone}"


def _covers(spans: list[Span], local: datetime) -> bool:
    since_midnight = local - _midnight(local)
    return any(span.opens <= since_midnight < span.closes for span in spans)


def _midnights(first: datetime, last: datetime) -> Iterator[datetime]:
    midnight = _midnight(first)
    while midnight < last:
        yield midnight
        midnight += DAY


def _midnight(local: datetime) -> datetime:
    return datetime.combine(local, time())
