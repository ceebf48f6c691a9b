"""
Jobs that were made of contacts, made anew: what a changed definition says reaches them too.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from dialer.campaign import Campaign
from dialer.errors import CampaignNotFound
from dialer.route import Route
from dialer.store import Store
from dialer.store.jobs import BATCH, NewJob
from dialer.turn import new_turn


def remake(store: Store, campaign: Campaign, mode: str, ids: Collection[str], who: str) -> int:
    """
    Make jobs of a campaign anew by its definition: their call, deadline and agents.

    It reads the list up to the last of them. Jobs that neither wait nor are
    dead are left alone, and so are those whose contact is in no list.

    Args:
        store: Where they are.
        campaign: The definition that holds now.
        mode: As in `dialer.turn.new_turn`.
        ids: Which jobs, "campaign:row:turn".
        who: Who wants it; on record.

    Returns:
        How many were made anew; one that would be the same is not.

    Raises:
        StoreUnavailable: Redis did not answer; do it again.
    """
    jobs, made = _jobs(store, campaign, mode, ids), 0
    while batch := list(islice(jobs, BATCH)):
        made += store.contacts.remake(batch, who=who)
    return made


def remake_all(store: Store, routes: Mapping[str, Route], ids: Iterable[str], who: str) -> int:
    """
    Make jobs of any campaigns anew, each by its definition as it is when this returns.

    Direct calls are left alone, and so are jobs whose account is not among
    *routes*, or whose campaign is not there.

    Args:
        store: Where they are.
        routes: The accounts by name.
        ids: Which jobs.
        who: Who wants it; on record.

    Returns:
        How many were made anew.

    Raises:
        StoreUnavailable: Redis did not answer; do it again.
    """
    campaigns: defaultdict[str, list[str]] = defaultdict(list)
    for job_id in ids:
        name, colon, _ = job_id.partition(":")
        if colon:
            campaigns[name].append(job_id)
    made = 0
    for name, its_ids in campaigns.items():
        try:
            made += _by_the_last(store, routes, name, its_ids, who)
        except CampaignNotFound:
            continue
    return made


def _by_the_last(
    store: Store, routes: Mapping[str, Route], name: str, ids: Collection[str], who: str
) -> int:
    made, version = 0, None
    # Somebody who changed it meanwhile may have been overtaken with an older definition.
    while version != (progress := store.campaigns.progress(name)).version:
        version = progress.version
        campaign = store.campaigns.get(name)
        if route := routes.get(campaign.account):
            made += remake(store, campaign, progress.mode or route.mode, ids, who)
    return made


def _jobs(store: Store, campaign: Campaign, mode: str, ids: Collection[str]) -> Iterator[NewJob]:
    left = dict(filter(None, map(_by_row, ids)))
    for group in store.contacts.groups(campaign.name):
        if not left:
            return
        for contact in store.contacts.rows(campaign.name, group):
            if job_id := left.pop(contact.row, None):
                yield replace(new_turn(campaign, contact, group.number, mode), id=job_id)
                if not left:
                    return


def _by_row(job_id: str) -> tuple[int, str] | None:
    """A person may have typed anything."""
    row = job_id.split(":")[1]
    return (int(row), job_id) if row.isascii() and row.isdecimal() else None
