"""Ids of contacts' jobs and of attempts."""

import re
from typing import Final, NamedTuple, Self

_CONTACT: Final = re.compile(r"([a-z0-9_]{1,40}):([0-9]{1,9})(?::([0-9]{1,9}))?")
#: The first and, without reports of what became of a call, only turn of a contact.
_TURN: Final = 1


class ContactJobId(NamedTuple):
    """
    The id of a contact's job, written "campaign:row:turn"; no other id has a colon.

    Attributes:
        row: The contact's number in its list.
        turn: Which of its jobs that is, from 1.
    """

    campaign: str
    row: int
    turn: int = _TURN

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id, with its turn or without it; None for that of any other job."""
        found = _CONTACT.fullmatch(text)
        return cls(found[1], int(found[2]), int(found[3] or _TURN)) if found else None

    def __str__(self) -> str:
        return f"{self.campaign}:{self.row}:{self.turn}"


def campaign_of(job_id: str) -> str:
    """Name the campaign of a job; "" for a direct call."""
    campaign, colon, _ = job_id.partition(":")
    return campaign if colon else ""


def attempt_id(job_id: str, attempt: int) -> str:
    """Name an attempt: "job.N"."""
    return f"{job_id}.{attempt}"
