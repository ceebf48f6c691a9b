"""Warnings to the operator before the start, as sentences."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from dialer.domain.campaign.bounds import Bounds, starts_per_second
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.progress import Progress, Step
from dialer.domain.campaign.stops import stops
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.owners import BREAKER
from dialer.domain.holds.words import release, set_by
from dialer.domain.job.ids import ContactJobId
from dialer.errors import CampaignRefused
from dialer.planning import caller_ids as series
from dialer.planning.workload import Workload
from dialer.text.moment import local, rough
from dialer.text.plural import agreeing

#: So many numbers that end in six zeros are no chance, and one in so many is more than numbers
#: that are sold for their zeros.
_ROUNDED = 2
_ONE_IN = 1000


def refusal(campaign: Campaign, state: CampaignState, now: datetime) -> CampaignRefused | None:
    """Make the error for a campaign that is over; None for one that is not."""
    name = campaign.name
    if state is CampaignState.CANCELLED:
        return CampaignRefused(
            f"campaign {name} was cancelled: nobody of it is rung again. `dialer campaign show"
            f" {name}` says who was; `dialer campaign create` makes another one"
        )
    if campaign.ends <= now:
        at = local(campaign.ends, campaign.time_zone)
        return CampaignRefused(
            f"campaign {name} ended at {at}: nobody of it is rung any more."
            f" `dialer campaign set {name} --ends …` lets it go on"
        )
    return None


def paused(campaign: Campaign, step: Step | None) -> str:
    """Say who paused a campaign, and how it goes on."""
    why = f": {step.reason}" if step and step.reason else ""
    by = f" by {step.who}{why}" if step else ""
    return (
        f"campaign {campaign.name} is paused{by}. To go on: dialer campaign resume {campaign.name}"
    )


def held(campaign: Campaign, holds: Iterable[Hold], peers: Sequence[str]) -> Iterator[str]:
    """Say which of all *holds* a person must release before any contact is rung."""
    for hold in holds:
        # The breaker's ends by itself.
        if hold.owner != BREAKER and (what := stops(hold, campaign, peers)):
            yield f"{what} held by {set_by(hold)}: {hold.reason}. To release: {release(hold)}"


def rehearsal(campaign: Campaign, progress: Progress, mode: str) -> Iterator[str]:
    """Warn about a mode mismatch between a campaign and its account, of *mode* in the settings."""
    began = campaign.call.get("mode") or progress.mode or mode
    if "developer" == began == mode:
        yield (
            f"a rehearsal: account {campaign.account} is in developer mode, in which the API rings"
            " nobody; that holds for all its contacts"
        )
    elif began == "developer":
        yield "a rehearsal: it is in developer mode, and rings none of its contacts"
    elif mode == "developer":
        yield (
            f"account {campaign.account} is in developer mode now, and this campaign is to ring:"
            ' it stops before the next call; write mode = "live" again'
        )


def unfit_caller_ids(campaign: Campaign) -> Iterator[str]:
    """Warn about caller ids that do not suit the campaign's purpose."""
    fixed = campaign.call.get("fromCLI")
    caller_ids = (*campaign.caller_ids, *([str(fixed)] if fixed else []))
    yield from series.warnings(caller_ids, campaign.purpose)


def narrow(
    campaign: Campaign, bounds: Bounds, workload: Workload, length: timedelta | None
) -> Iterator[str]:
    """Say which limit of calls of *length* bounds a campaign more than its rate does."""
    if length is None or not bounds.at_once:
        return
    per_second = starts_per_second(bounds.rate, bounds.most, length)
    if per_second < bounds.rate:
        limit, step = _narrowest(campaign, bounds, workload)
        yield (
            f"{limit}, each call taken to last {rough(length)}: about {_calls(per_second * 3600)}"
            f" an hour. {step}"
        )


def _calls(count: float) -> str:
    many = f"{count:.0f}" if count >= 1 else f"{count:.1g}"
    return f"{many} {agreeing(float(many), 'call', 'calls')}"


def _narrowest(campaign: Campaign, bounds: Bounds, workload: Workload) -> tuple[str, str]:
    """Say which limit of calls going on at once is the least, and what changes it."""
    whose = min(bounds.at_once, key=lambda one: bounds.at_once[one])
    if whose == "agents":
        step = "A timeLimit, more agents or another --live-per-agent change that"
        return _agents(campaign, workload), step
    name = campaign.account if whose == "account" else campaign.name
    return (
        f"max_live_calls of {whose} {name} is {bounds.most:.0f}",
        f"A timeLimit or dialer {whose} set {name} --max-live-calls N changes that",
    )


def _agents(campaign: Campaign, workload: Workload) -> str:
    each = campaign.agent_limit(str(campaign.call.get("fromType", "Number")))
    those = f"{workload.agents} of those who are rung first, {each} at a time"
    if workload.agents == 1:
        return f"all of them ring the same one first, {each} at a time"
    if workload.places > 0.9 * workload.agents * each:
        return those
    return f"{those}, of whom one has much more to do than others"


def abroad(campaign: Campaign, rows: Sequence[int]) -> Iterator[str]:
    """Warn that the contacts in *rows* have numbers that the API's page says nothing of."""
    if rows:
        one = ContactJobId(campaign.name, min(rows))
        have = f"1 contact has a number of another country ({one})"
        if len(rows) > 1:
            have = f"{len(rows)} contacts have numbers of other countries ({one}, …)"
        yield (
            f"{have}: the API's page says nothing of such numbers, and may refuse each of them"
            " (1509), for good. Try one before the others"
        )


def rounded(campaign: Campaign, rows: Sequence[int], of: int) -> Iterator[str]:
    """Warn that a spreadsheet seems to have rounded the numbers in *rows*, of so many contacts."""
    if len(rows) >= _ROUNDED and len(rows) * _ONE_IN >= of:
        one = ContactJobId(campaign.name, min(rows))
        yield (
            f"{len(rows)} of {of} contacts have a number that ends in six zeros"
            f" ({one}, …): a spreadsheet has rounded them, perhaps,"
            " and somebody else would be rung. Compare them with where they came from; cancel,"
            " format the column as text, and import anew"
        )
