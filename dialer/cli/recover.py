"""`dialer recover`: after a restore, stop everything and look before anything is dialled again."""

from itertools import islice
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import Json, Reveal
from dialer.cli.session import session
from dialer.cli.views.job import JOBS, second
from dialer.cli.views.listing import Look
from dialer.domain.holds.owners import RECOVER
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.holds.words import release_command
from dialer.services.operations import Recovered
from dialer.text.plural import agreeing, counted

#: Jobs that a person gets; programs get all.
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
    if not who.strip():
        raise typer.BadParameter("is empty; write your name", param_hint="--who")
    with session(who=who) as opened:
        found, look = opened.operations.recover(), opened.look(reveal=reveal, json=json)
        if json:
            JOBS.show(found.suspects, look)
        else:
            _tell(found, look)


def _tell(found: Recovered, look: Look) -> None:
    since = look.at(found.copy) or "its beginning"
    output.say(f"everything is held by {RECOVER}: no call starts until you release it")
    age = f" ({look.age(found.copy)} ago)" if found.copy else ""
    output.say(f"the last thing this store remembers is of {since}{age}; what came later is lost")
    output.say()
    rows = [
        (job.id, str(job.state), job.account, second(job, look), look.age(job.entered))
        for job in islice(found.suspects, _MOST)
    ]
    output.show(["id", "state", "account", "to", "waits"], rows)
    rest = sum(1 for _ in found.suspects)
    more = f"; {_MOST} are shown, all of them: --json" if rest else ""
    output.say(f"{counted(len(rows) + rest, 'job')} may have been dialled since{more}")
    campaigns = list(found.campaigns)
    for one in campaigns:
        contacts = counted(one.waiting, "contact")
        output.say(f"so may {contacts} of campaign {one.name} that are no jobs here yet")
    are = agreeing(found.doubts, "is", "are")
    output.say(f"{found.doubts} more {are} in doubt, as always: dialer unconfirmed list")
    output.say()
    for number, step in enumerate(_steps(since, campaigns=bool(campaigns)), start=1):
        output.say(f"{number}. {step}")


def _steps(since: str, *, campaigns: bool) -> list[str]:
    return [
        f"compare these jobs with the provider's call list since {since}",
        'take out each that was rung: dialer cancel ID… --reason "rung before the restore"',
        *([_OF_CAMPAIGNS] if campaigns else []),
        "put numbers back on the do-not-call list that were added since: dialer suppress import",
        "enqueue what was handed over since again, but only what was not rung",
        "where the broker was emptied or replaced too, restart every worker: its queue is gone",
        f"go on: {release_command(EVERYTHING, RECOVER)}",
    ]
