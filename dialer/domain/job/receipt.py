"""Receipts: answers to an order, and to a request to move jobs."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Kinds of answers to an order."""

    #: A new job was made.
    CREATED = "created"
    #: The same key and call were handed over before: it is that job.
    DUPLICATE = "duplicate"
    #: The key was used for another call; nothing was made.
    CONFLICT = "conflict"
    #: The order breaks a rule; nothing was made.
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    The answer to one order.

    Attributes:
        job_id: The job it made or was found to be; "" when rejected.
        state: The state of the job that was there before a conflict, or "".
        problems: (field, rule) pairs; empty unless rejected or conflict.
        mode: "live", or "developer", in which the API rings nobody; "" when rejected.
        by_content: Whether it had no key, and its content stood for one.
    """

    verdict: Verdict
    job_id: str = ""
    state: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    mode: str = ""
    by_content: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """
    The answer to a request to move many jobs.

    Attributes:
        done: Ids of the jobs moved.
        refused: The others, with the state each is in ("missing" for none).
    """

    done: list[str]
    refused: dict[str, str]
