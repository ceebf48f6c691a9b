"""
What the feeder does: it writes hours, makes jobs of contacts, and takes out what is left.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dialer.store.blocks import written
from dialer.store.contacts import Group
from dialer.store.jobs import NewJob, values_of
from dialer.store.progress import Progress
from dialer.store.room import refuse_when_full
from dialer.store.server import Server, micros, stamp, translated


class Feeding:
    """
    Looks after running campaigns; each step may be repeated, and by several feeders.

    Args:
        server: Where they are kept.
        full_at: Share of `maxmemory` from which no jobs are made.
    """

    def __init__(self, server: Server, *, full_at: float = 0.8) -> None:
        self._server = server
        self._full_at = full_at

    def due(self, now: datetime, most: int) -> list[str]:
        """
        Name the campaigns that the feeder is to look at by *now*, the longest overdue first.
        """
        with translated():
            names: list[str] = self._server.client.zrangebyscore(
                self._server.keys.feeding, "-inf", stamp(now), start=0, num=most
            )
        return names

    def write_hours(
        self, name: str, progress: Progress, windows: Mapping[str, str], stale: timedelta
    ) -> bool:
        """
        Write when each zone group of a campaign is open.

        Args:
            name: The campaign.
            progress: The record that the windows belong to.
            windows: Group number -> windows as `dialer.hours` writes them.
            stale: After so long they count as closed.

        Returns:
            False when the campaign has been changed since *progress* was read:
            nothing was written.
        """
        flat = [part for group, text in windows.items() for part in (group, text)]
        milliseconds = stale // timedelta(milliseconds=1)
        seq, done = self._server.run("hours", name, progress.version, milliseconds, *flat)
        self._server.witness(seq)
        return int(done) == 1

    def hours_known(self, campaign: str, group: str) -> bool:
        """
        Say whether anybody has written the hours of a zone group lately; else it is closed.

        Args:
            campaign: The campaign.
            group: The number of the group.
        """
        with translated():
            return bool(self._server.client.exists(self._server.keys.calendar(campaign, group)))

    def at_hand(self, account: str, campaign: str, pool: str | None) -> dict[str, int]:
        """
        Count the ready jobs in lanes that are awake, by zone group; not beyond 100 lanes.

        Args:
            account: Whose.
            campaign: The campaign.
            pool: Whom all its calls ring first: those lanes count whether or
                not they sleep. None where that differs from call to call.
        """
        client, keys = self._server.client, self._server.keys
        counts: dict[str, int] = {}
        with translated():
            lanes = {*client.zrange(keys.campaign_awake(account, campaign), 0, 99)}
            if pool is not None:
                groups = client.hvals(keys.zones(campaign))
                lanes.update(f"{account}/{campaign}/{group}/{pool}" for group in groups)
            with client.pipeline(transaction=False) as pipe:
                for lane in lanes:
                    pipe.zcard(keys.lane(lane))
                sizes = pipe.execute()
        for lane, size in zip(lanes, sizes, strict=True):
            group = lane.split("/", 3)[2]
            counts[group] = counts.get(group, 0) + size
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

        Args:
            campaign: Whose.
            group: With the cursor from which they were read.
            behind: The cursor behind them.
            jobs: One for each contact.
            version: Of the record whose definition they were made from.
            mode: Of the campaign, or of its account where it has none yet.

        Returns:
            False when nothing was done: the campaign does not run, was changed meanwhile, or
            somebody else fed them.

        Raises:
            StoreRefused: Redis is full; nothing was done.
            StoreUnavailable: Redis did not answer; read the cursor again.
        """
        refuse_when_full(self._server, self._full_at, what="contacts", then="go on")
        values = [value for job in jobs for value in values_of(job)]
        word, seq, _ = self._server.run(
            "feed",
            campaign,
            group.number,
            written(group.cursor),
            written(behind),
            len(jobs),
            version,
            mode,
            *values,
        )
        self._server.witness(seq)
        return word == "fed"

    def sweep(self, campaign: str, most: int) -> tuple[int, int]:
        """
        Take out jobs that wait in a campaign which was cancelled or has ended.

        Returns:
            How many were moved, and how many still wait or are on the wire.
        """
        seq, moved, left = self._server.run("sweep", campaign, most)
        self._server.witness(seq)
        return int(moved), int(left)

    def look_again(self, progress: Progress, when: datetime | None, *, period: timedelta) -> None:
        """
        Say when the feeder is to look at a campaign next.

        Args:
            progress: The record it looked at; what changed since is looked at at once.
            when: None when only news can change anything.
            period: In which to look if a job of it is open all the same.
        """
        seq = self._server.run(
            "again",
            progress.name,
            f"{progress.version}/{progress.rows}",
            stamp(when),
            micros(period),
        )
        self._server.witness(seq[0])
