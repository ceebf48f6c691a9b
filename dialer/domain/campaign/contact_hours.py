"""Hours of the contacts of one zone group: those of account and campaign together."""

from datetime import datetime

from dialer.domain.campaign.campaign import Campaign
from schedules.calendar import Calendar
from schedules.errors import HoursError
from schedules.windows import Window


def contact_calendar(account: Calendar, campaign: Campaign, zones: str) -> Calendar:
    """
    Return the calendar of contacts in *zones*, joined by "+"; "" for the campaign's own.

    Raises:
        HoursError: A zone is unknown.
    """
    return account & campaign.calendar(zones)


def contact_windows(
    account: Calendar, campaign: Campaign, zones: str, start: datetime, end: datetime
) -> list[Window]:
    """
    Return the open windows of contacts in *zones* from *start* until just before *end*.

    Unknown hours are closed.
    """
    if start >= end:
        return []
    try:
        return contact_calendar(account, campaign, zones).windows(start, end)
    except HoursError:
        return []
