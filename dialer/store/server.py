"""
The connection to Redis: how its scripts are run, and how it fails.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from redis.exceptions import (
    AuthenticationError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.sentinel import MasterNotFoundError

from dialer.errors import StoreRefused, StoreUnavailable
from dialer.owners import WITNESS
from dialer.store import moves
from dialer.store.connection import Client, connect
from dialer.store.keys import Keys
from dialer.store.scripts import Argument, Scripts
from dialer.store.takeover import Takeover, takeover_of

__all__ = [
    "FULL",
    "Client",
    "Server",
    "connect",
    "instant",
    "memory_share",
    "micros",
    "one_line",
    "stamp",
    "translated",
]


#: Share of `maxmemory` from which only what has already happened is written down.
FULL = 1.0


class Server:
    """
    One Redis that holds the truth, with its scripts.

    Args:
        client: A connection that decodes replies to text.
        keys: The names of the keys.
        clock: Another Lua clock for tests.
        shebang: Whether the server understands the `#!lua` line of scripts.
        fullness: Stands in for the server's own word on its memory.

    Attributes:
        fullness: Asks which share of `maxmemory` is used.
        witnessed: The highest transition number this process has seen. A
            server that knows less has forgotten acknowledged writes.
    """

    def __init__(
        self,
        client: Client,
        *,
        keys: Keys | None = None,
        clock: str | None = None,
        shebang: bool = True,
        fullness: Callable[[], float] | None = None,
    ) -> None:
        self.fullness = fullness or (lambda: memory_share(client))
        self.keys = keys or Keys()
        self.client = client
        self.witnessed = 0
        self._takeover = takeover_of(client)
        if self._takeover:
            self._takeover.witnessed = lambda: self.witnessed
        self._scripts = Scripts(client, prefix=self.keys.prefix, clock=clock, shebang=shebang)

    def run(self, script: str, *args: Argument) -> list[str]:
        """
        Run a script, at once or after a few quick repeats of a lost connection.

        Every script is idempotent, so a repeat after a lost reply is safe.

        Raises:
            StoreUnavailable: The server did not answer; it may have run the script.
            StoreRefused: The server is full or not usable; nothing was changed.
        """
        takeover = self._takeover
        if takeover is None:
            with translated():
                reply, told = self._scripts.run(script, args)
            moves.write(told)
            return reply
        return self._run_on_master(takeover, script, args)

    def _run_on_master(
        self, takeover: Takeover, script: str, args: Sequence[Argument]
    ) -> list[str]:
        self._stop_what_was_forgotten(takeover)
        if script == "begin":
            takeover.check()
        with translated(), takeover.timed():
            reply, told = self._scripts.run(script, args)
        # Outside of what is timed: a slow log is no slow master.
        moves.write(told)
        # The master may have changed meanwhile; what it granted then must not be used.
        self._stop_what_was_forgotten(takeover)
        if script == "begin":
            takeover.check()
        return reply

    def _stop_what_was_forgotten(self, takeover: Takeover) -> None:
        reason = takeover.forgotten()
        if reason:
            with translated():
                words = ("set", "all", WITNESS, WITNESS, reason)
                _, told = self._scripts.run("hold", words)
            moves.write(told)
            takeover.told()

    def watch(self, fit: Callable[[], None]) -> None:
        """
        Have *fit* refuse each master that takes over, before a call begins on it.
        """
        if self._takeover:
            self._takeover.fit = fit

    def time(self) -> datetime:
        """
        Ask the server what time it is; all processes agree on its clock alone.

        Raises:
            StoreUnavailable: It did not answer.
        """
        with translated():
            seconds, micro = self.client.time()
        return _EPOCH + timedelta(seconds=seconds, microseconds=micro)

    def witness(self, seq: str) -> None:
        """
        Remember a transition number that the server has shown.
        """
        self.witnessed = max(self.witnessed, int(seq))

    def close(self) -> None:
        """
        Give every connection back.
        """
        self.client.close()


@contextmanager
def translated() -> Iterator[None]:
    """
    Turn what redis-py raises into `StoreUnavailable` or `StoreRefused`.
    """
    try:
        yield
    except AuthenticationError as error:  # redis-py counts it among the lost connections
        raise StoreRefused(
            "Redis refuses the login: correct the user and password in its address"
        ) from error
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise StoreUnavailable(f"Redis does not answer ({_why_silent(error)})") from error
    except (ReadOnlyError, MasterDownError) as error:
        raise StoreUnavailable("Redis takes no writes here: the server is a replica now") from error
    except OutOfMemoryError as error:
        raise StoreRefused(
            "Redis is full (maxmemory): make room or raise maxmemory, then try again"
        ) from error
    except NoPermissionError as error:
        raise StoreRefused(
            f"Redis refused a command: {error}; give its user the rights in ops/redis.md, Access"
        ) from error
    except ResponseError as error:
        if str(error).startswith("OOM") or "OOM command not allowed" in str(error):
            raise StoreRefused(
                "Redis is full (maxmemory): make room or raise maxmemory, then try again"
            ) from error
        if str(error).startswith(("NOREPLICAS", "UNBLOCKED")):  # a failover goes on
            raise StoreUnavailable(f"Redis takes no writes now ({error})") from error
        raise StoreRefused(f"Redis refused a command: {error}") from error
    except RedisError as error:
        raise StoreRefused(f"Redis cannot be used: {error}") from error


def _why_silent(error: RedisError) -> str:
    if isinstance(error, MasterNotFoundError):
        return "no Sentinel that can be reached knows a master in good health by that name"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not trusted: correct ssl_ca_certs, or the host's name"
    return type(error).__name__


def memory_share(client: Client) -> float:
    """
    Say how much of `maxmemory` is used, 0.0 where there is no limit.
    """
    with translated():
        info = client.info("memory")
    limit = int(info.get("maxmemory", 0))
    return int(info["used_memory"]) / limit if limit else 0.0


def micros(delta: timedelta) -> int:
    """
    Count the whole microseconds of *delta*, the only unit of time in Redis.
    """
    return delta // timedelta(microseconds=1)


def instant(value: str | float | None) -> datetime | None:
    """
    Read a stored time; None for an empty or zero one.
    """
    return _EPOCH + timedelta(microseconds=int(value)) if value and int(value) else None


def stamp(at: datetime | None) -> int:
    """
    Write an aware time as the store keeps it; 0 for None.
    """
    return micros(at - _EPOCH) if at else 0


def one_line(text: str) -> str:
    """
    Make *text* fit for a job's record, whose events are lines of words between tabs.

    What is no character, such as a byte of an argument that is no UTF-8, becomes "?".
    """
    return " ".join(text.encode("utf-8", "replace").decode().split())[:200]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
