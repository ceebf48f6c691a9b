"""The job of a campaign's contact."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Final

from dialer.domain.campaign.call_factory import CallFactory, Profile
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Listed
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.job import Job, State
from dialer.domain.job.lane import Lane
from dialer.domain.job.metadata import metadata_of, written_metadata
from dialer.domain.job.new_job import NewJob
from dialer.errors import InvalidCall

_NOTHING: Final = timedelta(0)


def new_turn(calls: CallFactory, contact: Listed, group: str, mode: str, agent: str = "") -> NewJob:
    """
    Make the job of a contact in the zone group of number *group*.

    One whose call cannot be made any more becomes a job all the same: it will
    be refused by our own check, and its dead letter says why. Nothing is lost.
    *mode* (`Progress.mode`) holds where the campaign's definition names none. An *agent*
    rings in the place of those that definition and row name.
    """
    if agent:
        calls, contact = with_agent(calls.campaign, contact, agent)
    campaign = calls.campaign
    try:
        call: Profile | None = calls.profile(contact.values, contact.row)
    except InvalidCall:
        call = None
    content = call.content if call else _unread(campaign, contact)
    return NewJob(
        id=str(ContactJobId(campaign.name, contact.row)),
        digest=hashlib.sha256(content.encode()).hexdigest()[:26],
        key="",
        account=campaign.account,
        mode=(call.mode if call else None) or mode,
        lane=str(Lane(campaign.account, campaign.name, group, call.pool if call else "")),
        priority=5,
        not_before=None,
        not_after=campaign.ends,
        deadline=_NOTHING,
        customer=campaign.customer,
        protected=call.numbers if call else (),
        rings=call.rings if call else (),
        ring_lead=call.ring_lead if call else _NOTHING,
        longest_ring=call.longest_ring if call else _NOTHING,
        talk_limit=call.talk_limit if call else None,
        content=content,
        also=call.also if call else "",
        metadata=written_metadata(metadata_of(_named(campaign, contact))),
    )


def with_agent(campaign: Campaign, contact: Listed, agent: str) -> tuple[CallFactory, Listed]:
    """Return a contact, and the factory of its call, as if an *agent* was to ring it."""
    ours = "to" if campaign.customer == "from" else "from"
    gone = {ours, f"{ours}Type", f"{ours}Strategy"}
    call = {name: value for name, value in campaign.call.items() if name not in gone}
    columns = {name: column for name, column in campaign.columns.items() if name not in gone}
    update = {"call": {**call, ours: agent, f"{ours}Type": "Agent"}, "columns": columns}
    other, values = campaign.model_copy(update=update), _named(campaign, contact)
    return CallFactory(other), Listed(contact.row, tuple(values[one] for one in sorted(columns)))


def _unread(campaign: Campaign, contact: Listed) -> str:
    values = _named(campaign, contact)
    given = {name: values[name] for name in campaign.template.parameters}
    return json.dumps({**campaign.call, **given}, sort_keys=True)


def _named(campaign: Campaign, contact: Listed) -> dict[str, str]:
    return dict(zip(campaign.template.names, contact.values, strict=True))


def prospective(turn: NewJob, since: datetime, ends: datetime) -> Job:
    """
    Return the job that a contact will become, as if it were ready; the store knows no such job.

    *since* and *ends* are the beginning and the end of its campaign.
    """
    return Job(
        id=turn.id,
        state=State.READY,
        account=turn.account,
        mode=turn.mode,
        lane=turn.lane,
        priority=turn.priority,
        content=turn.content,
        customer=turn.customer,
        protected=turn.protected,
        ring_lead=turn.ring_lead,
        created=since,
        entered=since,
        not_after=ends,
    )
