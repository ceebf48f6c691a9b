"""Effect of a hold on a campaign."""

from collections.abc import Sequence

from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.scope import (
    EVERYTHING,
    Scope,
    account_scope,
    campaign_scope,
    pool_scopes,
)


def stops(hold: Hold, campaign: Campaign, peers: Sequence[str]) -> str:
    """
    Say what *hold* stops of a campaign, as "everything is"; "" for nothing of it.

    *peers* are the accounts of its account's user id, itself among them.
    """
    first, second = CallFactory(campaign).shared_pools()
    said = {
        EVERYTHING: "everything is",
        account_scope(campaign.account): f"account {campaign.account} is",
        campaign_scope(campaign.name): f"campaign {campaign.name} is",
    }
    said |= dict.fromkeys(pool_scopes(peers, second or ""), "those who are rung second are")
    said |= dict.fromkeys(pool_scopes(peers, first or ""), "those who are rung first are")
    scope = Scope.parse(hold.scope)
    anybody = scope.one and scope.name in peers and None in (first, second)
    return said.get(hold.scope, "some who may be rung are" if anybody else "")
