"""
`dialer dead`: dead letters. List, show, put back, give up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.jobs import report, show_one
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import AnyAccount, Code, JobId, JobIds, Json, Reveal, read_rate
from dialer.cli.shape import fields
from dialer.codes import lookup
from dialer.errors import StateConflict
from dialer.explain import advice
from dialer.job import Job, State
from dialer.moment import rough

app = typer.Typer(help="Dead letters: refused for good, or out of tries.", no_args_is_help=True)

_All = Annotated[bool, typer.Option("--all", help="Every dead letter.")]


@app.command("list")
def list_dead(
    account: AnyAccount = None,
    code: Code = None,
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """List dead letters by code; with --json one job a line."""
    with session() as opened:
        found = _dead(opened, account, code)
        if json:
            for job in found:
                output.emit(fields(job, reveal=reveal))
        else:
            _show(opened, found)


def _dead(opened: Session, account: str | None, code: str | None) -> Iterator[Job]:
    for job in opened.store.jobs.select(State.DEAD):
        if account in (None, job.account) and code in (None, job.code):
            yield job


def _show(opened: Session, jobs: Iterable[Job]) -> None:
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
            lookup(code).meaning if code else latest[code].reason,
            advice(code),
        )
        for code, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    output.show([">jobs", "code", "last", "meaning", "what to do"], rows, fold="what to do")
    total = sum(counts.values())
    if not total:
        output.say("0 dead.")
        return
    output.say(f"{total} dead. Each: dialer jobs --state dead; one of them: dialer dead show ID")
    output.say("to put back those of one code: dialer dead redrive --code CODE")


@app.command()
def show(job_id: JobId, *, json: Json = False, reveal: Reveal = False) -> None:
    """Show one dead letter, its history, and what to do."""
    with session() as opened:
        job = opened.store.jobs.get(job_id)
        if job.state is not State.DEAD:
            raise StateConflict(job.id, expected="dead", actual=job.state, verb="show")
        show_one(opened, job, json=json, reveal=reveal)
        if not json:
            output.say()
            output.say(f"what to do: {advice(job.code)}")


@app.command()
def redrive(
    ids: JobIds = None,
    code: Code = None,
    account: AnyAccount = None,
    rate: Annotated[str, typer.Option(help="How fast they become due: 1/s, 30/min.")] = "1/s",
    *,
    every: _All = False,
    json: Json = False,
) -> None:
    """Put dead letters back with fresh tries, at a limited speed."""
    _check(ids, code, account, every=every)
    per_second = read_rate(rate, "--rate")
    with session() as opened:
        moved = opened.store.desk.redrive(
            _chosen(opened, ids, code, account),
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
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "discarded by hand",
    *,
    every: _All = False,
    json: Json = False,
) -> None:
    """Give dead letters up for good; they become cancelled."""
    _check(ids, code, account, every=every)
    with session() as opened:
        chosen = _chosen(opened, ids, code, account)
        moved = opened.store.desk.discard(chosen, who=who_runs(), reason=reason)
        report(moved, "discarded", json=json)
    if moved.refused:
        raise typer.Exit(1)


def _check(ids: list[str] | None, code: str | None, account: str | None, *, every: bool) -> None:
    filtered = bool(code or account)
    if bool(ids) + every + filtered != 1:
        rule = "give ids, or --code or --account or both, or --all"
        raise typer.BadParameter(rule, param_hint="ID...")


def _chosen(
    opened: Session, ids: list[str] | None, code: str | None, account: str | None
) -> list[str]:
    # Read to the end before the first is moved: moving changes what is read.
    return ids or [job.id for job in _dead(opened, account, code)]
