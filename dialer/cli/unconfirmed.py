"""
`dialer unconfirmed`: calls that may have rung. List them, and say what became of one.
"""

from enum import StrEnum
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import AnyAccount, JobId, Json, Reveal, Who
from dialer.cli.shape import fields, second, words
from dialer.job import Job, State
from dialer.moment import rough
from dialer.remake import remake_all

app = typer.Typer(
    help="Calls that may have rung: no machine rings them again.", no_args_is_help=True
)


class Finding(StrEnum):
    """What a person found out about an unconfirmed call."""

    PLACED = "placed"
    DEAD = "dead"
    AGAIN = "again"


_TARGETS = {
    Finding.PLACED: State.PLACED,
    Finding.DEAD: State.DEAD,
    Finding.AGAIN: State.READY,
}


@app.command("list")
def list_unconfirmed(
    account: AnyAccount = None, *, json: Json = False, reveal: Reveal = False
) -> None:
    """List unconfirmed calls, the oldest first."""
    with session() as opened:
        jobs = [
            job
            for job in opened.store.jobs.select(State.UNCONFIRMED)
            if account in (None, job.account)
        ]
        if json:
            for job in jobs:
                output.emit(_fields(opened, job, reveal=reveal))
            return
        output.show(
            ["id", "age", "to", ">sent", "ring again", "seen on the wire"],
            [_row(opened, job, reveal=reveal) for job in jobs],
            fold="seen on the wire",
        )
        if not jobs:
            output.say("0 unconfirmed.")
            return
        output.say(f"{len(jobs)} unconfirmed. When you know what became of one:")
        output.say("dialer unconfirmed resolve ID placed|dead|again --reason WHY")


def _fields(opened: Session, job: Job, *, reveal: bool) -> dict[str, Any]:
    over = _quarantine_ends(opened, job)
    age = (opened.now - job.entered).total_seconds()
    return {**fields(job, reveal=reveal), "age_seconds": round(age, 3), "quarantine_ends": over}


def _row(opened: Session, job: Job, *, reveal: bool) -> tuple[str, ...]:
    left = _quarantine_ends(opened, job) - opened.now
    return (
        job.id,
        rough(opened.now - job.entered),
        second(job, reveal=reveal),
        str(job.attempts),
        "allowed" if left.total_seconds() <= 0 else f"in {rough(left)}",
        words(job.reason, reveal=reveal).removeprefix("may have rung: "),
    )


def _quarantine_ends(opened: Session, job: Job) -> Any:
    return (job.started or job.entered) + opened.settings.jobs.quarantine


@app.command()
def resolve(
    job_id: JobId,
    finding: Annotated[Finding, typer.Argument(help="What became of the call.")],
    reason: Annotated[str, typer.Option(help="How you know; on record.")],
    who: Who = "",
    *,
    json: Json = False,
) -> None:
    """Say what became of a call: placed, dead, or ring it again."""
    with session(makes_work=finding is Finding.AGAIN) as opened:
        left = opened.store.desk.resolve(
            job_id,
            _TARGETS[finding],
            who=who or who_runs(),
            reason=reason,
            quarantine=opened.settings.jobs.quarantine,
            deadline=opened.settings.jobs.deadline,
        )
        if finding is Finding.AGAIN and not left:
            # What was corrected in its campaign since counts from here on.
            remake_all(opened.store, opened.explainer.routes, [job_id], who or who_runs())
        job = opened.store.jobs.get(job_id)
        if left:
            until = opened.at(opened.now + left, job)
            output.complain(
                f"job {job_id} is not rung again before {until} (in {rough(left)}): its first"
                " call might still be under way (jobs.quarantine)"
            )
            raise typer.Exit(1)
        if json:
            output.emit(fields(job, reveal=False))
        else:
            output.say(f"job {job_id} is {job.state}: {words(reason, reveal=False)}")
