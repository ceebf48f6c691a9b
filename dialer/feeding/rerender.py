"""Contacts' jobs made anew, so that a changed definition reaches them too."""

from collections.abc import Iterator, Sequence
from itertools import islice

from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.contact_job import new_turn
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.new_job import BATCH, NewJob
from dialer.store import Store

#: Jobs made anew in one look; a round must end before the next one is due.
MOST = 10_000


def remake(store: Store, calls: CallFactory, progress: Progress, mode: str) -> bool:
    """
    Make jobs that wait anew where an older definition made them: call, deadline and agents.

    Until then `begin` passes over each of them. It reads the list up to the last of them;
    those whose contact is in no list stay behind, and are skipped at their deadline.
    Nothing is done where *progress* is that of a newer definition than *calls*.

    Returns:
        False when more than `MOST` of them wait.

    Raises:
        StoreUnavailable: Redis did not answer; do it again.
    """
    if progress.renewed:
        return True
    ids = store.feeding.behind(progress, MOST)
    jobs = _jobs(store, calls, mode, ids)
    while batch := list(islice(jobs, BATCH)):
        store.feeding.remake(progress.name, batch, version=progress.version)
    return len(ids) < MOST


def _jobs(store: Store, calls: CallFactory, mode: str, ids: Sequence[str]) -> Iterator[NewJob]:
    name, left = calls.campaign.name, {one.row for one in map(ContactJobId.parse, ids) if one}
    agents = store.contacts.agents(name) if left else {}
    for group in store.contacts.groups(name) if left else []:
        for contact in store.contacts.rows(name, group):
            if contact.row in left:
                left.discard(contact.row)
                yield new_turn(calls, contact, group.number, mode, agents.get(contact.row, ""))
                if not left:
                    return
