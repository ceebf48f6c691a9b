"""
`dialer dead`: dead letters. List, show, put back, give up.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.jobs import report, select, show_one
from dialer.cli.opening import Session, session, who_runs
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
from dialer.cli.shape import fields, words
from dialer.codes import lookup
from dialer.errors import StateConflict
from dialer.explain import advice
from dialer.job import Job, State
from dialer.moment import rough
from dialer.remake import remake_all

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
        found = select(opened, State.DEAD, account, code, campaign)
        if json:
            for job in found:
                output.emit(fields(job, reveal=reveal))
        else:
            _show(opened, found, campaign, reveal=reveal)


def _show(opened: Session, jobs: Iterable[Job], campaign: str | None, *, reveal: bool) -> None:
    counts: defaultdict[str, int] = defaultdict(int)
    latest: dict[str, Job] = {}
    for job in jobs:
        counts[job.code] += 1
        latest[job.code] = job
    rows = [
        (
            str(count),
            code or "-",
            rough(opened.now - latest[code].entered),
            lookup(code).meaning if code else words(latest[code].reason, reveal=reveal),
            advice(code, latest[code].campaign),
        )
        for code, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    output.show([">jobs", "code", "last", "meaning", "what to do"], rows, fold="what to do")
    total = sum(counts.values())
    if not total:
        output.say("0 dead.")
        return
    only = f" --campaign {campaign}" if campaign else ""
    each = f"Each: dialer jobs --state dead{only}"
    output.say(f"{total} dead. {each}; one of them: dialer dead show ID")
    output.say(f"to put back those of one code: dialer dead redrive --code CODE{only}")


@app.command()
def show(
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
        show_one(opened, job, json=json, reveal=reveal)
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
    _check(ids, [code, account, campaign], every=every)
    per_second = read_rate(rate, "--rate")
    with session(makes_work=True) as opened:
        chosen = _chosen(opened, ids, code, account, campaign)
        # What was corrected in a campaign since they died counts from here on.
        remake_all(opened.store, opened.explainer.routes, chosen, who_runs())
        moved = opened.store.desk.redrive(
            chosen,
            who=who_runs(),
            per_second=per_second,
            deadline=opened.settings.jobs.deadline,
        )
        report(moved, "put back", json=json)
        if not (moved.done or moved.refused or json):
            output.say("no dead letter fits: dialer dead list shows those there are")
        if moved.done and not json:
            # Read, not reckoned: an earlier redrive or a quarantine may come first.
            last = opened.store.jobs.get(moved.done[-1]).due or opened.now
            output.say(f"the last of them becomes due in {rough(last - opened.now)}")
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
    _check(ids, [code, account, campaign], every=every)
    with session() as opened:
        chosen = _chosen(opened, ids, code, account, campaign)
        if not ids and len(chosen) > 1:
            many = output.counted(len(chosen), "dead letter")
            confirm(f"discard {many}, for good?", yes=yes, json=json)
        moved = opened.store.desk.discard(chosen, who=who_runs(), reason=reason)
        report(moved, "discarded", json=json)
    if moved.refused:
        raise typer.Exit(1)


def _check(ids: list[str] | None, filters: list[str | None], *, every: bool) -> None:
    if bool(ids) + every + any(filters) != 1:
        rule = "give ids, or some of --code, --account and --campaign, or --all"
        raise typer.BadParameter(rule, param_hint="ID...")


def _chosen(
    opened: Session,
    ids: list[str] | None,
    code: str | None,
    account: str | None,
    campaign: str | None,
) -> list[str]:
    # Read to the end before the first is moved: moving changes what is read.
    return ids or [job.id for job in select(opened, State.DEAD, account, code, campaign)]
