"""Server health: a server's words on itself, for `dialer doctor` to judge."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from dialer.domain.doorbell import QUEUE_KEY, WaitingDoorbells
from dialer.domain.server import Health
from dialer.store.redis.connection import Client, connect
from dialer.store.redis.failures import translated
from dialer.store.redis.keys import Keys
from dialer.store.redis.server import Server
from dialer.store.redis.server_check import KEEPS, PACKS, read_config

_PATIENCE = timedelta(seconds=3)


def read_doorbells(url: str) -> WaitingDoorbells:
    """
    Doorbells that wait in the broker; nothing is taken out.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It refused the question.
    """
    with _asking(url) as client:
        waiting, oldest = client.llen(QUEUE_KEY), client.lindex(QUEUE_KEY, -1)
        return WaitingDoorbells(int(waiting), _expired(oldest, Server(client).time()))


def _expired(message: str | None, now: datetime) -> bool:
    with suppress(KeyError, TypeError, ValueError):  # of another program, or none
        return datetime.fromisoformat(json.loads(message or "")["headers"]["expires"]) < now
    return False


def read_health(url: str) -> Health:
    """
    Health of the store's server; nothing is changed.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It refused the question, for a wrong password say.
    """
    with _asking(url) as client:
        info = client.info()
        return Health(
            version=str(info["redis_version"]),
            config=read_config(client, (*KEEPS, *PACKS)),
            used=int(info["used_memory"]),
            limit=int(info.get("maxmemory", 0)),
            last_write=str(info.get("aof_last_write_status", "")),
            last_rewrite=str(info.get("aof_last_bgrewrite_status", "")),
            layout=client.get(Keys().layout) or "",
            time=Server(client).time(),
        )


def reach(url: str) -> None:
    """
    Ask the server at *url* for any answer, once.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It refused to.
    """
    with _asking(url) as client:
        client.ping()


@contextmanager
def _asking(url: str) -> Iterator[Client]:
    client = connect(url, timeout=_PATIENCE, repeats=0)
    try:
        with translated():
            yield client
    finally:
        client.close()
