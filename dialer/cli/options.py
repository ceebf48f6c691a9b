"""
Options that several commands have, and how what was written is read.
"""

import re
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.opening import Session
from dialer.duration import parse_duration
from dialer.errors import InvalidCall, JobNotFound
from dialer.facts import find_by_key
from dialer.job import Job
from dialer.number import canonical

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show numbers unmasked.")]
#: What stands for a reason nobody gave: a stop is never refused for want of words.
UNEXPLAINED = "no reason was given"

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
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/(s|m|min|h))?")
_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600}


def confirm(question: str, *, yes: bool, json: bool = False) -> None:
    """
    Ask a person before something that cannot be taken back; whoever is no person is not asked.

    Args:
        question: With its count: "cancel 12,340 calls of diwali?"
        yes: It was said already.
        json: A program reads the answer.

    Raises:
        Exit: The answer was no; nothing was changed.
    """
    if yes or json or not on_terminal():
        return
    if not typer.confirm(question, prompt_suffix=" "):
        output.complain("nothing was changed")
        raise typer.Exit(1)


def on_terminal() -> bool:
    """
    Say whether a person types the answers and reads the questions.
    """
    return sys.stdin.isatty() and sys.stdout.isatty()


def looks_like_id(text: str) -> bool:
    """
    Say whether *text* has the form of a job's id.
    """
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
    match = _RATE.fullmatch(text)
    rate = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if rate <= 0:
        rule = f'"{text}" is no rate; write 1/s, 30/min or 100/h'
        raise typer.BadParameter(rule, param_hint=option)
    return rate


def read_number(text: str, field: str = "number") -> str:
    """
    Read a phone number as E.164; landlines too, since nothing is rung by it.

    Raises:
        InvalidCall: It is no number; names the field.
    """
    try:
        return canonical(text, landlines=True)
    except ValueError as error:
        raise InvalidCall([(field, f'"{text}" {error}')]) from None


def find_job(
    opened: Session, job_id: str | None, key: str | None, account: str, *, listed: str = ""
) -> Job:
    """
    Find the one job that an id or a key names.

    Args:
        opened: The store.
        job_id: As it was written; None for none.
        key: The same.
        account: Whose key it is.
        listed: The command that lists the jobs that can be meant; "" where any can.

    Raises:
        BadParameter: Neither, or both, were given.
        JobNotFound: There is no such job.
    """
    if (job_id is None) == (key is None):
        raise typer.BadParameter("give the id of a job, or its --key", param_hint="ID")
    if key is not None:
        return find_by_key(opened.store, account, key)
    lists = f"{listed} lists them; " if listed else ""
    return read_job(opened, job_id or "", f"{lists}if it is a key: --key {job_id}")


def read_job(opened: Session, job_id: str, step: str) -> Job:
    """
    Read a job by its id.

    Args:
        opened: The store.
        job_id: As it was written.
        step: What to do when it cannot be an id.

    Raises:
        JobNotFound: There is no such job; says where ids are to be found.
    """
    try:
        return opened.store.jobs.get(job_id)
    except JobNotFound as error:
        # A campaign's job is named campaign:row:turn.
        if not looks_like_id(job_id) and ":" not in job_id:
            raise JobNotFound(f'"{job_id}" is no id of a job; {step}') from None
        raise JobNotFound(f"{error}; those there are: dialer jobs") from None
