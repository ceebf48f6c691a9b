"""Receipts of calls, and of jobs that were to be moved, as they are shown."""

from collections.abc import Sequence
from typing import Any

from dialer.cli import output
from dialer.cli.views.explanation import prospect
from dialer.diagnosis.explain import Explanation
from dialer.domain.job.job import Job, State
from dialer.domain.job.receipt import Moved, Receipt, Verdict
from dialer.text.masking import mask
from dialer.text.moment import rough


def fields(receipt: Receipt, job: Job | None) -> dict[str, Any]:
    """List the fields of a receipt for a program."""
    return {
        "verdict": str(receipt.verdict),
        "id": receipt.job_id or None,
        "state": str(job.state) if job else None,
        "problems": [{"field": field, "rule": mask(rule)} for field, rule in receipt.problems],
    }


def refuse(receipt: Receipt) -> None:
    """Print the problems of a call that was not taken."""
    for field, rule in receipt.problems:
        output.complain(f"{receipt.verdict}: {field}: {mask(rule)}")


def tell(receipt: Receipt, explained: Explanation) -> None:
    """Print the job of a call that was taken, and when it is rung."""
    job = explained.job
    if receipt.verdict is Verdict.DUPLICATE:
        by = ", by its content" if receipt.by_content else ""
        ago = f"{rough(explained.now - job.entered)} ago"
        output.say(f"duplicate of job {job.id}{by}: {job.state}, {ago}; nothing was enqueued")
        again = "--key or --allow-duplicates" if receipt.by_content else "another --key"
        output.say(f"to ring again use {again}")
        return
    output.say(f"created job {job.id} ({job.mode} mode, account {job.account})")
    if job.state in (State.SCHEDULED, State.READY):
        output.say(prospect(explained))
    for reason in explained.reasons:
        output.say(f"  {mask(reason.text)}")
        if reason.step:
            output.say(f"  → {reason.step}")
    if explained.note:
        output.say(explained.note)


def report(moved: Moved, done: str, *, json: bool) -> None:
    """Print how many jobs were moved (*done* is the word for it), and each that was refused."""
    if json:
        for job_id in moved.done:
            output.emit({"id": job_id, "done": True, "state": None})
        for job_id, state in moved.refused.items():
            output.emit({"id": job_id, "done": False, "state": state})
        return
    for job_id, state in moved.refused.items():
        what = "there is no such job" if state == "missing" else f"it is {state}"
        output.complain(f"job {job_id}: not {done}: {what}")
    output.say(f"{len(moved.done)} {done}, {len(moved.refused)} refused")


def tell_contacts(contacts: Sequence[tuple[str, int]]) -> None:
    """Name the campaigns in whose lists a customer still waits, and the way to stop that."""
    for campaign, row in contacts:
        output.complain(f"this number waits in the list of campaign {campaign}, as contact {row}")
    if contacts:
        output.complain(
            "a contact that is no job yet cannot be cancelled; so that nobody rings the number:"
            " dialer suppress add NUMBER --reason …"
        )
