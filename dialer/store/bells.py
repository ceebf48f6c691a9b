"""
Doorbells: how many may be rung for an account, and who is there to answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dialer.limits import Limits
from dialer.store.server import Server, instant, micros, stamp, translated

#: A worker that has not been heard of for so long is gone.
WORKER_GONE = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class PacerRules:
    """
    How doorbells are planned.

    Attributes:
        horizon: How far ahead they are planned.
        lead: How long before its slot a doorbell goes out.
        patience: How long after it was due a doorbell counts as unanswered.
    """

    horizon: timedelta
    lead: timedelta
    patience: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Doorbells for one account.

    Attributes:
        bells: (doorbell, how long from now it is due), in order.
        look_again: When to plan again; None when only news can change anything.
        alarm: When time makes a job ready; None when none is scheduled.
        since_tick: How long ago upkeep last ran.
        fleet: The fingerprint of the settings that live workers dial with;
            where it is not the caller's there are no bells for it.
    """

    bells: tuple[tuple[str, timedelta], ...]
    look_again: timedelta | None
    alarm: timedelta | None
    since_tick: timedelta
    fleet: str = ""


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """
    A worker process that was heard of within `WORKER_GONE`.

    Attributes:
        name: Unique among live processes.
        host: The machine it runs on.
        pid: Its process id there.
        capacity: Calls it can carry at once; 0 while its settings are not
            those of the fleet.
        settings: The fingerprint of its settings.
        heard: When it last announced itself, by the store's clock.
        skew: How far its wall clock was ahead of the store's then; None when
            it did not say.
    """

    name: str
    host: str
    pid: int
    capacity: int
    settings: str
    heard: datetime
    skew: timedelta | None


class Bells:
    """
    Plans doorbells and keeps the list of live workers.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def ring(
        self,
        account: str,
        limits: Limits,
        windows: str,
        rules: PacerRules,
        *,
        worker: str,
        record: Mapping[str, object],
        capacity: int,
    ) -> Plan:
        """
        Plan the next doorbells of *account*, and announce *worker* as alive.

        Args:
            account: The account.
            limits: Its limits in the caller's settings.
            windows: When it may dial, as `dialer.hours` writes it.
            rules: How doorbells are planned.
            worker: The caller's name, unique among live processes.
            record: What `dialer status` shows of it; `settings` is the
                fingerprint of its settings.
            capacity: Calls it can carry at once.

        Raises:
            StoreUnavailable, StoreRefused: Nothing was planned; bells that a
                lost reply planned are given up after `rules.patience`.
        """
        reply = self._server.run(
            "ring",
            account,
            limits.calls_per_second,
            limits.burst,
            limits.max_posting,
            limits.max_live_calls,
            windows,
            micros(rules.horizon),
            micros(rules.lead),
            micros(rules.patience),
            worker,
            json.dumps(record),
            capacity,
            micros(WORKER_GONE),
            str(record.get("settings", "")),
        )
        now, look, alarm, tick = (int(word) for word in reply[:4])
        self._server.witness(reply[4])
        fleet, bells = reply[5], reply[6:]
        return Plan(
            bells=tuple(
                (bell, timedelta(microseconds=int(due) - now))
                for bell, due in zip(bells[::2], bells[1::2], strict=True)
            ),
            look_again=timedelta(microseconds=look - now) if look else None,
            alarm=timedelta(microseconds=alarm - now) if alarm else None,
            since_tick=timedelta(microseconds=now - tick),
            fleet=fleet,
        )

    def leave(self, worker: str) -> None:
        """
        Take *worker* out of the live ones at once, as it rings no more.
        """
        (seq,) = self._server.run("leave", worker)
        self._server.witness(seq)

    def wait(self, longest: timedelta) -> bool:
        """
        Sleep until somebody has news for a pacer, at most *longest*.

        Returns:
            Whether there was news.
        """
        with translated():
            news = self._server.client.blpop([self._server.keys.wake], longest.total_seconds())
        return news is not None

    def wake(self) -> None:
        """
        Wake one sleeping pacer.
        """
        with translated():
            self._server.client.rpush(self._server.keys.wake, "1")
            self._server.client.ltrim(self._server.keys.wake, 0, 0)

    def live(self, now: datetime) -> list[LiveWorker]:
        """
        Read the workers that are alive, by name; those that fell silent are left out.

        Args:
            now: The store's time.
        """
        client = self._server.client
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._server.keys.workers)
            pipe.zrangebyscore(self._server.keys.capacity, stamp(now), "+inf", withscores=True)
            records, announced = pipe.execute()
        found = {member.rpartition("=")[0]: (member, score) for member, score in announced}
        return [
            _live(name, json.loads(record), *found[name])
            for name, record in sorted(records.items())
            if name in found
        ]

    def apart(self, settings: str) -> bool:
        """
        Say whether the workers dial with other settings than these.

        Workers that are silent for a while count: only another worker that rings
        takes over from them.

        Args:
            settings: A fingerprint; "" is never apart.
        """
        with translated():
            fleet = self._server.client.get(self._server.keys.fleet)
        return bool(settings) and fleet not in (None, settings)

    def workers(self) -> dict[str, dict[str, object]]:
        """
        Read the records of the live workers by name.
        """
        with translated():
            records = self._server.client.hgetall(self._server.keys.workers)
        return {name: json.loads(record) for name, record in records.items()}


def _live(name: str, record: Mapping[str, object], member: str, gone_at: float) -> LiveWorker:
    heard = (instant(gone_at) or _NEVER) - WORKER_GONE
    wall = instant(str(record.get("wall_us", "")))
    return LiveWorker(
        name=name,
        host=str(record.get("host", "")),
        pid=int(str(record.get("pid", 0))),
        capacity=int(member.rpartition("=")[2]),
        settings=str(record.get("settings", "")),
        heard=heard,
        skew=wall - heard if wall else None,
    )


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
