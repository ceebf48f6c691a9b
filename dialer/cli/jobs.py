"""`dialer jobs`, `dialer job`, `dialer cancel`."""

from itertools import islice
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.campaign.steer import steer
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
)
from dialer.cli.session import session
from dialer.cli.views.job import JOBS, show, tell_counts
from dialer.cli.views.receipt import report, tell_contacts
from dialer.domain.call.number import mask, read_number
from dialer.domain.job.job import State
from dialer.services.calls.answers import JobFilter, Waiting
from dialer.text.plural import counted

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
        found = opened.jobs(JobFilter(state, account, code, campaign))
        rows = found if json else islice(found, limit)
        shown = JOBS.show(rows, opened.look(reveal=reveal, json=json))
        if not json:
            tell_counts(opened.counts(campaign), campaign, shown)


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
        job = find_job(opened, job_id, key, account)
        show(job, opened.look(job.account, reveal=reveal, json=json))


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
    with session() as opened:
        if campaign:
            steer(opened, "cancel", campaign, reason, yes=yes, json=json)
            return
        wanted = Waiting(ids or [], [])
        if key:
            wanted = Waiting([opened.find(key, account).id], [])
        elif number:
            customer = read_number(number, "--number")
            wanted = opened.waiting_for(customer)
            if len(wanted.jobs) > 1:
                many = counted(len(wanted.jobs), "call")
                confirm(f"cancel {many} to {mask(customer)}?", yes=yes, json=json)
        moved = opened.cancel(wanted.jobs, reason=reason)
        report(moved, "cancelled", json=json)
        if number and not wanted.jobs:
            output.complain("no job for this number waits to be dialled")
    tell_contacts(wanted.contacts)
    if moved.refused or wanted.contacts or not moved.done:
        raise typer.Exit(1)
