"""
Connections to Redis: plain, over TLS, and to the master that Sentinels name.
"""

import os
from contextlib import suppress
from datetime import timedelta
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dialer.address import TLS_FILES, Address
from dialer.errors import StoreRefused
from dialer.store.takeover import master_client, takeover_of

#: A `redis.Redis` that decodes replies. redis-py types every reply as text or bytes.
Client = Any


def connect(url: str, *, timeout: timedelta = timedelta(seconds=5), repeats: int = 5) -> Client:
    """
    Make a client that repeats a command a few times when the connection is lost.

    Args:
        url: As `dialer.address` describes it.
        timeout: The longest wait for one reply; blocking reads must be shorter.
        repeats: How often it connects, and sends a command, once more. The two
            multiply: a server that takes connections and says nothing costs 36 waits.

    Raises:
        StoreRefused: A file that TLS needs cannot be read.
    """
    address = Address.parse(url)
    patience = {"socket_timeout": timeout.total_seconds(), "socket_connect_timeout": 3}
    kept = {"decode_responses": True, "socket_keepalive": True, "health_check_interval": 30}
    retry = Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.5), repeats)
    tls = _tls(address)
    options = {
        **patience,
        **kept,
        **tls,
        **_login(address.user, address.password),
        "db": address.database,
        "retry": retry,
    }
    if not address.service:
        (host, port) = address.hosts[0]
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
    for name in TLS_FILES:
        if name in address.tls and not os.access(address.tls[name], os.R_OK):
            raise StoreRefused(
                f"{name} in the address of Redis: {address.tls[name]} cannot be read"
            )
    rest = {name: address.tls[name] for name in TLS_FILES if name in address.tls}
    checked = address.tls.get("ssl_check_hostname") != "false"
    return {"ssl": True, "ssl_check_hostname": checked, **rest}


def through_master(url: str) -> str:
    """
    Say for a person which server stands behind the Sentinels of an address now.

    Returns:
        " through its master 10.0.0.3:6379"; "" without Sentinel, and when it
        does not answer.
    """
    client = connect(url, timeout=timedelta(seconds=3), repeats=0)
    takeover = takeover_of(client)
    if takeover:
        with suppress(RedisError):
            client.ping()
    client.close()
    return f" through its master {takeover.master}" if takeover and takeover.master else ""
