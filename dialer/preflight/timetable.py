"""
When the contacts of one zone group may be rung.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from dialer.campaign import Campaign
from dialer.hours import OpeningHours
from dialer.route import Route
from schedules.errors import HoursError
from schedules.windows import Window

#: Longer than any ring.
_BEYOND = timedelta(days=1)


class Timetable:
    """
    The moments at which calls of one zone group may start.

    Args:
        windows: When both account and campaign are open, to beyond the end.
        ends: When the campaign ends.
        late: How long after its start a request may leave; its rings may be that much later.
    """

    def __init__(self, windows: Sequence[Window], ends: datetime, late: timedelta) -> None:
        self._windows = windows
        self._opens = [opens for opens, _ in windows]
        self._ends = ends
        self._late = late

    @classmethod
    def of(
        cls, campaign: Campaign, zones: str, route: Route, start: datetime, late: timedelta
    ) -> "Timetable":
        """
        Make the timetable of contacts in *zones*, from *start* on.
        """
        if start >= campaign.ends:
            return cls([], campaign.ends, late)
        try:
            calendar = campaign.calendar(zones)
            if isinstance(route.hours, OpeningHours):
                calendar &= route.hours.calendar
            # The end bounds starts; rings may follow it, as far as hours allow.
            windows = calendar.windows(start, campaign.ends + _BEYOND)
        except HoursError:
            # What nobody can know is closed.
            windows = []
        return cls(windows, campaign.ends, late)

    def opens(self, at: datetime) -> datetime | None:
        """
        Find the first moment from *at* on at which calls may start; None when there is none.
        """
        for opens, closes in self._from(at):
            first = max(opens, at)
            if first < closes:
                return self._before_end(first)
        return None

    def reopens(self, at: datetime) -> datetime | None:
        """
        Find when the hours after those of *at* begin; None when there are none before the end.
        """
        place = bisect_right(self._opens, at)
        return self._before_end(self._opens[place]) if place < len(self._opens) else None

    def allows(self, at: datetime, lead: timedelta) -> bool:
        """
        Say whether the last ring of a call begins within the hours of its start.

        Args:
            at: When it starts; a moment at which calls may.
            lead: The longest time until its last ring begins.
        """
        place = bisect_right(self._opens, at) - 1
        return place >= 0 and at + self._late + lead < self._windows[place][1]

    def ever_allows(self, lead: timedelta) -> bool:
        """
        Say whether hours allow any start at all, were nothing else a bound.

        Args:
            lead: The longest time until the last ring of a call begins.
        """
        return any(
            self._before_end(opens) and opens + self._late + lead < closes
            for opens, closes in self._windows
        )

    def _from(self, at: datetime) -> Sequence[Window]:
        return self._windows[max(0, bisect_right(self._opens, at) - 1) :]

    def _before_end(self, at: datetime) -> datetime | None:
        return at if at + self._late < self._ends else None
