"""
Health: what a server says about itself, for `dialer doctor` to judge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.store.fitness import read_config
from dialer.store.keys import Keys
from dialer.store.server import Server, connect, translated

_PATIENCE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Health:
    """
    What the store's server says about itself.

    Attributes:
        version: As `redis_version` says; Valkey says the Redis it equals.
        config: The values of `fitness.KEEPS`; None where it hides them.
        used: Bytes of memory in use.
        limit: `maxmemory` in bytes; 0 for none.
        last_write: Status of the last write to the append-only file.
        last_rewrite: Status of its last rewrite.
        layout: The layout of the data; "" where there is none yet.
        time: The server's clock.
    """

    version: str
    config: dict[str, str] | None
    used: int
    limit: int
    last_write: str
    last_rewrite: str
    layout: str
    time: datetime

    @property
    def share(self) -> float:
        """Which share of `limit` is used; 0.0 where there is none."""
        return self.used / self.limit if self.limit else 0.0


def read_health(url: str) -> Health:
    """
    Ask the store's server how it is; nothing is changed.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It refused the question, for a wrong password say.
    """
    client = connect(url, timeout=_PATIENCE, repeats=0)
    try:
        with translated():
            info = client.info()
            layout = client.get(Keys().layout)
            config = read_config(client)
        return Health(
            version=str(info["redis_version"]),
            config=config,
            used=int(info["used_memory"]),
            limit=int(info.get("maxmemory", 0)),
            last_write=str(info.get("aof_last_write_status", "")),
            last_rewrite=str(info.get("aof_last_bgrewrite_status", "")),
            layout=layout or "",
            time=Server(client).time(),
        )
    finally:
        client.close()


def reach(url: str) -> None:
    """
    Ask the server at *url* for any answer, once.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It refused to.
    """
    client = connect(url, timeout=_PATIENCE, repeats=0)
    try:
        with translated():
            client.ping()
    finally:
        client.close()
