"""A new job, as it is handed to the store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Jobs in one script call, a few ms of the server: a waiting `begin` must not miss its slot.
BATCH = 100


@dataclass(frozen=True, slots=True)
class NewJob:
    """
    A checked job as it is handed to the store; fields not named here are those of `Job`.

    Attributes:
        digest: Of the call and the customer: the same key with another one is a conflict.
        key: The producer's key, or "".
        not_before: When it may be dialled; None for at once.
        not_after: Its deadline; None for *deadline* after its start.
        rings: How often the provider may ring each of `protected`, in the same order.
        longest_ring: The longest time both legs can ring and queue.
        talk_limit: The time limit of the talk, if the call has one.
        also: Agents that `to` rings, as the last part of a lane; "" for numbers.
        metadata: JSON that is kept beside it; "" for none.
        twins: Ids and digests of the same order under another default: where one of them
            exists, this is a duplicate of it.
    """

    id: str
    digest: str
    key: str
    account: str
    mode: str
    lane: str
    priority: int
    not_before: datetime | None
    not_after: datetime | None
    deadline: timedelta
    customer: str
    protected: tuple[str, ...]
    rings: tuple[int, ...]
    ring_lead: timedelta
    longest_ring: timedelta
    talk_limit: timedelta | None
    content: str
    also: str = ""
    metadata: str = ""
    twins: tuple[tuple[str, str], ...] = ()
