"""
`dialer explain`: why has this job, or this number, not been rung?
"""

import re
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.call import prospect
from dialer.cli.opening import Session, session
from dialer.cli.options import AccountName, Json, Key, looks_like_id, read_number
from dialer.cli.shape import event_fields, history, sides
from dialer.errors import JobNotFound
from dialer.explain import Explanation, Reason
from dialer.facts import find_by_key
from dialer.job import Job, State
from dialer.moment import rough

#: A person reads the newest of a number's jobs; programs get all.
_MOST = 5


def explain(
    what: Annotated[str | None, typer.Argument(metavar="ID|NUMBER", help="Which job.")] = None,
    key: Key = None,
    account: AccountName = "default",
    *,
    json: Json = False,
) -> None:
    """Say why a job or a number has not been rung."""
    if (what is None) == (key is None):
        raise typer.BadParameter("give a job's id, a number, or --key", param_hint="ID|NUMBER")
    with session() as opened:
        if key is not None:
            jobs = [find_by_key(opened.store, account, key)]
        elif looks_like_id(what or ""):
            jobs = [opened.store.jobs.get(what or "")]
        else:
            jobs = _of_number(opened, what or "")
        if json:
            for job in jobs:
                output.emit(_fields(opened.explainer.job(job)))
        else:
            _tell(opened, jobs)


def _of_number(opened: Session, text: str) -> list[Job]:
    if not any(character.isdecimal() for character in text) or re.search(r"[A-Za-z_]", text):
        raise JobNotFound(f'"{text}" is neither an id nor a number; if it is a key: --key {text}')
    number = read_number(text)
    jobs = opened.store.jobs.of_number(number)[::-1]
    if not jobs:
        listed = opened.store.suppression.find(number)
        why = f"; it is on the do-not-call list: {listed[0].reason}" if listed else ""
        raise JobNotFound(f"no job was ever made for this number, or it was pruned{why}")
    return jobs


def _fields(explained: Explanation) -> dict[str, Any]:
    job = explained.job
    return {
        "id": job.id,
        "key": job.key or None,
        "state": str(job.state),
        "account": job.account,
        "to": sides(job, reveal=False)[1],
        "reasons": [
            {
                "reason": reason.name,
                "text": reason.text,
                "until": reason.until,
                "step": reason.step or None,
            }
            for reason in explained.reasons
        ],
        "next": explained.next,
        "note": explained.note or None,
        "events": [event_fields(event) for event in job.events],
    }


def _tell(opened: Session, jobs: list[Job]) -> None:
    for nth, job in enumerate(jobs[:_MOST]):
        if nth:
            output.say()
        _tell_one(opened, opened.explainer.job(job))
    if len(jobs) > _MOST:
        output.say(f"{len(jobs) - _MOST} older jobs for this number: --json shows all")


def _tell_one(opened: Session, explained: Explanation) -> None:
    job = explained.job
    key = f", key {job.key}" if job.key else ""
    first, then = sides(job, reveal=False)
    output.say(f"job {job.id}{key}: {job.state} for {rough(opened.now - job.entered)}")
    output.say(f"  rings {first}, then {then}; account {job.account}, {job.mode} mode")
    if explained.note:
        output.say(f"  {explained.note}")
    if job.state in (State.SCHEDULED, State.READY):
        output.say(f"  {prospect(explained)}")
    for nth, reason in enumerate(explained.reasons, start=1):
        _tell_reason(nth, reason)
    output.say("  history:")
    for at, what in history(opened, job):
        output.say(f"    {at}  {what}")


def _tell_reason(nth: int, reason: Reason) -> None:
    output.say(f"  {nth}. {reason.name}: {reason.text}")
    if reason.step:
        output.say(f"     → {reason.step}")
