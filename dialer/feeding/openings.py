"""Openings of zone groups: when their contacts may be rung next, and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.campaign.contact import Group
from schedules.windows import Window


@dataclass(frozen=True, slots=True)
class ZoneOpening:
    """Hours of a zone group that are now or come next: when they open, and what is left of them."""

    group: Group
    opens: datetime
    left: timedelta

    def next_look(self, now: datetime, period: timedelta) -> datetime:
        """Say when to look at it: a period before it opens, or after one if it is open."""
        return max(self.opens - period, now + period)


def openings(
    groups: Sequence[Group], windows: Mapping[str, Sequence[Window]], now: datetime
) -> list[ZoneOpening]:
    """Find the openings of zone groups by the hours of each number; none that never opens again."""
    return [
        ZoneOpening(group, opens, closes - max(now, opens))
        for group in groups
        for opens, closes in [one for one in windows[group.number] if now < one[1]][:1]
    ]
