"""
What bounds the pace of a campaign, and the sentence about what bounds it most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dialer.campaign import Campaign
from dialer.limits import Limits
from dialer.moment import rough
from dialer.preflight.pace import Meter, Pace, Places
from dialer.shape import Shape


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Calls of which only so many may be going on: how many, and what the sentence says of them."""

    most: int
    who: str
    step: str


def pace(campaign: Campaign, limits: Limits) -> Pace:
    """
    Return the pace of a campaign's calls, were they the account's only ones.
    """
    meters = [Meter(limits.calls_per_second, limits.burst)]
    if campaign.calls_per_second:
        meters.append(Meter(campaign.calls_per_second))
    return Pace([*meters, *(Places(crowd.most) for crowd in _crowds(campaign, limits))])


def warnings(campaign: Campaign, limits: Limits, sample: Shape | None) -> Iterator[str]:
    """
    Say what bounds a campaign more than its rate does.

    Args:
        campaign: The campaign.
        limits: Those of its account.
        sample: How one of its calls rings; None where none is known.
    """
    crowds = list(_crowds(campaign, limits))
    if sample is None or not crowds:
        return
    length = sample.lasts(limits.assumed_call)
    least = min(crowds, key=lambda crowd: crowd.most)
    per_second = least.most / length.total_seconds()
    if per_second < min(limits.calls_per_second, campaign.calls_per_second or float("inf")):
        yield (
            f"{least.who}, each call taken to last {rough(length)}:"
            f" about {per_second * 3600:.0f} calls an hour. {least.step}"
        )


def _crowds(campaign: Campaign, limits: Limits) -> Iterator[_Crowd]:
    if limits.max_live_calls:
        yield _Crowd(
            limits.max_live_calls,
            f"max_live_calls of account {campaign.account} is {limits.max_live_calls}",
            f"A timeLimit or dialer account set {campaign.account} --max-live-calls N changes that",
        )
    if campaign.max_live_calls:
        yield _Crowd(
            campaign.max_live_calls,
            f"max_live_calls of campaign {campaign.name} is {campaign.max_live_calls}",
            f"A timeLimit or dialer campaign set {campaign.name} --max-live-calls N changes that",
        )
    per_agent = campaign.agent_limit(str(campaign.call.get("fromType", "Number")).title())
    # Where rows say whom to ring first, each row's agents are others.
    if per_agent and {"from", "fromType"}.isdisjoint(campaign.columns):
        agents = len(str(campaign.call["from"]).split(","))
        yield _Crowd(
            agents * per_agent,
            f"{agents} of those who are rung first, {per_agent} at a time",
            "A timeLimit, more agents or another --live-per-agent change that",
        )
