"""The rest of a campaign, its hours ahead, and its hours so far."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from dialer.domain.campaign.bounds import starts_per_second
from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.domain.job.backoff import USUAL_BACKOFFS, Backoff
from schedules.windows import Window


@dataclass(frozen=True, slots=True)
class LoadGroup:
    """
    Contacts that may be rung at the same times.

    Attributes:
        windows: When an attempt may begin: account, campaign and contact
            together. Those before now say when the hours of the history were
            open, without the time in which the campaign was paused, held, or
            not started.
        waiting: Contacts not fed yet.
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
        group: Place of their group in `Load.groups`; None where it is not
            known: all groups have them, each as it has waiting contacts.
    """

    at: datetime
    count: int
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """
    The rest of a campaign, and its limits.

    Attributes:
        groups: At least one where anything is left.
        rate: Calls that may begin each second: the least of the account's
            and the campaign's own; 0 for none.
        ready: Jobs that wait for nothing but their turn; each group has them as
            it has waiting contacts.
        share: The part of `rate` it may expect beside other campaigns, in
            0..1; believed only until the history shows what it really gets.
        max_live: Calls that may be going on at once, on the mean (`Workload`); 0 for no limit.
        max_tries: Tries of each contact in all, >= 1.
        backoffs: Waits by "provider" (after a retry), "agent" (after a deferral).
        not_same_day: Of the same names: after these, not again that day.
        held: What is held of it, by whom and why, a clause each.
    """

    now: datetime
    ends: datetime
    groups: Sequence[LoadGroup]
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
    held: Sequence[str] = ()

    @property
    def left(self) -> int:
        """Contacts that have not reached their end."""
        waiting = sum(group.waiting for group in self.groups)
        return waiting + self.ready + sum(due.count for due in self.due)

    def most(self, rate: float) -> float:
        """Calls a second that may begin where the rate is *rate*."""
        return starts_per_second(rate, self.max_live, self.call_length)


@dataclass(frozen=True, slots=True)
class History:
    """
    The hours of a campaign so far.

    An hour that was open and is not named saw nothing, and counts as that.

    Attributes:
        hours: In any order, each hour once.
        since: When it began to ring as it rings now; None for the first hour.
        edited: When the manner of its calls was last changed; None for never. Hours
            before that are no evidence, and are left out.
    """

    hours: Sequence[HourCounts] = ()
    since: datetime | None = None
    edited: datetime | None = None
