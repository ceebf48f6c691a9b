"""Feeding: hours, new jobs and cancelled jobs of running campaigns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from dialer.domain.campaign.contact import Group
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.lane import Lane
from dialer.domain.job.new_job import BATCH, NewJob
from dialer.store.contact_blocks import written
from dialer.store.jobs import job_asked
from dialer.store.redis.failures import translated
from dialer.store.redis.notation import as_words, micros, stamp
from dialer.store.redis.record import LETTERS
from dialer.store.redis.server import Noun
from schedules.windows import Window

#: Lanes of a campaign whose jobs are counted one by one.
_LANES = 500


class Feeding(Noun):
    """Steps of the feeder; each may be repeated, and by several feeders."""

    def due(self, now: datetime, most: int) -> list[str]:
        """Campaigns to look at by *now*, the longest overdue first."""
        names: list[str] = self._client.zrangebyscore(
            self._keys.feeding, "-inf", stamp(now), start=0, num=most
        )
        return names

    def write_hours(
        self,
        name: str,
        progress: Progress,
        windows: Mapping[str, Sequence[Window]],
        stale: timedelta,
    ) -> bool:
        """
        Write the *windows* of each zone group, by its number; after *stale* they count as closed.

        Returns:
            False when the campaign has been changed since *progress* was read:
            nothing was written.
        """
        ask = {
            "campaign": name,
            "version": str(progress.version),
            "stale_ms": stale // timedelta(milliseconds=1),
            "windows": {group: as_words(spans) for group, spans in windows.items()},
        }
        (done,) = self._server.run("hours", ask)
        return int(done) == 1

    def hours_known(self, campaign: str, group: str) -> bool:
        """Whether the hours of the group with this number were written lately; else it is shut."""
        return bool(self._client.exists(self._keys.calendar(campaign, group)))

    def at_hand(
        self, account: str, campaign: str, groups: Sequence[Group], pool: str | None
    ) -> dict[str, int]:
        """
        Ready jobs in lanes that are awake, by zone group.

        Where there are more than `_LANES` lanes, each open job counts: a list in which
        every row has a lane of its own would be fed without end. Lanes of *pool*, if all calls
        ring the same agents first, count whether or not they sleep.
        """
        lanes = {*self._client.zrange(self._keys.awake(account, campaign), 0, _LANES)}
        if len(lanes) > _LANES:
            return {group.number: group.queued for group in groups}
        if pool is not None:
            lanes.update(str(Lane(account, campaign, one.number, pool)) for one in groups)
        counts = Counter[str]()
        sizes = self._for_each("zcard", map(self._keys.lane, lanes))
        for lane, size in zip(lanes, sizes, strict=True):
            counts[Lane.parse(lane).group] += size
        return counts

    def feed(
        self,
        campaign: str,
        group: Group,
        behind: tuple[int, int],
        jobs: Sequence[NewJob],
        *,
        version: int,
        mode: str,
    ) -> bool:
        """
        Make jobs of the contacts between a group's cursor and *behind*; once, however often.

        There is one job for each contact, made from the definition of that *version*. *mode* is the
        campaign's, or its account's where it has none yet.

        Returns:
            False when nothing was done: the campaign does not run, was changed meanwhile, or
            another feeder was first.

        Raises:
            StoreRefused: Redis is full; nothing was done.
            StoreUnavailable: Redis did not answer; read the cursor again.
        """
        self._server.refuse_when_full("contacts", "go on")
        word, _ = self._server.run(
            "feed",
            {
                "campaign": campaign,
                "group": group.number,
                "cursor": written(group.cursor),
                "behind": written(behind),
                "version": str(version),
                "mode": mode,
                "jobs": [job_asked(job) for job in jobs],
            },
        )
        return word == "fed"

    def sweep(self, campaign: str, most: int) -> tuple[int, int]:
        """
        Take out jobs that wait in a campaign which was cancelled or has ended.

        Returns:
            How many were moved, and how many still wait or are on the wire.
        """
        moved, left = self._server.run("sweep", {"campaign": campaign, "most": most})
        return int(moved), int(left)

    def behind(self, progress: Progress, most: int) -> list[str]:
        """Open jobs that an older definition of their campaign made; the search ends at *most*."""
        client, keys, found = self._client, self._keys, list[str]()
        with translated():
            ids = client.sscan_iter(keys.open(progress.name), count=BATCH)
            while len(found) < most and (some := list(islice(ids, BATCH))):
                versions = self._for_each("hget", map(keys.job, some), LETTERS["version"])
                now = str(progress.version)
                found += [one for one, made in zip(some, versions, strict=True) if made != now]
        return found

    def remake(self, campaign: str, jobs: Sequence[NewJob], *, version: int) -> int:
        """
        Put new calls, deadlines and lanes into at most `BATCH` jobs that wait; all others stay.

        Returns:
            How many changed; none when the campaign is not of that *version* any more.
        """
        made_anew = [job_asked(job) for job in jobs]
        ask = {"campaign": campaign, "version": str(version), "jobs": made_anew}
        word, made = self._server.run("remake", ask)
        return int(made) if word == "done" else 0

    def look_again(
        self, progress: Progress, when: datetime | None, *, period: timedelta, renewed: bool = False
    ) -> None:
        """
        Set when the feeder looks at a campaign next; None: when only news can change anything.

        Changes since *progress* are looked at at once; with an open job it looks after *period* all
        the same. *renewed*: its open jobs are all made by that record's definition now.
        """
        self._server.run(
            "again",
            {
                "campaign": progress.name,
                "seen": {
                    "version": str(progress.version),
                    "rows": str(progress.rows),
                    "state": progress.state,
                    "changed_us": str(stamp(progress.changed)),
                    "called": str(progress.called),
                },
                "at_us": stamp(when),
                "period_us": micros(period),
                "renewed": renewed,
            },
        )
