"""
Whether a server is fit to hold the truth: its version, its settings, and the layout of its data.
"""

from redis.exceptions import ResponseError

from dialer.errors import StoreRefused
from dialer.store.connection import Client
from dialer.store.keys import LAYOUT
from dialer.store.server import Server, translated

_OLDEST = 7


def check(server: Server, *, durability: str) -> None:
    """
    Refuse a server that could forget what it acknowledged.

    Args:
        server: The server; its layout version is written if it has none.
        durability: "checked", or "trusted" for managed servers that hide
            their configuration.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It has another layout, is too old, or does not keep what
            it acknowledged. Nothing was changed.
    """
    with translated():
        if durability != "trusted":
            _check_settings(server.client)
        _check_layout(server)


def check_durability(server: Server) -> None:
    """
    Refuse a server that is set up so that it may forget what it acknowledges.

    Raises:
        StoreUnavailable: It did not answer.
        StoreRefused: It is; the text names each setting.
    """
    with translated():
        _check_settings(server.client)


def _check_layout(server: Server) -> None:
    layout = server.client.get(server.keys.layout)
    if layout is None:
        # Only then: a full server refuses every SET, and people must still look and stop things.
        server.client.set(server.keys.layout, LAYOUT, nx=True)
        layout = server.client.get(server.keys.layout)
    if layout != LAYOUT:
        raise StoreRefused(
            f"the data in Redis has layout {layout}, this version reads layout {LAYOUT}: "
            "run the version that wrote it"
        )


def _check_settings(client: Client) -> None:
    version = str(client.info("server")["redis_version"])
    if int(version.split(".", maxsplit=1)[0]) < _OLDEST:
        raise StoreRefused(f"Redis {version} is too old: version {_OLDEST} or later is needed")
    wanted = {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",  # yes: nothing is kept safe while the file is rewritten
        "maxmemory-policy": "noeviction",
    }
    try:
        actual = {name: client.config_get(name).get(name, "") for name in wanted}
    except ResponseError:
        raise StoreRefused(
            "Redis hides its configuration (CONFIG GET was refused): check that it has "
            "appendonly yes, appendfsync always and noeviction, then set durability = "
            '"trusted"'
        ) from None
    wrong = [
        f"{name} is {actual[name] or 'unset'}, must be {wanted[name]}"
        for name in wanted
        if actual[name] != wanted[name]
    ]
    if wrong:
        raise StoreRefused(
            f"Redis may forget calls it has acknowledged: {'; '.join(wrong)}. Change it with "
            "CONFIG SET and in redis.conf"
        )
