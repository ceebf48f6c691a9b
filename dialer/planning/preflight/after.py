"""Why contacts of a campaign that is over were not rung, in the words of preflight."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from dialer.domain.account.account import Route
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.contact import Group
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.job import State
from dialer.errors import InvalidCall
from dialer.planning.preflight.result import REASONS
from dialer.planning.preflight.timetable import Timetable
from dialer.store import Store

#: What the store notes of a job whose turn did not come.
_NO_TURN = ("time", "deadline")


def not_rung(
    store: Store,
    campaign: Campaign,
    route: Route,
    progress: Progress,
    *,
    start_by: timedelta = timedelta(0),
) -> Mapping[str, int]:
    """
    Count the contacts of a campaign that is over and did not ring them, by their first reason.

    A contact whose turn did not come has reason "hours" if the hours of its
    zone group allowed no call at all (reckoned by the group's first contact),
    else "time". Two reasons are only known afterwards: "cancelled", by a
    person, and "not_started". Dead letters are none of these: their codes say why.
    A request may leave *start_by* after its slot.

    Returns:
        Only reasons that a contact has, in the order of `REASONS`.

    Raises:
        StoreUnavailable: The store did not answer.
    """
    counts = Counter({word: n for word, n in progress.skipped.items() if word not in _NO_TURN})
    counts["cancelled"] = progress.counts[State.CANCELLED]
    reached = sum(progress.skipped.get(word, 0) for word in _NO_TURN)
    if progress.state is CampaignState.CANCELLED:
        counts["cancelled"] += progress.waiting
        counts["time"] = reached
    elif progress.state is CampaignState.DRAFT:
        counts["not_started"] = progress.waiting
    else:
        since = _started(store, campaign, progress)
        groups = store.contacts.groups(campaign.name)
        shut = [
            group
            for group in groups
            if not Timetable(campaign, group.zones, route, since, start_by).ever_opens(
                _lead(store, campaign, group)
            )
        ]
        counts["hours"] = sum(group.waiting for group in shut)
        counts["hours"] += min(reached, sum(group.fed for group in shut))
        counts["time"] = progress.waiting + reached - counts["hours"]
    words = (*REASONS, *sorted(set(counts) - set(REASONS)))
    return {word: counts[word] for word in words if counts[word] > 0}


def _started(store: Store, campaign: Campaign, progress: Progress) -> datetime:
    """Say from when it could ring: its first start, which is forgotten after a hundred steps."""
    steps = store.campaigns.steps(campaign.name)
    first = next((step.at for step in steps if step.verb == "start"), progress.created)
    return max(first, campaign.starts or first)


def _lead(store: Store, campaign: Campaign, group: Group) -> timedelta:
    for contact in store.contacts.rows(campaign.name, group):
        try:
            return CallFactory(campaign).profile(contact.values, contact.row).ring_lead
        except InvalidCall:
            break
    return timedelta(0)
