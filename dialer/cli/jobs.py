"""
`dialer jobs`, `dialer job`, `dialer cancel`.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated

import typer

from dialer.campaign import CampaignState
from dialer.cli import output
from dialer.cli.campaign.steer import steer
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
    read_number,
)
from dialer.cli.shape import details, event_fields, fields, history, second, words
from dialer.facts import find_by_key
from dialer.job import Job, State
from dialer.moment import rough
from dialer.number import mask
from dialer.store.desk import Moved

_StateOption = Annotated[State | None, typer.Option("--state", help="Only jobs in this state.")]


def list_jobs(
    state: _StateOption = None,
    account: AnyAccount = None,
    code: Code = None,
    campaign: AnyCampaign = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table; --json has none.")] = 40,
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """List jobs, newest first; with --json all of them."""
    with session() as opened:
        if json:
            for job in select(opened, state, account, code, campaign):
                output.emit(fields(job, reveal=reveal))
            return
        progress = opened.store.campaigns.progress(campaign) if campaign else None
        shown = _show(opened, state, account, code, campaign, limit=limit, reveal=reveal)
        if progress is None:
            output.say(f"{shown} shown. All jobs: {_counted(opened.store.jobs.counts())}")
        else:
            many = output.counted(progress.waiting, "contact")
            are = output.agreeing(progress.waiting, "is no job yet", "are no jobs yet")
            waiting = f"; {many} {are}" if progress.waiting else ""
            output.say(f"{shown} shown. All of {campaign}: {_counted(progress.counts)}{waiting}")
        output.say("one job: dialer job ID; why it is not rung: dialer explain ID; all: --json")


def select(
    opened: Session,
    state: State | None,
    account: str | None,
    code: str | None,
    campaign: str | None,
    *,
    newest_first: bool = False,
) -> Iterator[Job]:
    """
    Read the jobs that fit; None fits all of them.

    Raises:
        CampaignNotFound: There is none with this name.
    """
    if campaign is not None:
        opened.store.campaigns.progress(campaign)  # a misspelt one must not look like one without
    for job in opened.store.jobs.select(state, newest_first=newest_first, campaign=campaign):
        if account in (None, job.account) and code in (None, job.code):
            yield job


def _show(
    opened: Session,
    state: State | None,
    account: str | None,
    code: str | None,
    campaign: str | None,
    *,
    limit: int,
    reveal: bool,
) -> int:
    found: list[Job] = []
    for one in [state] if state else State:
        newest = select(opened, one, account, code, campaign, newest_first=True)
        found += islice(newest, limit)
    rows = sorted(found, key=lambda job: job.entered, reverse=True)[:limit]
    output.show(
        ["id", "state", "for", "to", ">tries", "code", "why"],
        [
            (
                job.id,
                job.state,
                rough(opened.now - job.entered),
                second(job, reveal=reveal),
                str(job.tries),
                job.code,
                words(job.reason, reveal=reveal),
            )
            for job in rows
        ],
    )
    return len(rows)


def _counted(counts: Mapping[State, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def show_job(
    job_id: OptionalId = None,
    key: Key = None,
    account: AccountName = "default",
    *,
    json: Json = False,
    reveal: Reveal = False,
) -> None:
    """Show one job and its history."""
    with session() as opened:
        show_one(opened, find_job(opened, job_id, key, account), json=json, reveal=reveal)


def show_one(opened: Session, job: Job, *, json: bool, reveal: bool) -> None:
    """
    Print one job with its events.
    """
    if json:
        events = [event_fields(event, reveal=reveal) for event in job.events]
        output.emit({**fields(job, reveal=reveal), "events": events})
        return
    output.pairs(details(opened, job, reveal=reveal))
    output.say()
    output.pairs(history(opened, job, reveal=reveal))


def cancel(
    ids: JobIds = None,
    *,
    key: Key = None,
    number: Annotated[
        str | None, typer.Option(help="Every job for this customer that waits.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(help="A whole campaign, with its list, for good.")
    ] = None,
    account: AccountName = "default",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "cancelled by hand",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take jobs back that have not been dialled."""
    if sum(map(bool, (ids, key, number, campaign))) != 1:
        rule = "give ids, or --key, or --number, or --campaign"
        raise typer.BadParameter(rule, param_hint="ID...")
    if campaign:
        steer("cancel", campaign, reason=reason, yes=yes, json=json)
        return
    with session() as opened:
        wanted, lists = ids or [], []
        if key:
            wanted = [find_by_key(opened.store, account, key).id]
        elif number:
            customer = read_number(number, "--number")
            # In this order: who leaves a list meanwhile is a job by then.
            lists, wanted = _lists(opened, customer), _waiting(opened, customer)
            if len(wanted) > 1:
                many = output.counted(len(wanted), "call")
                confirm(f"cancel {many} to {mask(customer)}?", yes=yes, json=json)
        moved = opened.store.desk.cancel(wanted, who=who_runs(), reason=reason)
        report(moved, "cancelled", json=json)
        if number and not wanted:
            output.complain("no job for this number waits to be dialled")
    for line in lists:
        output.complain(line)
    if moved.refused or lists or not moved.done:
        raise typer.Exit(1)


def _waiting(opened: Session, number: str) -> list[str]:
    waiting = (State.SCHEDULED, State.READY)
    return [job.id for job in opened.store.jobs.of_number(number) if job.state in waiting]


def _lists(opened: Session, number: str) -> list[str]:
    """Name the campaigns in whose lists a customer still waits, and what stops that."""
    lines = []
    for name in opened.store.campaigns.names():
        progress = opened.store.campaigns.progress(name)
        if progress.state is CampaignState.CANCELLED or progress.ends <= opened.now:
            continue
        row = opened.store.contacts.find(name, number)
        place = opened.store.contacts.place(name, row) if row else None
        if place and not place.fed:
            lines.append(f"this number waits in the list of campaign {name}, as contact {row}")
    if lines:
        lines.append(
            "a contact that is no job yet cannot be cancelled; so that nobody rings the number:"
            " dialer suppress add NUMBER --reason …"
        )
    return lines


def report(moved: Moved, done: str, *, json: bool) -> None:
    """
    Say what became of each job that was to be moved.

    Args:
        moved: The store's answer.
        done: The word for a job that was moved.
        json: One JSON object a job instead.
    """
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
