"""Doorbells: their queue in the broker, and the plan of when they go out."""

from dataclasses import dataclass
from datetime import timedelta

#: Celery's name for the queue.
QUEUE = "dialer"
#: What every key of Celery's in the broker starts with.
KEY_PREFIX = "dialer-broker:"
#: The list that the messages of the queue are in; absent while it is empty.
QUEUE_KEY = f"{KEY_PREFIX}{QUEUE}"


@dataclass(frozen=True, slots=True)
class PacerRules:
    """
    Rules for planning doorbells.

    Attributes:
        horizon: How far ahead they are planned.
        lead: How long before its slot a doorbell goes out.
        patience: How long after it was due a doorbell counts as unanswered.
        spread: Slots that are no later than the first by this share its doorbell.
    """

    horizon: timedelta
    lead: timedelta
    patience: timedelta
    spread: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Doorbells for one account.

    Attributes:
        bells: (doorbell, the calls it stands for, how long from now it is due), in order.
        look_again: When to plan again; None when only news can change anything.
        alarm: When time makes a job ready; None when none is scheduled.
        since_tick: How long ago upkeep last ran.
        fleet: The settings fingerprint of the live workers; where it is not the caller's
            there are no bells for it.
        room: Calls that could start now if the meter allowed them.
        workers: Live ones that can start calls of the account, at least 1.
    """

    bells: tuple[tuple[str, int, timedelta], ...]
    look_again: timedelta | None
    alarm: timedelta | None
    since_tick: timedelta
    fleet: str = ""
    room: int = 0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class WaitingDoorbells:
    """
    Messages in the broker that no worker has taken yet: doorbells, and beat's ticks.

    Attributes:
        waiting: Their count.
        stale: Whether the oldest has expired in there: nobody takes them.
    """

    waiting: int
    stale: bool
