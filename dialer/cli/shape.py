"""
What is shown of a job: its fields for programs, its row for people; numbers masked.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dialer.cli import output
from dialer.cli.opening import Session
from dialer.codes import lookup
from dialer.job import Event, Job, State
from dialer.masking import mask as mask_words
from dialer.moment import rough
from dialer.number import mask

#: What stands in the place of a call that breaks a rule by now: its job was made all the same.
_UNREADABLE = "a call that cannot be read"


def rings(job: Job, *, reveal: bool) -> str:
    """
    Write whom a job rings, in one clause: numbers masked, ids of agents and groups plain.

    Args:
        job: The job.
        reveal: Show numbers too.
    """
    first, then = _sides(job, reveal=reveal)
    return _UNREADABLE if first is None or then is None else f"{first}, then {then}"


def second(job: Job, *, reveal: bool) -> str:
    """
    Write whom a job rings then, as `rings` does.
    """
    return _sides(job, reveal=reveal)[1] or _UNREADABLE


def _sides(job: Job, *, reveal: bool) -> tuple[str | None, str | None]:
    """Whom it rings first and then; None for a side that cannot be read."""
    try:
        content = json.loads(job.content)
    except ValueError:
        return None, None
    if not isinstance(content, dict):
        return None, None
    return _side(content, "from", reveal=reveal), _side(content, "to", reveal=reveal)


def _side(content: Mapping[str, Any], side: str, *, reveal: bool) -> str | None:
    values, kind = content.get(side), content.get(f"{side}Type", "Number")
    if not isinstance(values, list) or not isinstance(kind, str):
        return None
    if kind != "Number":
        return f"{kind} {','.join(map(str, values))}"
    return ",".join(map(str, values) if reveal else map(mask, map(str, values)))


def words(text: str, *, reveal: bool) -> str:
    """
    Return what somebody wrote, or what a machine saw, with the numbers in it masked.

    Args:
        text: A reason, or the name of whoever did something.
        reveal: Show numbers too.
    """
    return text if reveal else mask_words(text)


def fields(job: Job, *, reveal: bool) -> dict[str, Any]:
    """
    List the fields of a job for a program; what is absent is None.
    """
    first, then = _sides(job, reveal=reveal)
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
        "reason": words(job.reason, reveal=reveal),
    }


def event_fields(event: Event, *, reveal: bool) -> dict[str, Any]:
    """
    List the fields of an event for a program.
    """
    return {
        "at": event.at,
        "from": event.source or None,
        "to": event.target,
        "who": words(event.who, reveal=reveal),
        "why": words(event.why, reveal=reveal),
    }


def details(opened: Session, job: Job, *, reveal: bool) -> list[tuple[str, str]]:
    """
    List what a person reads about a job, one (name, value) a line.
    """
    reason = words(job.reason, reveal=reveal)
    rows = [
        ("job", job.id),
        ("state", f"{job.state} for {rough(opened.now - job.entered)}: {reason}"),
        ("calls", f"{rings(job, reveal=reveal)} (customer: {job.customer})"),
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


def history(opened: Session, job: Job, *, reveal: bool) -> list[tuple[str, str]]:
    """
    List the events of a job for a person, oldest first.
    """
    return [
        (
            opened.at(event.at, job),
            f"{event.source or 'new'} → {event.target}, by "
            + words(f"{event.who}: {event.why}", reveal=reveal),
        )
        for event in job.events
    ]


def age(length: timedelta) -> str:
    """
    Write how long ago something was: "4 min ago".
    """
    return f"{rough(length)} ago"
