"""
What the store knows of an account: stored limits, and how it is doing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from dialer.limits import Limits
from dialer.store.server import Server, instant, stamp, translated

#: Limits that may be stored over the settings, by the names of the settings.
STORABLE = ("calls_per_second", "burst", "max_posting", "max_live_calls")


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How an account is doing at one moment.

    Attributes:
        limits: What holds now: the settings with the stored limits over them.
        stored: The stored limits by name.
        rate_share: Share of the rate that is allowed after a cut, 0.1 to 1.
        posting: POSTs on the wire.
        live: Calls that may be going on.
        breaker: "closed", or "open".
        next_probe: When the open breaker probes next.
        next_slot: When the meter allows the next call; in the past when now.
        used_per_second: Calls that started each second of the last minute,
            on average.
    """

    limits: Limits
    stored: dict[str, str]
    rate_share: float
    posting: int
    live: int
    breaker: str
    next_probe: datetime | None
    next_slot: datetime
    used_per_second: float


class Accounts:
    """
    Stored limits and standing of accounts.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._keys = server.keys

    def store(self, account: str, limits: Mapping[str, float]) -> None:
        """
        Store limits that win over the settings, at once and on every worker.

        Args:
            account: The account.
            limits: Some of `STORABLE` with checked values.
        """
        with translated():
            self._server.client.hset(
                self._keys.account(account), mapping={k: str(v) for k, v in limits.items()}
            )
            self._server.client.lpush(self._keys.wake, "1")
            self._server.client.ltrim(self._keys.wake, 0, 0)

    def clear(self, account: str) -> None:
        """
        Forget the stored limits; the settings hold again.
        """
        with translated():
            self._server.client.hdel(self._keys.account(account), *STORABLE)
            self._server.client.lpush(self._keys.wake, "1")
            self._server.client.ltrim(self._keys.wake, 0, 0)

    def standing(self, account: str, configured: Limits, *, now: datetime) -> Standing:
        """
        Read how *account* is doing.

        Args:
            account: The account.
            configured: Its limits in the settings.
            now: Aware; the only clock read here.
        """
        with translated(), self._server.client.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._keys.account(account))
            pipe.zcard(self._keys.posting(account))
            pipe.zcount(self._keys.live(account), stamp(now), "+inf")
            pipe.hgetall(self._keys.breaker(account))
            pipe.hgetall(self._keys.meter(account))
            pipe.hgetall(self._keys.started(account))
            own, posting, live, breaker, meter, started = pipe.execute()
        stored = {name: own[name] for name in STORABLE if name in own}
        limits, share = _over(configured, stored), _share(own, now)
        return Standing(
            limits=limits,
            stored=stored,
            rate_share=share,
            posting=posting,
            live=live,
            breaker="open" if "open_us" in breaker else "closed",
            next_probe=instant(breaker.get("probe_us")),
            next_slot=_slot(meter, limits, share, now),
            used_per_second=_used(started, now),
        )

    def pool_sleeps_until(self, account: str, pool: str) -> datetime | None:
        """
        Read until when nobody of *pool* is asked again; None when it was never asked in vain.

        Args:
            account: The account.
            pool: As it stands in a job's lane.
        """
        with translated():
            value = self._server.client.hget(self._keys.pool(account, pool), "until_us")
        return instant(value)


def _over(limits: Limits, stored: Mapping[str, str]) -> Limits:
    return Limits(
        calls_per_second=float(stored.get("calls_per_second", limits.calls_per_second)),
        burst=int(stored.get("burst", limits.burst)),
        max_posting=int(stored.get("max_posting", limits.max_posting)),
        max_live_calls=int(stored.get("max_live_calls", limits.max_live_calls)),
        assumed_call=limits.assumed_call,
    )


def _share(own: Mapping[str, str], now: datetime) -> float:
    if "cut_us" not in own:
        return 1.0
    cut_to = float(own["cut_to"])
    back = min(1.0, (stamp(now) - int(own["cut_us"])) / 60_000_000)
    return cut_to + (1 - cut_to) * back


def _slot(meter: Mapping[str, str], limits: Limits, share: float, now: datetime) -> datetime:
    """Do what `arrival_of` in prologue.lua does, without writing anything."""
    if "tat_us" not in meter:
        return now
    interval = ceil(1_000_000 / (limits.calls_per_second * share))
    debt = max(0, int(meter["tat_us"]) - stamp(now)) * interval // int(meter["interval_us"])
    return now + timedelta(microseconds=debt - (limits.burst - 1) * interval)


#: The store counts starts in so many microseconds at a time (begin.lua), and keeps a few counts.
_BUCKET_US = 10_000_000
_FULL_BUCKETS = 6


def _used(started: Mapping[str, str], now: datetime) -> float:
    current, into = divmod(stamp(now), _BUCKET_US)
    first = current - _FULL_BUCKETS
    calls = sum(int(count) for bucket, count in started.items() if first <= int(bucket) <= current)
    return calls * 1_000_000 / (_FULL_BUCKETS * _BUCKET_US + into)
