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
from dialer.workload import Workload


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Calls of which only so many may be going on: how many, and what the sentence says of them."""

    most: float
    who: str
    step: str


def pace(campaign: Campaign, limits: Limits, workload: Workload) -> Pace:
    """
    Return the pace of a campaign's calls, were they the account's only ones.

    Where rows say whom to ring first, it is the mean one with which the
    busiest of those are done last.
    """
    meters = [Meter(limits.calls_per_second, limits.burst)]
    if campaign.calls_per_second:
        meters.append(Meter(campaign.calls_per_second))
    crowds = _crowds(campaign, limits, workload)
    return Pace([*meters, *(Places(max(1, round(crowd.most))) for crowd in crowds)])


def warnings(
    campaign: Campaign, limits: Limits, workload: Workload, sample: Shape | None
) -> Iterator[str]:
    """
    Say what bounds a campaign more than its rate does.

    Args:
        campaign: The campaign.
        limits: Those of its account.
        workload: How its calls spread over those who are rung first.
        sample: How one of its calls rings; None where none is known.
    """
    crowds = list(_crowds(campaign, limits, workload))
    if sample is None or not crowds:
        return
    length = sample.lasts(limits.assumed_call)
    least = min(crowds, key=lambda crowd: crowd.most)
    per_second = least.most / length.total_seconds()
    if per_second < min(limits.calls_per_second, campaign.calls_per_second or float("inf")):
        yield (
            f"{least.who}, each call taken to last {rough(length)}:"
            f" about {_calls(per_second * 3600)} an hour. {least.step}"
        )


def _calls(count: float) -> str:
    many = f"{count:.0f}" if count >= 1 else f"{count:.1g}"
    return "1 call" if many == "1" else f"{many} calls"


def _crowds(campaign: Campaign, limits: Limits, workload: Workload) -> Iterator[_Crowd]:
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
    if workload.places:
        yield _Crowd(
            workload.places,
            _agents(campaign, workload),
            "A timeLimit, more agents or another --live-per-agent change that",
        )


def _agents(campaign: Campaign, workload: Workload) -> str:
    each = campaign.agent_limit(str(campaign.call.get("fromType", "Number")))
    those = f"{workload.agents} of those who are rung first, {each} at a time"
    if workload.agents == 1:
        return f"all of them ring the same one first, {each} at a time"
    if workload.places > 0.9 * workload.agents * each:
        return those
    return f"{those}, of whom one has much more to do than others"
