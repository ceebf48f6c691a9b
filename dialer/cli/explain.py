"""
`dialer explain`: why has this job, or this number, not been rung?
"""

import re
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.call import prospect
from dialer.cli.opening import Session, session
from dialer.cli.options import AccountName, Json, Key, looks_like_id, read_job, read_number
from dialer.cli.shape import event_fields, fields, history, rings, words
from dialer.errors import JobNotFound
from dialer.explain import Explanation, Reason
from dialer.facts import find_by_key
from dialer.job import State
from dialer.moment import rough
from dialer.turn import job_id

#: The id that a campaign's contact has once it is a job: campaign:row:turn; the turn is 1.
_CONTACT = re.compile(r"([a-z0-9_]{1,40}):([0-9]{1,9})(:[0-9]{1,9})?")
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
            found = [opened.explainer.job(find_by_key(opened.store, account, key))]
        elif looks_like_id(what or "") or _CONTACT.fullmatch(what or ""):
            found = [_of_id(opened, what or "")]
        else:
            found = _of_number(opened, what or "")
        if json:
            for explained in found:
                output.emit(_fields(explained))
        else:
            _tell(opened, found)


def _of_id(opened: Session, text: str) -> Explanation:
    if (named := _CONTACT.fullmatch(text)) and not named[3]:
        text = job_id(named[1], int(named[2]))
    try:
        return opened.explainer.job(read_job(opened, text, "dialer jobs lists them"))
    except JobNotFound:
        contact = _CONTACT.fullmatch(text)
        waiting = contact and opened.explainer.contact(contact[1], int(contact[2]))
        if not waiting:
            raise
        return waiting


def _of_number(opened: Session, text: str) -> list[Explanation]:
    if not any(character.isdecimal() for character in text) or re.search(r"[A-Za-z_]", text):
        raise JobNotFound(f'"{text}" is neither an id nor a number; if it is a key: --key {text}')
    number = read_number(text)
    found = opened.explainer.contacts(number)
    found += map(opened.explainer.job, opened.store.jobs.of_number(number)[::-1])
    if not found:
        listed = opened.store.suppression.find(number)
        reason = words(listed[0].reason, reveal=False) if listed else ""
        why = f"; it is on the do-not-call list: {reason}" if listed else ""
        raise JobNotFound(f"no job was ever made for this number, or it was pruned{why}")
    return found


def _fields(explained: Explanation) -> dict[str, Any]:
    job = explained.job
    return {
        "id": job.id,
        "key": job.key or None,
        "state": "waiting" if explained.waiting else str(job.state),
        "account": job.account,
        "to": fields(job, reveal=False)["to"],
        "reasons": [
            {
                "reason": reason.name,
                "text": words(reason.text, reveal=False),
                "until": reason.until,
                "step": reason.step or None,
            }
            for reason in explained.reasons
        ],
        "next": explained.next,
        "note": explained.note or None,
        "events": [event_fields(event, reveal=False) for event in job.events],
    }


def _tell(opened: Session, found: list[Explanation]) -> None:
    for nth, explained in enumerate(found[:_MOST]):
        if nth:
            output.say()
        _tell_one(opened, explained)
    if len(found) > _MOST:
        older = output.counted(len(found) - _MOST, "older job")
        output.say(f"{older} for this number: --json shows all")


def _tell_one(opened: Session, explained: Explanation) -> None:
    job = explained.job
    key = f", key {job.key}" if job.key else ""
    if explained.waiting:
        row = job.id.split(":")[1]
        output.say(f"contact {row} of campaign {job.campaign}: waits in its list, no job yet")
    else:
        output.say(f"job {job.id}{key}: {job.state} for {rough(opened.now - job.entered)}")
    output.say(f"  rings {rings(job, reveal=False)}; account {job.account}, {job.mode} mode")
    if explained.note:
        output.say(f"  {explained.note}")
    if job.state in (State.SCHEDULED, State.READY):
        output.say(f"  {prospect(explained)}")
    for nth, reason in enumerate(explained.reasons, start=1):
        _tell_reason(nth, reason)
    if not explained.waiting:
        output.say("  history:")
    for at, what in history(opened, job, reveal=False):
        output.say(f"    {at}  {what}")


def _tell_reason(nth: int, reason: Reason) -> None:
    output.say(f"  {nth}. {reason.name}: {words(reason.text, reveal=False)}")
    if reason.step:
        output.say(f"     → {reason.step}")
