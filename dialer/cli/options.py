"""Options of several commands, and how they are read."""

import re
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.session import Session
from dialer.domain.account.limits import parse_pace
from dialer.domain.job.job import Job
from dialer.errors import JobNotFound
from dialer.text.duration import parse_duration
from dialer.text.printable import printable

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show numbers unmasked.")]
#: Exit status of a command that was done in part.
SOME_REFUSED = 3

Reason = Annotated[str, typer.Option("--reason", help="Why; on record.")]
Who = Annotated[str, typer.Option("--who", help="Your name, for the record.")]
AccountName = Annotated[str, typer.Option("--account", help="The account.")]
AnyAccount = Annotated[str | None, typer.Option("--account", help="Only this account.")]
AnyCampaign = Annotated[str | None, typer.Option("--campaign", help="Only this campaign.")]
Code = Annotated[str | None, typer.Option("--code", help="Only this answer code, such as 1578.")]
Key = Annotated[str | None, typer.Option("--key", help="The producer's key, instead of an id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask first; a script is never asked.")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
OptionalId = Annotated[str | None, typer.Argument(metavar="ID", help="The job's id.")]
JobIds = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids of jobs.")]

_ID = re.compile(r"[a-z2-7]{26}")


def confirm(question: str, *, yes: bool, json: bool = False) -> None:
    """
    Ask a person before something that cannot be taken back; a program, or "", asks nothing.

    Raises:
        Exit: The answer was no; nothing was changed.
    """
    is_person = sys.stdin.isatty() and sys.stdout.isatty() and not json
    if not question or yes or not is_person:
        return
    if not typer.confirm(printable(question), prompt_suffix=" "):
        output.complain("nothing was changed")
        raise typer.Exit(1)


def looks_like_id(text: str) -> bool:
    """Say whether a text has the form of a job's id."""
    return _ID.fullmatch(text) is not None


def read_moment(text: str, option: str) -> datetime:
    """
    Read "10m" as ten minutes from now, or ISO 8601 with an offset.

    Raises:
        BadParameter: It is neither; names the option.
    """
    try:
        return datetime.now(UTC) + parse_duration(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        rule = f'"{text}" is no time; write 10m or 2h from now, or 2030-01-31T10:00:00+05:30'
        raise typer.BadParameter(rule, param_hint=option) from None
    if at.utcoffset() is None:
        rule = f'"{text}" needs an offset from UTC, such as +05:30'
        raise typer.BadParameter(rule, param_hint=option)
    return at


def read_rate(text: str, option: str) -> float:
    """
    Read "1/s", "30/min", "100/h" or "2" as a number each second.

    Raises:
        BadParameter: It is none of these; names the option.
    """
    rate = parse_pace(text)
    if rate <= 0:
        rule = f'"{text}" is no rate; write 1/s, 30/min or 100/h'
        raise typer.BadParameter(rule, param_hint=option)
    return rate


def find_job(
    opened: Session, job_id: str | None, key: str | None, account: str, *, listed: str = ""
) -> Job:
    """
    Find the one job that an id, or a key of an account, names.

    *listed* is the command that lists the jobs of this kind; "" for any job.

    Raises:
        BadParameter: Neither, or both, were given.
        JobNotFound: There is no such job.
    """
    if (job_id is None) == (key is None):
        raise typer.BadParameter("give the id of a job, or its --key", param_hint="ID")
    if job_id is None:
        return opened.find(key or "", account)
    try:
        return opened.get(job_id)
    except JobNotFound as error:
        # A campaign's job is named campaign:row:turn.
        if looks_like_id(job_id) or ":" in job_id:
            raise JobNotFound(f"{error}; those there are: dialer jobs") from None
        lists = f"{listed} lists them; " if listed else ""
        step = f"{lists}if it is a key: --key {job_id}"
        raise JobNotFound(f'"{job_id}" is no id of a job; {step}') from None
