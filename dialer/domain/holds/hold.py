"""A hold, and its history."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """
    One owner's stop on one scope.

    Attributes:
        scope: "all", "account:<name>", "campaign:<name>", or "pool:<account>/<one>": all calls
            to that agent, group or number, first or second, alone or with others, whatever
            is asked of their login, through any account of the same user id.
        owner: A name that a person gave, or one of `MACHINES` in `owners.py`.
        who: The person or part that set it.
        since: When it was set, or set again for another reason.
    """

    scope: str
    owner: str
    who: str
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """
    One setting or release of a hold, as it stays on record.

    Attributes:
        verb: "set" or "release".
        who: The person or part that did it.
        reason: "" where none was given. The whole row where it cannot be read; all else
            is empty then.
    """

    at: datetime | None
    verb: str
    scope: str
    owner: str
    who: str
    reason: str
