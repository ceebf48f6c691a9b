"""
What is shown of a job: its fields for programs, its row for people; numbers masked.
"""

import json
from datetime import timedelta
from typing import Any

from dialer.cli import output
from dialer.cli.opening import Session
from dialer.codes import lookup
from dialer.job import Event, Job, State
from dialer.moment import rough
from dialer.number import mask


def sides(job: Job, *, reveal: bool) -> tuple[str, str]:
    """
    Write whom a job rings first and then: numbers masked, ids of agents and groups plain.

    Args:
        job: The job.
        reveal: Show numbers too.
    """
    content = json.loads(job.content)
    return _side(content, "from", reveal=reveal), _side(content, "to", reveal=reveal)


def _side(content: dict[str, Any], side: str, *, reveal: bool) -> str:
    values = content.get(side, [])
    if content.get(f"{side}Type", "Number") != "Number":
        return f"{content[f'{side}Type']} {','.join(values)}"
    return ",".join(values if reveal else map(mask, values))


def fields(job: Job, *, reveal: bool) -> dict[str, Any]:
    """
    List the fields of a job for a program; what is absent is None.
    """
    first, then = sides(job, reveal=reveal)
    return {
        "id": job.id,
        "key": job.key or None,
        "state": str(job.state),
        "tries": job.tries,
        "attempts": job.attempts,
        "account": job.account,
        "campaign": job.campaign or None,
        "mode": job.mode,
        "priority": job.priority,
        "from": first,
        "to": then,
        "customer": job.customer,
        "created": job.created,
        "entered": job.entered,
        "due": job.due,
        "not_after": job.not_after,
        "started": job.started,
        "call_id": job.call_id or None,
        "code": job.code or None,
        "reason": job.reason,
    }


def event_fields(event: Event) -> dict[str, Any]:
    """
    List the fields of an event for a program.
    """
    return {
        "at": event.at,
        "from": event.source or None,
        "to": event.target,
        "who": event.who,
        "why": event.why,
    }


def details(opened: Session, job: Job, *, reveal: bool) -> list[tuple[str, str]]:
    """
    List what a person reads about a job, one (name, value) a line.
    """
    first, then = sides(job, reveal=reveal)
    rows = [
        ("job", job.id),
        ("state", f"{job.state} for {rough(opened.now - job.entered)}: {job.reason}"),
        ("calls", f"{first}, then {then} (customer: {job.customer})"),
        ("account", f"{job.account}, {job.mode} mode, priority {job.priority}"),
        ("tries", f"{job.tries} used; {output.counted(job.attempts, 'attempt')} sent"),
        ("created", opened.at(job.created, job)),
    ]
    if job.key:
        rows.insert(1, ("key", job.key))
    if job.campaign:
        rows.append(("campaign", job.campaign))
    if job.due:
        rows.append(("due", opened.at(job.due, job)))
    if job.state in (State.SCHEDULED, State.READY):
        rows.append(("deadline", opened.at(job.not_after, job)))
    if job.started:
        rows.append(("last attempt", opened.at(job.started, job)))
    if job.code:
        rows.append(("code", f"{job.code}: {lookup(job.code).meaning}"))
    if job.call_id:
        rows.append(("call id", job.call_id))
    return rows


def history(opened: Session, job: Job) -> list[tuple[str, str]]:
    """
    List the events of a job for a person, oldest first.
    """
    return [
        (
            opened.at(event.at, job),
            f"{event.source or 'new'} → {event.target}, by {event.who}: {event.why}",
        )
        for event in job.events
    ]


def age(length: timedelta) -> str:
    """
    Write how long ago something was: "4 min ago".
    """
    return f"{rough(length)} ago"
