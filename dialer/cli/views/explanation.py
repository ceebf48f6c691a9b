"""Explanations as they are shown: why a job or a contact has not been rung."""

from typing import Any

from dialer.cli import output
from dialer.cli.views.job import event_fields, history, rings, sides
from dialer.cli.views.listing import Look
from dialer.diagnosis.explain import Explanation
from dialer.domain.job.ids import ContactJobId
from dialer.domain.job.job import State
from dialer.text.moment import local

#: Reasons that end a job instead of delaying it.
_FINAL = ("do_not_call", "deadline")


def fields(explained: Explanation) -> dict[str, Any]:
    """List the fields of an explanation for a program."""
    job, look = explained.job, _look(explained)
    return {
        "id": job.id,
        "key": job.key or None,
        "state": "waiting" if explained.waiting else str(job.state),
        "account": job.account,
        "to": sides(job, look)[1],
        "reasons": [
            {
                "reason": reason.name,
                "text": look.words(reason.text),
                "until": reason.until,
                "step": reason.step or None,
            }
            for reason in explained.reasons
        ],
        "next": explained.next,
        "note": explained.note or None,
        "events": [event_fields(event, look) for event in job.events],
    }


def tell(explained: Explanation) -> None:
    """Print every reason with its next step, and the history."""
    job, look = explained.job, _look(explained)
    key = f", key {job.key}" if job.key else ""
    contact = ContactJobId.parse(job.id)
    if explained.waiting and contact:
        output.say(
            f"contact {contact.row} of campaign {job.campaign}: waits in its list, no job yet"
        )
    else:
        output.say(f"job {job.id}{key}: {job.state} for {look.age(job.entered)}")
    output.say(f"  rings {rings(job, look)}; account {job.account}, {job.mode} mode")
    if explained.note:
        output.say(f"  {explained.note}")
    if job.state in (State.SCHEDULED, State.READY):
        output.say(f"  {prospect(explained)}")
    for nth, reason in enumerate(explained.reasons, start=1):
        output.say(f"  {nth}. {reason.name}: {look.words(reason.text)}")
        if reason.step:
            output.say(f"     → {reason.step}")
    if not explained.waiting:
        output.say("  history:")
    for at, what in history(job, look):
        output.say(f"    {at}  {what}")


def _look(explained: Explanation) -> Look:
    return Look(explained.now, explained.zone)


def prospect(explained: Explanation) -> str:
    """Say in one sentence when a job may be rung."""
    if not explained.reasons:
        return "nothing stands in its way: it is rung with the next free slot"
    if explained.next is not None and explained.reckoned:
        from_ = local(explained.next, explained.zone)
        return f"not before {from_}, as far as those who come first can be reckoned"
    if explained.next is not None:
        return f"it may be rung from {local(explained.next, explained.zone)}"
    if any(reason.name in _FINAL for reason in explained.reasons):
        return "it will not be rung, unless this changes:"
    return "it is not rung until this has changed:"
