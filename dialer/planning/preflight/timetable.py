"""When the contacts of one zone group may be rung."""

from bisect import bisect_right
from datetime import datetime, timedelta

from dialer.domain.account.account import Route
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact_hours import contact_windows

#: Longer than any ring.
_BEYOND = timedelta(days=1)


class Timetable:
    """
    The moments from *start* on at which calls of contacts in *zones* may start.

    Args:
        late: How long after its slot a request may leave; its rings may be that much later.
    """

    def __init__(
        self, campaign: Campaign, zones: str, route: Route, start: datetime, late: timedelta
    ) -> None:
        self._ends, self._late = campaign.ends, late
        # The end bounds starts; rings may follow it, as far as hours allow.
        end = campaign.ends + _BEYOND if start < campaign.ends else start
        self._windows = contact_windows(route.hours.calendar, campaign, zones, start, end)
        self._opens = [opens for opens, _ in self._windows]

    def opens(self, at: datetime, lead: timedelta | None = None) -> datetime | None:
        """
        Find the first moment from *at* on at which calls may start; None when there is none.

        The last ring of a call, which begins *lead* after its first byte at the
        latest, must be within the same hours; None for any call.
        """
        for opens, closes in self._windows[max(0, bisect_right(self._opens, at) - 1) :]:
            first = max(opens, at)
            if first + self._late >= self._ends:
                return None
            if first < closes and (lead is None or first + self._late + lead < closes):
                return first
        return None

    def ever_opens(self, lead: timedelta) -> bool:
        """Say whether hours allow any start at all, were nothing else a limit; *lead* as above."""
        return bool(self._opens) and self.opens(self._opens[0], lead) is not None
