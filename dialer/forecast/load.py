"""
What is left of a campaign, when it may be done, and what its hours so far saw.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

from dialer.hourcounts import HourCounts
from dialer.retry import Backoff, BackoffTable
from schedules.windows import Window

#: As `[retry]` has them when nothing is set.
USUAL_BACKOFFS: BackoffTable = MappingProxyType(
    {
        "provider": Backoff(timedelta(seconds=2), 2.0, timedelta(seconds=60)),
        "agent": Backoff(timedelta(seconds=60), 1.5, timedelta(minutes=15)),
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """
    Contacts that may be rung at the same times.

    Attributes:
        windows: When an attempt may begin: account, campaign and contact
            together. Those before now say when the hours of the history were
            open; leave out the time in which the campaign was paused, held,
            or not started.
        waiting: Contacts not fed yet.
        zone: Where its days begin.
    """

    windows: Sequence[Window]
    waiting: int
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Due:
    """
    Jobs that wait for a time.

    Attributes:
        at: When they are ready again; may have passed.
        count: How many.
        group: Place of their group in `Load.groups`; None where it is not
            known: all groups have them, each as it has waiting contacts.
    """

    at: datetime
    count: int
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """
    What is left to do, and what bounds it.

    Attributes:
        now: Aware.
        ends: No attempt begins from here on.
        groups: By when they may be rung; at least one where anything is left.
        rate: Calls that may begin each second: the least of the account's
            and the campaign's own; 0 for none.
        ready: Jobs fed already that wait for nothing but their turn; each
            group has them as it has waiting contacts. Where their groups are
            known, a `Due` of now says it better.
        due: Jobs that wait for a time.
        share: The part of `rate` it may expect beside other campaigns, in
            0..1; believed only until the history shows what it really gets.
        max_live: Calls that may be going on at once; 0 for no limit. No whole
            number where agents have unlike shares of what is left (`dialer.workload`).
        call_length: How long a call takes its place, where there is a limit.
        max_tries: Tries of each contact in all, >= 1.
        backoffs: Waits by "provider" (after a retry), "agent" (after a deferral).
        not_same_day: Of the same names: after these, not again that day.
    """

    now: datetime
    ends: datetime
    groups: Sequence[Group]
    rate: float
    _: KW_ONLY
    ready: int = 0
    due: Sequence[Due] = ()
    share: float = 1.0
    max_live: float = 0
    call_length: timedelta = timedelta(minutes=5)
    max_tries: int = 1
    backoffs: Mapping[str, Backoff] = field(default_factory=lambda: USUAL_BACKOFFS)
    not_same_day: Collection[str] = ()

    @property
    def left(self) -> int:
        """Contacts that have not reached their end."""
        waiting = sum(group.waiting for group in self.groups)
        return waiting + self.ready + sum(due.count for due in self.due)

    def most(self, rate: float) -> float:
        """
        Say how many calls a second may begin where the rate is *rate*.
        """
        if self.max_live == 0:
            return rate
        return min(rate, self.max_live / max(1.0, self.call_length.total_seconds()))


@dataclass(frozen=True, slots=True)
class History:
    """
    What the campaign has seen so far.

    An hour that was open and is not named saw nothing, and counts as that.

    Attributes:
        hours: In any order, each hour once.
        since: When it began to ring, as it rings now; None for the beginning
            of the first hour.
        edited: When the manner of its calls was last changed; None for never.
            What was seen before that is no evidence, and is to be left out.
    """

    hours: Sequence[HourCounts] = ()
    since: datetime | None = None
    edited: datetime | None = None
