"""Connections to Redis: plain, over TLS, and to the master that Sentinels name."""

import os
from contextlib import suppress
from datetime import timedelta
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dialer.errors import StoreRefused
from dialer.store.redis.sentinel import master_client, takeover_of
from dialer.text.address import TLS_FILES, Address

#: A `redis.Redis` that decodes replies. redis-py types every reply as text or bytes.
Client = Any


def connect(url: str, *, timeout: timedelta = timedelta(seconds=5), repeats: int = 5) -> Client:
    """
    Client that repeats a command a few times when the connection is lost.

    Args:
        url: As `dialer.text.address` describes it.
        timeout: The longest wait for one reply; blocking reads must be shorter.
        repeats: How often it connects, and sends a command, once more. The two
            multiply: a server that takes connections and says nothing costs 36 waits.

    Raises:
        StoreRefused: A file that TLS needs cannot be read.
    """
    address = Address.parse(url)
    tls = _tls(address)
    options = {
        **tls,
        **_login(address.user, address.password),
        "db": address.database,
        "decode_responses": True,
        "health_check_interval": 30,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.5), repeats),
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "socket_timeout": timeout.total_seconds(),
    }
    if not address.service:
        host, port = address.hosts[0]
        return redis.Redis(host=host, port=port, **options)
    # The next Sentinel is asked at once: silence of one must not use up the patience.
    of_sentinels = {
        **tls,
        **_login(address.sentinel_user, address.sentinel_password),
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
        "retry": Retry(NoBackoff(), 0),
    }
    return master_client(
        list(address.hosts), address.service, to_sentinels=of_sentinels, to_master=options
    )


def _login(user: str, password: str) -> dict[str, str | None]:
    return {"username": user or None, "password": password or None}


def _tls(address: Address) -> dict[str, Any]:
    if not address.secure:
        return {}
    files = {name: address.tls[name] for name in TLS_FILES if name in address.tls}
    for name, path in files.items():
        if not os.access(path, os.R_OK):
            raise StoreRefused(f"{name} in the address of Redis: {path} cannot be read")
    checked = address.tls.get("ssl_check_hostname") != "false"
    return {"ssl": True, "ssl_check_hostname": checked, **files}


def through_master(url: str) -> str:
    """
    Words on the server behind the Sentinels of an address: " through its master 10.0.0.3:6379".

    "" without Sentinel, and when it does not answer.
    """
    client = connect(url, timeout=timedelta(seconds=3), repeats=0)
    takeover = takeover_of(client)
    if takeover:
        with suppress(RedisError):
            client.ping()
    client.close()
    return f" through its master {takeover.master}" if takeover and takeover.master else ""
