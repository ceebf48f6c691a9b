"""
The job of a campaign's contact: what is put together when its turn comes near.
"""

import hashlib
import json
from datetime import datetime, timedelta

from dialer.call import ClickToCall
from dialer.campaign import Campaign
from dialer.crew import pool_of
from dialer.errors import InvalidCall
from dialer.job import Job, State
from dialer.store.blocks import Listed
from dialer.store.contacts import Place
from dialer.store.jobs import NewJob

#: The first and, without reports of what became of a call, only turn of a contact.
_TURN = 1


def job_id(campaign: str, row: int) -> str:
    """
    Name the job of a contact: "campaign:row:turn".
    """
    return f"{campaign}:{row}:{_TURN}"


def call_of(campaign: Campaign, contact: Listed) -> ClickToCall:
    """
    Return the call of a contact.

    Raises:
        InvalidCall: It breaks a rule, which it did not when the list was read.
    """
    return campaign.template.call(values_of(campaign, contact), row=contact.row)


def values_of(campaign: Campaign, contact: Listed) -> dict[str, str]:
    """
    Return what the columns of a contact hold, by wire name.
    """
    return dict(zip(campaign.template.names, contact.values, strict=True))


def new_turn(campaign: Campaign, contact: Listed, group: str, mode: str) -> NewJob:
    """
    Make the job of a contact.

    One whose call cannot be made any more becomes a job all the same: it will
    be refused by our own check, and its dead letter says why. Nothing is lost.

    Args:
        campaign: Its campaign.
        contact: The contact.
        group: The number of its zone group.
        mode: That of the campaign (`Progress.mode`), where its definition names none.
    """
    try:
        call: ClickToCall | None = call_of(campaign, contact)
    except InvalidCall:
        call = None
    unread = {**campaign.call, **values_of(campaign, contact)}
    content = call.content() if call else json.dumps(unread, sort_keys=True)
    mode = (call.mode if call else None) or mode
    zero = timedelta(0)
    return NewJob(
        id=job_id(campaign.name, contact.row),
        digest=hashlib.sha256(content.encode()).hexdigest()[:26],
        key="",
        account=campaign.account,
        mode=mode,
        lane=f"{campaign.account}/{campaign.name}/{group}/{pool_of(call) if call else ''}",
        priority=5,
        not_before=None,
        not_after=campaign.ends,
        deadline=zero,
        customer=campaign.customer,
        protected=call.protected(campaign.customer) if call else (),
        rings=call.rings(campaign.customer) if call else (),
        ring_lead=call.ring_lead(campaign.customer) if call else zero,
        longest_ring=call.longest_ring() if call else zero,
        talk_limit=call.talk_limit if call else None,
        content=content,
    )


def prospective(campaign: Campaign, place: Place, mode: str, since: datetime) -> Job:
    """
    Return the job that a contact will become, as if it were ready.

    It was never made: it has no events, and the store knows no such job.

    Args:
        campaign: Its campaign.
        place: Where it stands.
        mode: As in `new_turn`.
        since: When the campaign was made.
    """
    turn = new_turn(campaign, place.contact, place.group.number, mode)
    return Job(
        id=turn.id,
        key="",
        state=State.READY,
        account=campaign.account,
        mode=turn.mode,
        lane=turn.lane,
        priority=5,
        tries=0,
        attempts=0,
        content=turn.content,
        customer=campaign.customer,
        protected=turn.protected,
        ring_lead=turn.ring_lead,
        created=since,
        entered=since,
        due=None,
        not_after=campaign.ends,
        started=None,
        call_id="",
        code="",
        reason="",
        events=(),
    )
