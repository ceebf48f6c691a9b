"""
What can stand in the way of a campaign's contact beside what any job meets.
"""

from collections.abc import Iterator
from datetime import datetime

from dialer.campaign import CampaignState
from dialer.explain.advice import release, set_by
from dialer.explain.facts import Facts, Reason
from dialer.store.holds import campaign_scope

_STATES = {
    CampaignState.DRAFT: ("has not been started", "dialer campaign start {}"),
    CampaignState.PAUSED: ("is paused", "dialer campaign resume {}"),
    CampaignState.CANCELLED: ("was cancelled; nothing of it rings again", ""),
}


def campaign_stopped(facts: Facts) -> Iterator[Reason]:
    """Its state, its start and end, and holds on it."""
    campaign = facts.campaign
    if campaign is None:
        return
    name = campaign.name
    if campaign.state in _STATES:
        what, step = _STATES[campaign.state]
        by, decided = "", campaign.decided
        if decided:
            why = f": {decided.reason}" if decided.reason else ""
            by = f" ({decided.who}, {facts.at(decided.at)}{why})"
        yield Reason("campaign", f"campaign {name} {what}{by}", step=step.format(name))
    for hold in facts.holds:
        if hold.scope == campaign_scope(name):
            since = f" since {facts.at(hold.since)}" if hold.since else ""
            text = f"campaign {name} is held by {set_by(hold)}{since}: {hold.reason}"
            yield Reason("hold", text, step=release(hold))
    if campaign.ends <= facts.now:
        step = f"dialer campaign set {name} --ends …, if it shall go on"
        yield Reason("campaign", f"campaign {name} ended at {facts.at(campaign.ends)}", step=step)
    elif campaign.starts and campaign.starts > facts.now:
        text = f"campaign {name} starts at {facts.at(campaign.starts)}"
        yield Reason("campaign", text, until=campaign.starts)


def hours_unwritten(facts: Facts) -> Iterator[Reason]:
    """Hours that the store was not told; only a campaign that runs must have them there."""
    campaign = facts.campaign
    if campaign is None or campaign.hours_known or campaign.ends <= facts.now:
        return
    if campaign.state is CampaignState.RUNNING:
        text = f"nobody has written the hours of campaign {campaign.name}, so it counts as closed"
        step = "a tick writes them: see that the beat and a worker run (dialer doctor)"
        yield Reason("hours_unwritten", text, step=step)


def campaign_limits(facts: Facts) -> Iterator[Reason]:
    """Its own rate and limits, and its agents."""
    campaign = facts.campaign
    if campaign is None:
        return
    name, standing = campaign.name, campaign.standing
    if standing.next_slot and standing.next_slot > facts.now:
        text = f"the rate of campaign {name} allows its next call {facts.at(standing.next_slot)}"
        yield Reason("campaign_rate", text, until=standing.next_slot)
    if 0 < standing.max_posting <= standing.posting:
        text = f"{standing.posting} requests of campaign {name} are on the wire, its limit"
        yield Reason("campaign_posting", text, until=facts.now + facts.lease)
    if 0 < standing.max_live <= standing.live:
        text = f"{standing.live} calls of campaign {name} are going on, its limit"
        yield Reason("campaign_live", text, until=standing.live_until)
    if standing.agents_until and standing.agents_until > facts.now:
        text = (
            "the agents who are rung first are taken to be talking"
            f" until {facts.at(standing.agents_until)}"
        )
        step = f"dialer campaign set {name} --live-per-agent N"
        yield Reason("agents", text, until=standing.agents_until, step=step)


def campaign_earliest(facts: Facts) -> list[datetime]:
    """List the moments before which its campaign does not ring a contact."""
    campaign = facts.campaign
    if campaign is None:
        return []
    standing = campaign.standing
    moments = [campaign.starts, standing.next_slot, standing.agents_until]
    if 0 < standing.max_live <= standing.live:
        moments.append(standing.live_until)
    return [moment for moment in moments if moment is not None]
