"""
What an operator should know before the start.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from dialer import series
from dialer.campaign import Campaign, CampaignState
from dialer.errors import CampaignRefused
from dialer.explain import release, set_by
from dialer.job import NUMBERS
from dialer.moment import local
from dialer.owners import BREAKER
from dialer.route import Route
from dialer.store import Store
from dialer.store.holds import EVERYTHING, Hold, account_scope, campaign_scope, pool_scope
from dialer.store.progress import Progress
from dialer.turn import job_id


def over(campaign: Campaign, state: CampaignState, now: datetime) -> CampaignRefused | None:
    """
    Make the error for a campaign that is over; None for one that is not.
    """
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


def stops(store: Store, campaign: Campaign, progress: Progress, pool: str | None) -> Iterator[str]:
    """
    Say what a person must end before anybody is rung.

    Args:
        store: Where holds and decisions are.
        campaign: The campaign.
        progress: How far it is.
        pool: Whom all its calls ring first; "" for plain numbers, None where rows say whom.
    """
    name = campaign.name
    if progress.state is CampaignState.PAUSED:
        steps = store.campaigns.steps(name)
        why = f": {steps[-1].reason}" if steps and steps[-1].reason else ""
        by = f" by {steps[-1].who}{why}" if steps else ""
        yield f"campaign {name} is paused{by}. To go on: dialer campaign resume {name}"
    for hold in store.holds.all():
        # The breaker's ends by itself.
        if hold.owner != BREAKER and (what := _held(hold, campaign, pool)):
            yield f"{what} held by {set_by(hold)}: {hold.reason}. To release: {release(hold)}"


def _held(hold: Hold, campaign: Campaign, pool: str | None) -> str:
    scopes = {
        EVERYTHING: "everything is",
        account_scope(campaign.account): f"account {campaign.account} is",
        campaign_scope(campaign.name): f"campaign {campaign.name} is",
    }
    if pool:
        scopes[pool_scope(campaign.account, pool)] = "those who are rung first are"
    elif hold.scope.startswith(pool_scope(campaign.account, NUMBERS if pool == "" else "")):
        return "some who may be rung first are"
    return scopes.get(hold.scope, "")


def rehearsal(campaign: Campaign, progress: Progress, mode: str) -> Iterator[str]:
    """
    Say that a campaign rings nobody, or stops because it was to ring.

    Args:
        campaign: Its definition.
        progress: How far it is.
        mode: That of its account in the settings here.
    """
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


def habits(campaign: Campaign, progress: Progress, route: Route) -> Iterator[str]:
    """
    Say what is easily overlooked: an account that rings nobody, caller ids that do not suit.
    """
    yield from rehearsal(campaign, progress, route.mode)
    yield from series.warnings(_caller_ids(campaign), campaign.purpose)


def abroad(campaign: Campaign, rows: Sequence[int]) -> Iterator[str]:
    """
    Say that some contacts are in other countries: the API's page says nothing of their numbers.

    Args:
        campaign: Theirs.
        rows: Their rows.
    """
    if rows:
        one = job_id(campaign.name, min(rows))
        have = f"1 contact has a number of another country ({one})"
        if len(rows) > 1:
            have = f"{len(rows)} contacts have numbers of other countries ({one}, …)"
        yield (
            f"{have}: the API's page says nothing of such numbers, and may refuse each of them"
            " (1509), for good. Try one before the others"
        )


def _caller_ids(campaign: Campaign) -> Collection[str]:
    fixed = campaign.call.get("fromCLI")
    return (*campaign.caller_ids, str(fixed)) if fixed else campaign.caller_ids
