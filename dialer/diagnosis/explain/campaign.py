"""Barriers of a campaign's jobs and contacts beside those of any job."""

from collections.abc import Iterator
from datetime import datetime

from dialer.diagnosis.explain.advice import held
from dialer.diagnosis.explain.facts import Facts, Reason
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.holds.scope import campaign_scope

_STATES = {
    CampaignState.DRAFT: ("has not been started", "dialer campaign start {}"),
    CampaignState.PAUSED: ("is paused", "dialer campaign resume {}"),
    CampaignState.CANCELLED: ("was cancelled; nothing of it rings again", ""),
}


def campaign_stopped(facts: Facts) -> Iterator[Reason]:
    """State, start and end of the campaign, and holds on it."""
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
    yield from held(facts, campaign_scope(name))
    if campaign.ends <= facts.now:
        step = f"dialer campaign set {name} --ends …, if it shall go on"
        yield Reason("campaign", f"campaign {name} ended at {facts.at(campaign.ends)}", step=step)
    elif campaign.starts and campaign.starts > facts.now:
        text = f"campaign {name} starts at {facts.at(campaign.starts)}"
        yield Reason("campaign", text, until=campaign.starts)


def hours_unwritten(facts: Facts) -> Iterator[Reason]:
    """Hours that are not in the store; only a running campaign must have them there."""
    campaign = facts.campaign
    if campaign is None or campaign.hours_known or campaign.ends <= facts.now:
        return
    if campaign.state is CampaignState.RUNNING:
        text = f"nobody has written the hours of campaign {campaign.name}, so it counts as closed"
        step = "a tick writes them: see that the beat and a worker run (dialer doctor)"
        yield Reason("hours_unwritten", text, step=step)


def made_anew(facts: Facts) -> Iterator[Reason]:
    """A definition that was changed since the job was made."""
    campaign = facts.campaign
    if campaign is not None and campaign.behind:
        text = f"campaign {campaign.name} was changed: the next tick makes the call anew"
        yield Reason("definition", text, until=facts.now)


def campaign_limits(facts: Facts) -> Iterator[Reason]:
    """Rate and limits of the campaign."""
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
    if standing.full:
        text = f"{standing.live} calls of campaign {name} are going on, its limit"
        yield Reason("campaign_live", text, until=standing.live_until)


def campaign_agents(facts: Facts) -> Iterator[Reason]:
    """Agents who have as many calls going on as they may."""
    until = facts.campaign and facts.campaign.standing.agents_until
    if facts.campaign and until and until > facts.now:
        text = f"the agents who are rung first are taken to be talking until {facts.at(until)}"
        step = f"dialer campaign set {facts.campaign.name} --live-per-agent N"
        yield Reason("agents", text, until=until, step=step)


def campaign_earliest(facts: Facts) -> list[datetime]:
    """Moments before which the campaign does not ring the contact."""
    campaign = facts.campaign
    if campaign is None:
        return []
    standing = campaign.standing
    moments = [campaign.starts, standing.next_slot, standing.agents_until]
    if standing.full:
        moments.append(standing.live_until)
    return [moment for moment in moments if moment is not None]
