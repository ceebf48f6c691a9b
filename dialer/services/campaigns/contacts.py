"""Single contacts of a campaign's list: looked at, moved to a time, taken out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Listed, Spot
from dialer.domain.campaign.contact_job import new_turn, with_agent
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.job import Job, State
from dialer.domain.job.metadata import metadata_of
from dialer.errors import (
    CampaignChanged,
    ContactNotFound,
    InvalidCall,
    JobNotFound,
    StateConflict,
)
from dialer.services.campaigns import CampaignService
from dialer.services.operations.holds import UNEXPLAINED
from dialer.text.masking import mask

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class ContactView:
    """
    One contact of a list.

    Attributes:
        row: Its number in the list, from 1.
        zones: In which it may be, joined by "+".
        job: None while it waits in the list, and once its job is pruned.
        fed: Whether it has become a job.
    """

    row: int
    numbers: tuple[str, ...]
    zones: str
    metadata: dict[str, str]
    fed: bool
    job: Job | None


@dataclass(frozen=True, slots=True)
class ContactService:
    """
    The use cases of one contact; *campaigns* is in the name of whoever asks.

    Every method raises CampaignNotFound, and ContactNotFound where the list has no such row.
    """

    campaigns: CampaignService

    def look(self, name: str, row: int) -> ContactView:
        """Look at the contact of a row, from 1."""
        store = self.campaigns.store
        campaign, spot = store.campaigns.get(name), self._spot(name, row)
        try:
            job: Job | None = store.jobs.get(str(ContactJobId(name, row)))
        except JobNotFound:
            job = None
        listed = spot.contact
        try:
            numbers = CallFactory(campaign).profile(listed.values, row).numbers
        except InvalidCall:
            numbers = ()
        values = dict(zip(campaign.template.names, listed.values, strict=True))
        zones = spot.group.zones or campaign.time_zone
        return ContactView(row, numbers, zones, metadata_of(values), spot.fed, job)

    def move(self, name: str, row: int, not_before: datetime, agent: str = "") -> ContactView:
        """
        Have a contact rung at a time, not before, and by an *agent* if one is named.

        It keeps to its hours, its caps and the campaign's end all the same. Doing it again moves
        it again; without an agent it is the definition's.

        Raises:
            StateConflict: It was rung already, or taken out; nothing was changed.
            CampaignRefused: The campaign is none that runs or is paused.
            InvalidCall: There is no such agent, or the campaign ends before that.
        """
        self._change(name, row, not_before, agent, "")
        return self.look(name, row)

    def remove(self, name: str, row: int, reason: str) -> ContactView:
        """
        Take a contact out: it is not rung. Doing it again changes nothing.

        Raises:
            StateConflict: It was rung already; nothing was changed.
        """
        try:
            self._change(name, row, None, "", mask(reason or UNEXPLAINED))
        except StateConflict as error:
            if error.actual != State.CANCELLED:
                raise
        return self.look(name, row)

    def _spot(self, name: str, row: int) -> Spot:
        spot = self.campaigns.store.contacts.spot(name, row)
        if spot is None:
            raise ContactNotFound(f"the list of this campaign has no row {row}")
        return spot

    def _change(
        self, name: str, row: int, not_before: datetime | None, agent: str, why: str
    ) -> None:
        store, service = self.campaigns.store, self.campaigns
        for left in reversed(range(_TRIES)):
            # In this order: a definition that is newer than its record is refused.
            progress, campaign = store.campaigns.progress(name), store.campaigns.get(name)
            spot = self._spot(name, row)
            calls = CallFactory(campaign)
            mode = progress.mode or service.settings.account(campaign.account).mode
            _check_agent(campaign, spot.contact, agent)
            job = new_turn(calls, spot.contact, spot.group.number, mode, agent)
            try:
                store.contacts.change(
                    name,
                    spot,
                    job,
                    version=progress.version,
                    agent=agent,
                    not_before=not_before,
                    peers=service.explainer.peers(campaign.account),
                    who=service.who,
                    why=why,
                )
            except CampaignChanged:
                if not left:
                    raise
            else:
                return


def _check_agent(campaign: Campaign, contact: Listed, agent: str) -> None:
    if agent and campaign.customer == "both":
        raise InvalidCall([("agent", "cannot be named: both sides of this campaign are customers")])
    if agent:
        calls, listed = with_agent(campaign, contact, agent)
        try:
            calls.profile(listed.values, listed.row)
        except InvalidCall as error:
            raise InvalidCall([("agent", rule) for _, rule in error.problems[:1]]) from None
