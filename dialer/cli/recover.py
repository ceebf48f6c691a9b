"""
`dialer recover`: after a restore, stop everything and look before anything is dialled again.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session
from dialer.cli.options import Json, Reveal
from dialer.cli.shape import fields, second
from dialer.explain import release_command
from dialer.job import Job, State
from dialer.moment import local, rough
from dialer.owners import RECOVER
from dialer.recovery import Recovery, suspects, unfinished
from dialer.recovery import recover as begin_recovery
from dialer.store.holds import EVERYTHING

#: A person reads some; programs get all.
_MOST = 20
_OF_CAMPAIGNS = (
    "of each campaign named above: dialer campaign pause NAME; or, when it went on since, cancel"
    " it and import those that were not rung into a new one"
)


def recover(
    who: Annotated[str, typer.Option("--who", help="Your name, for the record.")],
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """Hold everything after a restore, and list what may have been dialled since the copy."""
    with session() as opened:
        recovery = begin_recovery(opened.store, who=who)
        found = suspects(opened.store, recovery)
        if json:
            for job in found:
                output.emit(fields(job, reveal=reveal))
            return
        _tell(opened, recovery, found, reveal=reveal)


def _tell(opened: Session, recovery: Recovery, jobs: Iterator[Job], *, reveal: bool) -> None:
    zone = opened.zone("default")
    since = local(recovery.copy, zone) if recovery.copy else "its beginning"
    output.say(f"everything is held by {RECOVER}: no call starts until you release it")
    age = f" ({rough(opened.now - recovery.copy)} ago)" if recovery.copy else ""
    output.say(f"the last thing this store remembers is of {since}{age}; what came later is lost")
    output.say()
    rows = [_row(opened, job, reveal=reveal) for job in islice(jobs, _MOST)]
    output.show(["id", "state", "account", "to", "waits"], rows)
    rest = sum(1 for _ in jobs)
    more = f"; {_MOST} are shown, all of them: --json" if rest else ""
    output.say(f"{output.counted(len(rows) + rest, 'job')} may have been dialled since{more}")
    campaigns = list(unfinished(opened.store, recovery))
    for one in campaigns:
        contacts = output.counted(one.waiting, "contact")
        output.say(f"so may {contacts} of campaign {one.name} that are no jobs here yet")
    counts = opened.store.jobs.counts()
    doubts = counts[State.DIALING] + counts[State.UNCONFIRMED]
    are = output.agreeing(doubts, "is", "are")
    output.say(f"{doubts} more {are} in doubt, as always: dialer unconfirmed list")
    output.say()
    for number, step in enumerate(_steps(since, campaigns=bool(campaigns)), start=1):
        output.say(f"{number}. {step}")


def _row(opened: Session, job: Job, *, reveal: bool) -> tuple[str, ...]:
    waits = rough(opened.now - job.entered)
    return job.id, str(job.state), job.account, second(job, reveal=reveal), waits


def _steps(since: str, *, campaigns: bool) -> list[str]:
    return [
        f"compare these jobs with the provider's call list since {since}",
        'take out each that was rung: dialer cancel ID… --reason "rung before the restore"',
        *([_OF_CAMPAIGNS] if campaigns else []),
        "put numbers back on the do-not-call list that were added since: dialer suppress import",
        "enqueue what was handed over since again, but only what was not rung",
        "restart every worker: one that remembers the lost time stops everything again",
        f"go on: {release_command(EVERYTHING, RECOVER)}",
    ]
