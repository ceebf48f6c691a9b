"""Opening hours: windows of the next days, computed once an hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schedules.calendar import Calendar
from schedules.errors import HoursError
from schedules.windows import Window

#: How far ahead windows are handed to the store; beyond it everything is closed.
_AHEAD = timedelta(days=8)
#: How long they are used before they are made anew.
_FRESH = timedelta(hours=1)


class OpeningHours:
    """
    Computes a calendar's windows, and remembers them for an hour.

    Threads may share one; at worst two of them compute the same.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: tuple[datetime, Sequence[Window]] | None = None

    def windows(self, now: datetime) -> Sequence[Window]:
        """
        Return the windows around *now*, aware, in UTC.

        None when nothing opens within eight days, or the hours are unknown: unknown is closed.
        """
        known = self._known
        if known is None or not known[0] <= now < known[0] + _FRESH:
            try:
                found = self.calendar.windows(now - _FRESH, now + _AHEAD)
            except HoursError:  # a year beyond its holidays, say
                found = []
            known = self._known = now, tuple(found)
        return known[1]
