"""Jobs as they are shown: fields for programs, rows for people."""

import json
from collections.abc import Mapping
from typing import Any

from dialer.cli import output
from dialer.cli.views.listing import Column, Listing, Look, written
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import Event, Job, State
from dialer.text.plural import agreeing, counted

#: Shown for a stored call that no longer validates.
_UNREADABLE = "a call that cannot be read"


def rings(job: Job, look: Look) -> str:
    """Write both legs of a job in one clause: numbers masked, ids of agents and groups plain."""
    first, then = sides(job, look)
    return _UNREADABLE if first is None or then is None else f"{first}, then {then}"


def second(job: Job, look: Look) -> str:
    """Write the second leg of a job, as `rings` does."""
    return sides(job, look)[1] or _UNREADABLE


def sides(job: Job, look: Look) -> tuple[str | None, str | None]:
    """Write the legs of a job for a program; None for one that cannot be read."""
    try:
        content = json.loads(job.content)
    except ValueError:
        return None, None
    if not isinstance(content, dict):
        return None, None
    return _side(content, "from", look), _side(content, "to", look)


def _side(content: Mapping[str, Any], side: str, look: Look) -> str | None:
    values, kind = content.get(side), content.get(f"{side}Type", "Number")
    if not isinstance(values, list) or not isinstance(kind, str):
        return None
    if kind != "Number":
        return f"{kind} {','.join(map(str, values))}"
    return ",".join(look.number(str(value)) for value in values)


#: Fields of a job for a program; a person gets some of them, in a table.
COLUMNS: tuple[Column[Job], ...] = (
    Column("id", head="id"),
    Column("key", lambda job, _: job.key or None),
    Column("state", lambda job, _: str(job.state), "state"),
    Column("", lambda job, look: look.age(job.entered), "for"),
    Column("tries"),
    Column("attempts"),
    Column("account"),
    Column("campaign", lambda job, _: job.campaign or None),
    Column("mode"),
    Column("priority"),
    Column("from", lambda job, look: sides(job, look)[0]),
    Column("to", lambda job, look: sides(job, look)[1], "to", second),
    Column("", "tries", ">tries"),
    Column("customer"),
    Column("created"),
    Column("entered"),
    Column("due"),
    Column("not_after"),
    Column("started"),
    Column("call_id", lambda job, _: job.call_id or None),
    Column("code", lambda job, _: job.code or None, "code", lambda job, _: job.code),
    written("reason", "why"),
)
JOBS = Listing(COLUMNS)


def tell_counts(counts: Mapping[str, int], campaign: str | None, shown: int) -> None:
    """Count the jobs beside those that were shown, and say how to look at one."""
    states = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    waiting = ""
    if count := counts.get("waiting"):
        are = agreeing(count, "is no job", "are no jobs")
        waiting = f"; {counted(count, 'contact')} {are} yet"
    whose = f"All of {campaign}" if campaign else "All jobs"
    output.say(f"{shown} shown. {whose}: {states or 'none'}{waiting}")
    output.say("one job: dialer job ID; why it is not rung: dialer explain ID; all: --json")


def event_fields(event: Event, look: Look) -> dict[str, Any]:
    """List the fields of an event for a program."""
    return {
        "at": event.at,
        "from": event.source or None,
        "to": event.target,
        "who": look.words(event.who),
        "why": look.words(event.why),
    }


def show(job: Job, look: Look) -> None:
    """Print one job with its events."""
    if look.json:
        events = [event_fields(event, look) for event in job.events]
        output.emit({**JOBS.fields(job, look), "events": events})
        return
    output.pairs(_details(job, look))
    output.say()
    output.pairs(history(job, look))


def _details(job: Job, look: Look) -> list[tuple[str, str]]:
    waits = job.state in (State.SCHEDULED, State.READY)
    rows = [
        ("job", job.id),
        ("key", job.key),
        ("state", f"{job.state} for {look.age(job.entered)}: {look.words(job.reason)}"),
        ("calls", f"{rings(job, look)} (customer: {job.customer})"),
        ("account", f"{job.account}, {job.mode} mode, priority {job.priority}"),
        ("tries", f"{job.tries} used; {counted(job.attempts, 'attempt')} sent"),
        ("created", look.at(job.created)),
        ("campaign", job.campaign),
        ("due", look.at(job.due)),
        ("deadline", look.at(job.not_after) if waits else ""),
        ("last attempt", look.at(job.started)),
        ("code", f"{job.code}: {lookup(job.code).meaning}" if job.code else ""),
        ("call id", job.call_id),
    ]
    return [(name, value) for name, value in rows if value]


def history(job: Job, look: Look) -> list[tuple[str, str]]:
    """List the events of a job for a person, oldest first."""
    return [
        (
            look.at(event.at),
            f"{event.source or 'new'} → {event.target}, by "
            + look.words(f"{event.who}: {event.why}"),
        )
        for event in job.events
    ]
