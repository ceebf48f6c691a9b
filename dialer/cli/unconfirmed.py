"""`dialer unconfirmed`: calls that may have rung. List them, and resolve one."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import AnyAccount, JobId, Json, Reveal, Who
from dialer.cli.session import session
from dialer.cli.views.job import COLUMNS, JOBS, second
from dialer.cli.views.listing import Column, Listing, Look, seconds
from dialer.domain.job.job import Job
from dialer.services.calls.answers import Resolution
from dialer.text.masking import mask
from dialer.text.moment import rough

app = typer.Typer(
    help="Calls that may have rung: no machine rings them again.", no_args_is_help=True
)


@app.command("list")
def list_unconfirmed(
    account: AnyAccount = None, *, json: Json = False, reveal: Reveal = False
) -> None:
    """List unconfirmed calls, the oldest first."""
    with session() as opened:
        listing = _listing(opened.settings.jobs.quarantine)
        count = listing.show(opened.unconfirmed(account), opened.look(reveal=reveal, json=json))
    if json:
        return
    if not count:
        output.say("0 unconfirmed.")
        return
    output.say(f"{count} unconfirmed. When you know what became of one:")
    output.say("dialer unconfirmed resolve ID placed|dead|again --reason WHY")


@app.command()
def resolve(
    job_id: JobId,
    finding: Annotated[Resolution, typer.Argument(help="What became of the call.")],
    reason: Annotated[str, typer.Option(help="How you know; on record.")],
    who: Who = "",
    *,
    json: Json = False,
) -> None:
    """Say what became of a call: placed, dead, or ring it again."""
    with session(makes_work=finding is Resolution.AGAIN, who=who) as opened:
        left = opened.resolve(job_id, finding, reason=reason)
        job = opened.get(job_id)
        look = opened.look(job.account)
        if left:
            output.complain(
                f"job {job_id} is not rung again before {look.at(opened.began + left)} (in"
                f" {rough(left)}): its first call might still be under way (jobs.quarantine)"
            )
            raise typer.Exit(1)
        if json:
            output.emit(JOBS.fields(job, look))
        else:
            output.say(f"job {job_id} is {job.state}: {mask(reason)}")


def _listing(quarantine: timedelta) -> Listing[Job]:
    """Describe unconfirmed calls; none is rung again within *quarantine* of its attempt."""

    def again(job: Job, look: Look) -> str:
        left = job.quarantine_ends(quarantine) - look.now
        return "allowed" if left <= timedelta(0) else f"in {rough(left)}"

    def seen(job: Job, look: Look) -> str:
        return look.words(job.reason).removeprefix("may have rung: ")

    return Listing(
        (
            *(replace(column, head="") for column in COLUMNS if column.name),
            Column("age_seconds", lambda job, look: seconds(look.now - job.entered)),
            Column("quarantine_ends", lambda job, _: job.quarantine_ends(quarantine)),
            Column("", "id", "id"),
            Column("", lambda job, look: look.age(job.entered), "age"),
            Column("", second, "to"),
            Column("", "attempts", ">sent"),
            Column("", again, "ring again"),
            Column("", seen, "seen on the wire", fold=True),
        )
    )
