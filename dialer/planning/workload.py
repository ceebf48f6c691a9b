"""The calls that are left of a campaign, spread over the agents who are rung first."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from dialer.domain.call.agents import crew_written
from dialer.domain.campaign.agents import WHOM, Whom, whom_in
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.job.ids import ContactJobId
from dialer.store import Store


@dataclass(frozen=True, slots=True)
class Workload:
    """
    Limit of a campaign's calls because each agent can only take so many at once.

    Attributes:
        agents: Different agents, groups and numbers that are rung first.
        places: Calls of it that go on at once, on the whole: no more than that
            keep the busiest of them busy until the end. 0 for no bound.
    """

    agents: int
    places: float

    @classmethod
    def of(cls, campaign: Campaign, store: Store) -> Self:
        """
        Spread the contacts that have not come to their end.

        Only a list whose rows say whom to ring first is read, about a second
        for a million contacts.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        if WHOM.isdisjoint(campaign.columns):
            return cls.spread(campaign, {whom_in(campaign)(()): 1})
        if campaign.live_per_agent == 0:
            return cls(0, 0)
        return cls.spread(campaign, Counter(_left(campaign, store)))

    @classmethod
    def spread(cls, campaign: Campaign, rows: Mapping[Whom, int]) -> Self:
        """Spread so many calls over agents; one for any of several counts in parts for each."""
        work: defaultdict[str, float] = defaultdict(float)
        agents: set[str] = set()
        for (whom, kind), count in rows.items():
            crew = crew_written(whom, kind)
            agents.update(crew)
            if each := campaign.agent_limit(kind):
                for one in crew:
                    work[one] += count / len(crew) / each
        return cls(len(agents), sum(rows.values()) / max(work.values()) if work else 0)


def _left(campaign: Campaign, store: Store) -> Iterator[Whom]:
    read, contacts = whom_in(campaign), store.contacts
    open_ids = map(ContactJobId.parse, contacts.open_ids(campaign.name))
    waiting = {one.row for one in open_ids if one}
    for group in contacts.groups(campaign.name):
        for nth, contact in enumerate(contacts.rows(campaign.name, group)):
            if nth >= group.fed or contact.row in waiting:
                yield read(contact.values)
