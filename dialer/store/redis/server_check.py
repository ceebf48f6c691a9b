"""
Server check: the version, settings and layout that make a server fit to hold the truth.

`open_store` refuses another one, and `dialer.diagnosis.doctor` judges by the same rules.
"""

from collections.abc import Iterable, Mapping

from redis.exceptions import NoPermissionError, ResponseError

from dialer.errors import StoreRefused, StoreUnsafe
from dialer.store.redis.connection import Client
from dialer.store.redis.failures import translated
from dialer.store.redis.schema import BEFORE, HALFWAY, LAYOUT
from dialer.store.redis.server import Server

#: The first version whose scripts may record an outcome when memory is full.
OLDEST = 7
#: The settings with which a server keeps what it acknowledged, in the order in which they are told.
KEEPS: Mapping[str, str] = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",  # yes: nothing is kept safe while the file is rewritten
    "maxmemory-policy": "noeviction",
}
#: The least with which records stay packed, which is what servers have that nobody set; advised.
PACKS: Mapping[str, int] = {"hash-max-listpack-value": 64, "hash-max-listpack-entries": 128}


def check(server: Server, *, durability: str, any_layout: bool = False) -> None:
    """
    Refuse a server that must not hold the truth; from now on it is watched.

    Args:
        server: The server; its layout version is written if it has none.
        durability: "checked", or "trusted" for managed servers that hide
            their configuration.
        any_layout: Also where the data has another layout: only to set a hold.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It has another layout, or is too old. Nothing was changed.
        StoreUnsafe: It may forget what it acknowledges. Nothing was changed.
    """
    with translated():
        version = str(server.client.info("server")["redis_version"])
    if too_old(version):
        raise StoreRefused(f"Redis {version} is too old: version {OLDEST} or later is needed")
    if durability != "trusted":
        check_durability(server)
        server.watch(lambda: check_durability(server))
    other = "" if any_layout else other_layout(server)
    if other:
        raise StoreRefused(other)


def other_layout(server: Server) -> str:
    """
    Sentence on another layout of the data, with the next step; "" for ours.

    A new store is given ours.

    Raises:
        StoreUnavailable, StoreRefused: It cannot be read.
    """
    client, key = server.client, server.keys.layout
    with translated():
        layout = client.get(key)
        if layout is None:
            # Only then: a full server refuses every SET, and people must still look and stop.
            client.set(key, LAYOUT, nx=True)
            layout = client.get(key)
    if layout == LAYOUT:
        return ""
    return (
        f"the data in Redis has layout {layout}, this version reads layout {LAYOUT}: {way(layout)}"
    )


def way(layout: str) -> str:
    """Return what to do about another *layout* of the data."""
    if layout in (BEFORE, HALFWAY):
        return "stop everything that uses it, then dialer migrate carries it over"
    return "run the version that wrote it"


def check_durability(server: Server) -> None:
    """
    Refuse a server whose settings let it forget what it acknowledges.

    Raises:
        StoreUnavailable: It did not answer.
        StoreUnsafe: It may; the text names each setting.
        StoreRefused: It could not be asked: it is busy, say.
    """
    with translated():
        config = read_config(server.client)
    if config is None:
        keeps = ", ".join(f"{name} {value}" for name, value in KEEPS.items())
        reason = (
            f"Redis hides its configuration (CONFIG GET was refused): make sure of {keeps},"
            ' then set durability = "trusted"'
        )
        raise StoreUnsafe(reason, reason)
    bad = wrong(config)
    if bad:
        settings = "; ".join(
            f"{name} is {value or 'unset'}, must be {KEEPS[name]}" for name, value in bad.items()
        )
        raise StoreUnsafe(
            f"Redis may forget: {settings}",
            f"Redis may forget calls it has acknowledged: {settings}. Change it with"
            " CONFIG SET and in redis.conf",
        )


def too_old(version: str) -> bool:
    """Whether a server's own *version* is too old."""
    return int(version.split(".", maxsplit=1)[0]) < OLDEST


def wrong(config: Mapping[str, str]) -> dict[str, str]:
    """Settings with which a server may forget, by name, with their values."""
    return {name: config[name] for name, value in KEEPS.items() if config[name] != value}


def unpacked(config: Mapping[str, str]) -> dict[str, str]:
    """Settings with which records take twice the memory, by name, with their values."""
    return {
        name: config[name]
        for name, least in PACKS.items()
        if config.get(name, "").isdecimal() and int(config[name]) < least
    }


def read_config(client: Client, names: Iterable[str] = KEEPS) -> dict[str, str] | None:
    """
    Settings with these names; None where the server hides them.

    Raises:
        redis.exceptions.RedisError: It could not answer now; that says nothing of them.
    """
    try:
        return {name: str(client.config_get(name).get(name, "")) for name in names}
    except NoPermissionError:
        return None
    except ResponseError as error:
        # What managed services answer. Others are news of another kind: BUSY, MASTERDOWN.
        if "unknown command" not in str(error):
            raise
        return None
