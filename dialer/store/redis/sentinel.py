"""
Failover: the master that Sentinels name, and what it must answer before it is used.

Replication is asynchronous, so a replica that takes over may lack the last moves. `begin`
compares transition numbers, but other processes go on counting and soon hide the gap. So the
first process to reach a new master writes down at which number it took over, before anything
moves, and each process compares that with what it has seen itself.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.sentinel import Sentinel, SentinelConnectionPool

from dialer.errors import StoreUnavailable
from dialer.store.redis.keys import Keys
from dialer.text.address import written

#: No call is begun for so long after a master was first met: a process that has seen more than it
#: knows meets it in that time and stops everything.
GRACE = timedelta(seconds=3)
#: A reply that took longer: shorter than any Sentinel should wait for a sign of life.
SLOW = timedelta(seconds=1)
#: How long the number is kept at which a master took over.
_KEPT = timedelta(days=1)


class Takeover:
    """
    One process's knowledge of the masters it has met.

    Args:
        monotonic: Seconds that never go back.

    Attributes:
        witnessed: Gives the highest transition number this process has seen;
            None for a server that holds no jobs: it has none to forget.
        master: Host and port of the last master that was met; "" before.
        fit: Refuses a master that may forget what it acknowledges; asked once
            for each, before the first call is begun on it.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known = self._fit = ""
        self._met = float("-inf")
        self._forgotten = ""
        self._doubts = 0
        self.witnessed: Callable[[], int] | None = None
        self.master = ""
        self.fit: Callable[[], None] = lambda: None

    def meet(self, connection: Any) -> None:
        """
        Log in on a new connection, and refuse a server that is no master.

        Raises:
            redis.exceptions.ConnectionError: It is a replica by now; ask the
                Sentinels again.
        """
        connection.met_after = self._doubts
        connection.on_connect_check_health(check_health=False)
        said = dict(
            line.split(":", 1)
            for line in _ask(connection, "INFO", "replication").splitlines()
            if ":" in line
        )
        if said.get("role") != "master":
            raise RedisConnectionError("the server is a replica")
        life = said.get("master_replid", "")
        with self._lock:
            self.master = written(connection.host, connection.port)
            if life == self._known or self.witnessed is None:
                return
            # Before it is asked: what is seen from now on comes from this master.
            seen = self.witnessed()
        knew = self._took_over_at(connection, life)
        with self._lock:
            if life == self._known:
                return
            self._known, self._met = life, self._monotonic()
            if seen > knew:
                self._forgotten = (
                    "the server has forgotten acknowledged writes: transition"
                    f" {seen} was seen, {self.master} took over at {knew};"
                    " dialer recover --who NAME says how to go on"
                )

    @contextmanager
    def timed(self) -> Iterator[None]:
        """
        Doubt the master when a step takes long, answered or not.

        A server that hung may have lost its office, and does not know it for some seconds.
        """
        began = self._monotonic()
        try:
            yield
        finally:
            if self._monotonic() - began > SLOW.total_seconds():
                self._doubts += 1

    def doubtful(self, connection: Any) -> bool:
        """Whether the Sentinels must be asked again before *connection* is used."""
        return bool(connection.met_after != self._doubts)

    def check(self) -> None:
        """
        Refuse to begin a call while others may still have to say what they have seen.

        Then each replica that became the master is asked whether it is set up
        as it must be: the one before was, and the next tick may be far.

        Raises:
            StoreUnavailable: A master was first met less than `GRACE` ago, or
                it did not answer.
            StoreRefused: As `fit`.
        """
        if self._monotonic() - self._met < GRACE.total_seconds():
            raise StoreUnavailable(
                f"Redis has a new master, {self.master}: no call is begun until every worker"
                " has compared it with what it has seen"
            )
        known = self._known
        if known != self._fit:
            # Outside the lock: it asks the server, and that may meet another one.
            self.fit()
            self._fit = known

    def forgotten(self) -> str:
        """Sentence on what a new master has forgotten; "" when nothing is known."""
        return self._forgotten

    def told(self) -> None:
        """Note that everything is held, for the reason that `forgotten` gave."""
        self._forgotten = ""

    def _took_over_at(self, connection: Any, life: str) -> int:
        """
        Transition number at which the master began this life.

        Read first and written if it is missing: every process does so before moving anything, so
        one that reads too late finds it written.
        """
        now = _ask(connection, "GET", Keys.seq) or "0"
        key = f"{Keys.prefix}takeover:{life}"
        try:
            _ask(connection, "SET", key, now, "NX", "EX", int(_KEPT.total_seconds()))
        except (OutOfMemoryError, ResponseError):
            # Full: nothing can be written down, and nothing begun either.
            return int(now)
        return int(_ask(connection, "GET", key) or now)


def _ask(connection: Any, *words: str | int) -> Any:
    connection.send_command(*words, check_health=False)
    return connection.read_response()


class _Pool(SentinelConnectionPool):
    """Connections to the master, with this process's knowledge of it."""

    takeover: Takeover

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Connection to the server that is the master, as far as is known."""
        connection: Any = super().get_connection(*args, **options)
        if self.takeover.doubtful(connection):
            try:
                connection.disconnect()
                connection.connect()
            except BaseException:
                self.release(connection)
                raise
        return connection

    def close(self) -> None:
        """Also close the connections to the Sentinels."""
        super().close()
        self.sentinel_manager.close()


# redis-py gives these two no types.
_sentinel: Callable[..., Any] = Sentinel
_pool: Callable[..., Any] = _Pool


def master_client(
    sentinels: list[tuple[str, int]],
    service: str,
    *,
    to_sentinels: dict[str, Any],
    to_master: dict[str, Any],
) -> Any:
    """
    Client that follows the master from one server to the next.

    Args:
        sentinels: Host and port of each Sentinel.
        service: What they call the master.
        to_sentinels: How a Sentinel is reached, in redis-py's names.
        to_master: How the master is.
    """
    takeover = Takeover()
    manager = _sentinel(sentinels, sentinel_kwargs=to_sentinels)
    pool = _pool(service, manager, redis_connect_func=takeover.meet, **to_master)
    pool.takeover = takeover
    return redis.Redis.from_pool(pool)


def takeover_of(client: Any) -> Takeover | None:
    """Knowledge of the masters that *client* has met; None without Sentinel."""
    pool = getattr(client, "connection_pool", None)
    return pool.takeover if isinstance(pool, _Pool) else None
