"""The beat table: what the clock starts, how often, and why. Data only."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the beat schedule.

    Attributes:
        name: The line's name in the schedule.
        task: The task's full name; it must do "what is due now", so that a
            tick too many, or one missed, changes nothing.
        every: The time between two ticks.
        why: One sentence for whoever wonders.
    """

    name: str
    task: str
    every: timedelta
    why: str


BEAT = (
    Entry(
        name="tick",
        task="dialer.tick",
        every=timedelta(seconds=10),
        why="Feeds campaigns, opens and shuts calendars, wakes what is due and reaps what is lost; "
        "ten seconds is the longest anything due waits for it.",
    ),
)
