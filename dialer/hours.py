"""
An account's calling hours as the store reads them: the windows of the next days.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.calendar import Calendar
from schedules.errors import HoursError
from schedules.windows import Window

#: How far ahead windows are handed to the store; beyond it everything is closed.
_AHEAD = timedelta(days=8)
#: How long they are used before they are made anew.
_FRESH = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Written:
    made: datetime
    text: str


class OpeningHours:
    """
    Writes a calendar's windows as text, and remembers it for an hour.

    Threads may share one; the worst that can happen is that two of them write
    the same text.

    Args:
        calendar: When the account may dial.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._written: _Written | None = None

    def windows(self, now: datetime) -> str:
        """
        Write the windows around *now* as "open-close,open-close", us since 1970.

        Empty when nothing opens within eight days, or nobody can know: an
        unknown time is closed.

        Args:
            now: Aware.
        """
        written = self._written
        if written is None or not written.made <= now < written.made + _FRESH:
            written = self._written = _Written(now, self._write(now))
        return written.text

    def spans(self, now: datetime) -> list[Window]:
        """
        Return the windows around *now* as pairs of opening and close; none when nobody can know.

        Args:
            now: Aware.
        """
        return [
            (_EPOCH + int(opens) * _US, _EPOCH + int(closes) * _US)
            for opens, _, closes in (
                span.partition("-") for span in self.windows(now).split(",") if span
            )
        ]

    def _write(self, now: datetime) -> str:
        try:
            windows = self.calendar.windows(now - _FRESH, now + _AHEAD)
        except HoursError:
            # A calendar that cannot be computed (a year beyond its holidays) is closed.
            return ""
        return ",".join(
            f"{(start - _EPOCH) // _US}-{(end - _EPOCH) // _US}" for start, end in windows
        )
