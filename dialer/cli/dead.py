"""`dialer dead`: dead letters. List, show, put back, give up."""

from collections.abc import Sequence
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import (
    AccountName,
    AnyAccount,
    AnyCampaign,
    Code,
    JobIds,
    Json,
    Key,
    OptionalId,
    Reveal,
    Yes,
    confirm,
    find_job,
    read_rate,
)
from dialer.cli.session import session
from dialer.cli.views.job import JOBS, show
from dialer.cli.views.listing import Column, Listing, Look
from dialer.cli.views.receipt import report
from dialer.diagnosis.explain import advice
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.errors import StateConflict
from dialer.services.calls.answers import DeadGroup, JobFilter
from dialer.text.moment import rough
from dialer.text.plural import counted

app = typer.Typer(help="Dead letters: refused for good, or out of tries.", no_args_is_help=True)

_All = Annotated[bool, typer.Option("--all", help="Every dead letter.")]


@app.command("list")
def list_dead(
    account: AnyAccount = None,
    code: Code = None,
    campaign: AnyCampaign = None,
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """List dead letters by code; with --json one job a line."""
    with session() as opened:
        which = JobFilter(State.DEAD, account, code, campaign)
        look = opened.look(reveal=reveal, json=json)
        if json:
            JOBS.show(opened.jobs(which), look)
        else:
            _tell_groups(opened.dead_by_code(which), campaign, look)


@app.command("show")
def show_one(
    job_id: OptionalId = None,
    key: Key = None,
    account: AccountName = "default",
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """Show one dead letter, its history, and what to do."""
    with session() as opened:
        job = find_job(opened, job_id, key, account, listed="dialer jobs --state dead")
        if job.state is not State.DEAD:
            raise StateConflict(job.id, expected="dead", actual=job.state, verb="show")
        show(job, opened.look(job.account, reveal=reveal, json=json))
        if not json:
            output.say()
            output.say(f"what to do: {advice(job.code, job.campaign)}")


@app.command()
def redrive(
    ids: JobIds = None,
    code: Code = None,
    account: AnyAccount = None,
    campaign: AnyCampaign = None,
    rate: Annotated[str, typer.Option(help="How fast they become due: 1/s, 30/min.")] = "1/s",
    *,
    every: _All = False,
    json: Json = False,
) -> None:
    """Put dead letters back with fresh tries, at a limited speed."""
    which = _which(ids, account, code, campaign, every=every)
    per_second = read_rate(rate, "--rate")
    with session(makes_work=True) as opened:
        moved = opened.redrive(ids or opened.dead_letters(which), per_second=per_second)
        report(moved, "put back", json=json)
        if not (moved.done or moved.refused or json):
            output.say("no dead letter fits: dialer dead list shows those there are")
        if moved.done and not json:
            # Read, not reckoned: an earlier redrive or a quarantine may come first.
            last = opened.get(moved.done[-1]).due or opened.began
            output.say(f"the last of them becomes due in {rough(last - opened.began)}")
    if moved.refused or (ids and not moved.done):
        raise typer.Exit(1)


@app.command()
def discard(
    ids: JobIds = None,
    code: Code = None,
    account: AnyAccount = None,
    campaign: AnyCampaign = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "discarded by hand",
    *,
    every: _All = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Give dead letters up for good; they become cancelled."""
    which = _which(ids, account, code, campaign, every=every)
    with session() as opened:
        chosen = ids or opened.dead_letters(which)
        if not ids and len(chosen) > 1:
            many = counted(len(chosen), "dead letter")
            confirm(f"discard {many}, for good?", yes=yes, json=json)
        moved = opened.discard(chosen, reason=reason)
        report(moved, "discarded", json=json)
    if moved.refused:
        raise typer.Exit(1)


def _which(ids: list[str] | None, *filters: str | None, every: bool) -> JobFilter:
    """Make sure that dead letters were chosen in one way; *filters* are those of `JobFilter`."""
    if bool(ids) + every + any(filters) != 1:
        rule = "give ids, or some of --code, --account and --campaign, or --all"
        raise typer.BadParameter(rule, param_hint="ID...")
    return JobFilter(None, *filters)


def _tell_groups(groups: Sequence[DeadGroup], campaign: str | None, look: Look) -> None:
    _GROUPS.show(groups, look)
    if not groups:
        output.say("0 dead.")
        return
    only = f" --campaign {campaign}" if campaign else ""
    each = f"Each: dialer jobs --state dead{only}"
    total = sum(group.count for group in groups)
    output.say(f"{total} dead. {each}; one of them: dialer dead show ID")
    output.say(f"to put back those of one code: dialer dead redrive --code CODE{only}")


def _meaning(group: DeadGroup, look: Look) -> str:
    return lookup(group.code).meaning if group.code else look.words(group.latest.reason)


_GROUPS: Listing[DeadGroup] = Listing(
    (
        Column("", "count", ">jobs"),
        Column("", lambda group, _: group.code or "-", "code"),
        Column("", lambda group, look: look.age(group.latest.entered), "last"),
        Column("", _meaning, "meaning"),
        Column("", lambda one, _: advice(one.code, one.latest.campaign), "what to do", fold=True),
    )
)
