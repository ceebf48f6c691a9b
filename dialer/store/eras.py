"""
Which life of the data this is, and how far it has come: for noticing a restored copy.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from dialer.errors import StoreRefused
from dialer.store.server import Server, instant, stamp, translated


@dataclass(frozen=True, slots=True)
class Era:
    """
    The store's word on itself at one moment.

    Attributes:
        id: Sixteen hex digits; a new store has a new one, and so has one that
            was recovered. A restored copy has the old one. "" for none yet.
        seq: The number of its last transition; within an era it never falls.
        lost: The last moment a copy remembered, when that was noticed.
        copy: The same once `dialer recover` was called.
    """

    id: str
    seq: int
    lost: datetime | None
    copy: datetime | None


class Eras:
    """
    Reads, opens and renews the era of a store.

    Args:
        server: Where it is kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._keys = server.keys

    def read(self) -> Era:
        """
        Read the era.
        """
        client, keys = self._server.client, self._keys
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.hgetall(keys.era)
            pipe.get(keys.seq)
            era, seq = pipe.execute()
        return Era(
            id=era.get("id", ""),
            seq=int(seq or 0),
            lost=instant(era.get("lost_us")),
            copy=instant(era.get("copy_us")),
        )

    def begin(self) -> None:
        """
        Give a store its first era if it has none; for whoever opens it.

        A full store stays without one: people must get in all the same.
        """
        client, keys = self._server.client, self._keys
        with translated():
            known = client.hexists(keys.era, "id")
        if not known:
            with suppress(StoreRefused), translated():
                client.hsetnx(keys.era, "id", _new_id())

    def lose(self, last: datetime | None) -> None:
        """
        Write down the last moment that a restored copy remembers, before upkeep moves on.
        """
        with translated():
            self._server.client.hset(self._keys.era, "lost_us", stamp(last))

    def renew(self, copy: datetime | None) -> None:
        """
        Begin another era: what machines remember of the old one counts no more.

        Args:
            copy: The last moment that the copy remembered.
        """
        fields = {"id": _new_id(), "copy_us": stamp(copy), "lost_us": 0}
        with translated():
            self._server.client.hset(self._keys.era, mapping=fields)


def _new_id() -> str:
    return secrets.token_hex(8)
