"""Doorbells: how many to send for an account, and the live workers to answer them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from dialer.domain.account.limits import Limits
from dialer.domain.doorbell import PacerRules, Plan
from dialer.domain.fleet import WORKER_GONE, LiveWorker, Unreachable
from dialer.errors import StoreDamaged
from dialer.store.accounts import limits_asked
from dialer.store.redis.failures import readable, sound, translated, unless_damaged
from dialer.store.redis.notation import as_words, instant, micros, moment, stamp
from dialer.store.redis.server import Noun
from schedules.windows import Window


class Doorbells(Noun):
    """Plans of doorbells, and the live workers."""

    def plan(
        self,
        account: str,
        limits: Limits,
        windows: Sequence[Window],
        rules: PacerRules,
        *,
        worker: str,
        record: Mapping[str, object],
        capacity: int,
        free: int | None = None,
    ) -> Plan:
        """
        Plan the next doorbells of *account*, and announce *worker* as alive.

        The name of the worker is unique among live processes. `dialer status` shows its *record*,
        in which `settings` is the fingerprint of its settings; it carries *capacity* calls at
        once, and can start *free* more of this account now (None: all of them).

        Raises:
            StoreUnavailable, StoreRefused: Nothing was planned; bells that a
                lost reply planned are given up after `rules.patience`.
        """
        reply = self._server.run(
            "plan",
            {
                "account": account,
                "limits": limits_asked(limits),
                "windows": as_words(windows),
                "horizon_us": micros(rules.horizon),
                "lead_us": micros(rules.lead),
                "spread_us": micros(rules.spread),
                "patience_us": micros(rules.patience),
                "worker": worker,
                "record": json.dumps(record),
                "capacity": capacity,
                "free": capacity if free is None else free,
                "gone_us": micros(WORKER_GONE),
                "settings": str(record.get("settings", "")),
            },
        )
        now, look, alarm, tick = (int(word) for word in reply[:4])
        fleet, room, workers, *bells = reply[4:]
        return Plan(
            bells=tuple(
                (bell, int(calls), timedelta(microseconds=int(due) - now))
                for bell, calls, due in zip(bells[::3], bells[1::3], bells[2::3], strict=True)
            ),
            look_again=timedelta(microseconds=look - now) if look else None,
            alarm=timedelta(microseconds=alarm - now) if alarm else None,
            since_tick=timedelta(microseconds=now - tick),
            fleet=fleet,
            room=int(room),
            workers=max(1, int(workers)),
        )

    def leave(self, worker: str) -> None:
        """Take *worker* out of the live ones at once: it makes no more calls."""
        self._server.run("leave", {"worker": worker})

    def wait(self, longest: timedelta) -> bool:
        """Sleep until there is news for a pacer, at most *longest*; whether there was."""
        news = self._client.blpop([self._keys.wake], longest.total_seconds())
        return news is not None

    def wake(self) -> None:
        """Wake one sleeping pacer."""
        self._server.wake_pacer()

    def live(self, now: datetime) -> list[LiveWorker]:
        """Live workers by name; silent ones and unreadable ones are left out."""
        return unless_damaged(lambda: self._live(now), [])

    def _live(self, now: datetime) -> list[LiveWorker]:
        client = self._client
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._keys.workers)
            pipe.zrangebyscore(self._keys.capacity, stamp(now), "+inf", withscores=True)
            records, announced = pipe.execute()
        found = {member.rpartition("=")[0]: (member, score) for member, score in announced}
        workers = (
            partial(_worker, name, record, *found[name])
            for name, record in sorted(records.items())
            if name in found
        )
        return list(sound(workers))

    def apart(self, settings: str) -> bool:
        """
        Whether the workers dial with settings of another fingerprint; "" never differs.

        Workers that are silent for a while count: only another worker that dials
        takes over from them.
        """
        try:
            fleet = self._client.get(self._keys.fleet)
        except StoreDamaged:  # unknown, until the next pacer has put it aside
            return bool(settings)
        return bool(settings) and fleet not in (None, settings)

    def workers(self) -> dict[str, dict[str, object]]:
        """Records of the live workers by name."""
        records = self._client.hgetall(self._keys.workers)
        read = (partial(_record, name, text) for name, text in records.items())
        return dict(sound(read))


def _record(name: str, text: str) -> tuple[str, dict[str, object]]:
    with readable(f"the record of worker {name}"):
        return name, dict(json.loads(text))


def _worker(name: str, text: str, member: str, gone_at: float) -> LiveWorker:
    _, record = _record(name, text)
    with readable(f"the record of worker {name}"):
        heard = moment(gone_at) - WORKER_GONE
        wall = instant(str(record.get("wall_us", "")))
        return LiveWorker(
            name=name,
            host=str(record.get("host", "")),
            pid=int(str(record.get("pid", 0))),
            capacity=int(member.rpartition("=")[2]),
            takes=record.get("takes") is not False,
            settings=str(record.get("settings", "")),
            heard=heard,
            skew=wall - heard if wall else None,
            unreachable=tuple(_unreachable(record.get("unreachable"))),
        )


def _unreachable(told: object) -> Iterator[Unreachable]:
    for account, one in sorted(dict(told).items()) if isinstance(told, dict) else ():
        since = instant(str(one.get("since_us", "")))
        yield Unreachable(str(account), since, str(one.get("why", "")))
