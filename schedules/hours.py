"""
Calling hours as people write them: ranges of wall time on days of the week.

    hours = "always" | preset | group { "," group }
    group = days { range }          every range belongs to the days before it
    days  = "daily" | day | day "-" day, one or several
    range = HH:MM-HH:MM             up to, and without, its end

A range that ends at or before its start runs past midnight and belongs to the
day it starts on. "24:00" is the end of a day.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Self

from schedules.errors import HoursError
from schedules.presets import PRESETS

DAY = timedelta(days=1)

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = tuple(name[:3] for name in _NAMES)
_WEEK = range(7)
#: What a weekday may be called, in lower case: `mon` or `monday`.
_DAYS = {name.lower(): day for names in (_NAMES, _SHORT) for day, name in enumerate(names)}
_RANGE = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
#: A hyphen or an en dash, as word processors write it, with any space around it.
_DASH = re.compile(r"\s*[-\u2013]\s*")
_ALWAYS = "always"
_DAILY = "daily"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """
    One range of wall time on the day it starts on.

    Attributes:
        opens: Time since midnight of that day; less than 24 h.
        closes: The same; above 24 h past midnight, at most 24 h after `opens`.
    """

    opens: timedelta
    closes: timedelta

    def __str__(self) -> str:
        closes = self.closes - DAY if self.closes > DAY else self.closes
        return f"{_clock(self.opens)}-{_clock(closes)}"


@dataclass(frozen=True, slots=True)
class CallingHours:
    """
    A week of ranges in wall time, without zone or holidays.

    Attributes:
        days: Seven tuples of spans, Monday first, each sorted and joined.
        name: The preset it was read from; "" for ranges written out.
    """

    days: tuple[tuple[Span, ...], ...]
    name: str = field(default="", kw_only=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read hours; `parse(str(hours)) == hours`.

        Args:
            text: `"Mon-Fri 10:00-13:00, Sat 10:00-12:00"`, `"always"`, or the name of a
                preset, in any case.

        Raises:
            HoursError: The text breaks a rule; names the text, the rule and the remedy.
        """
        wanted = text.strip().lower()
        if wanted in PRESETS:
            return cls(cls.parse(PRESETS[wanted].ranges).days, name=wanted)
        if wanted == _ALWAYS:
            return cls(((Span(timedelta(), DAY),),) * 7)
        try:
            return cls(_week(_DASH.sub("-", wanted).replace(",", " ").split()))
        except HoursError as error:
            raise HoursError(f'calling hours "{text}": {error}') from None

    @property
    def ranges(self) -> str:
        """The hours written out, those of a preset too."""
        if self.days == CallingHours.parse(_ALWAYS).days:
            return _ALWAYS
        groups = [
            (_days([index for index, _ in group]), " ".join(map(str, spans)))
            for spans, group in groupby(enumerate(self.days), key=lambda day: day[1])
            if spans
        ]
        return ", ".join(f"{days} {ranges}" for days, ranges in groups)

    @property
    def over_midnight(self) -> list[str]:
        """
        One sentence for each range that runs past midnight: most are slips of the pen.

        A day's end that was meant is written as such: "10:00-24:00".
        """
        late = dict.fromkeys(span for day in self.days for span in day if span.closes > DAY)
        return [
            f"{span} runs over midnight: {_length(span.closes - span.opens)},"
            f" until {_clock(span.closes - DAY)} of the next day"
            for span in late
        ]

    def __str__(self) -> str:
        return self.name or self.ranges


def _week(words: list[str]) -> tuple[tuple[Span, ...], ...]:
    """Days until a range belong together; a day after a range begins another group."""
    spans: list[list[Span]] = [[] for _ in _WEEK]
    days: list[int] = []
    complete = True
    for word in words:
        if match := _RANGE.fullmatch(word):
            if not days:
                raise HoursError(f'"{word}" has no day: write "daily {word}" or name the days')
            span = _span(word, *match.groups())
            for day in days:
                spans[day].append(span)
        else:
            days = [*([] if complete else days), *_weekdays(word)]
        complete = match is not None
    if not words or not complete:
        missing = "no range after the last day" if words else "no hours at all"
        raise HoursError(f'{missing}: write "Mon-Fri 10:00-18:00" or "always"')
    return tuple(_join(day) for day in spans)


def _weekdays(word: str) -> list[int]:
    """Weekdays of one word; "sat-mon" runs over the end of the week."""
    if word == _DAILY:
        return list(_WEEK)
    if word == _ALWAYS or word in PRESETS:
        raise HoursError(f'"{word}" stands alone, without other hours')
    start, dash, end = word.partition("-")
    if start not in _DAYS or (dash and end not in _DAYS):
        raise HoursError(
            f'"{word}" is neither a day (Mon, Sat-Sun, daily) nor a range (10:00-18:00) '
            f"nor a preset ({', '.join(PRESETS)})"
        )
    first, last = _DAYS[start], _DAYS[end or start]
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _span(word: str, *parts: str) -> Span:
    start_hour, start_minute, end_hour, end_minute = map(int, parts)
    opens = timedelta(hours=start_hour, minutes=start_minute)
    closes = timedelta(hours=end_hour, minutes=end_minute)
    if max(start_minute, end_minute) >= 60 or opens >= DAY or closes > DAY:  # noqa: PLR2004 - minutes in an hour
        raise HoursError(f'"{word}" is no range of times: 00:00 to 23:59, and 24:00 as an end')
    if opens == closes:
        raise HoursError(f'"{word}" is empty: write 00:00-24:00 for a whole day')
    return Span(opens, closes if closes > opens else closes + DAY)


def _join(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted; joined where they touch, unless the whole could not be written as one range."""
    joined: list[Span] = []
    for span in sorted(spans):
        last = joined[-1] if joined else None
        if last and span.closes <= last.closes:
            continue
        if last and span.opens <= last.closes and _writable(last.opens, span.closes):
            joined[-1] = Span(last.opens, span.closes)
        else:
            joined.append(span)
    return tuple(joined)


def _writable(opens: timedelta, closes: timedelta) -> bool:
    """A whole day can be written from midnight to midnight only: 10:00-10:00 means nothing."""
    return closes - opens < DAY or closes == DAY


def _days(days: list[int]) -> str:
    """Name of a run of neighbouring weekdays."""
    if len(days) == len(_WEEK):
        return _DAILY
    return _SHORT[days[0]] if len(days) == 1 else f"{_SHORT[days[0]]}-{_SHORT[days[-1]]}"


def _length(time: timedelta) -> str:
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    said = f"{hours} hour" if hours == 1 else f"{hours} hours"
    return f"{said} {minutes} min" if minutes else said


def _clock(since_midnight: timedelta) -> str:
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"
