"""Epochs: which life of the data this is, and how far it has come, to notice a restored copy."""

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dialer.domain.server import ClockStep
from dialer.errors import StoreDamaged, StoreRefused
from dialer.store.redis.failures import translated
from dialer.store.redis.notation import instant, stamp
from dialer.store.redis.server import Noun
from dialer.store.redis.witness import NOTHING_NOTICED

#: Earlier lives that are known by name.
_JOINED = 50


@dataclass(frozen=True, slots=True)
class Epoch:
    """
    The store's word on itself at one moment.

    Attributes:
        id: Sixteen hex digits, drawn anew for a new store and for one that was recovered; a
            restored copy has the old one. "" for none yet.
        joined: Earlier epochs that recovering joined to this one: a memory of one of them
            counts as one of this.
        seq: The number of its last transition; within an epoch it never falls.
        lost: The last moment a copy remembered, when that was noticed.
        copy: The same once `dialer recover` was called.
        step: The last step of its clock; None for none.
    """

    id: str
    joined: frozenset[str]
    seq: int
    lost: datetime | None
    copy: datetime | None
    step: ClockStep | None


def recent(step: ClockStep | None, now: datetime) -> ClockStep | None:
    """Step of the clock as long as people should know of it: a day."""
    return step if step and abs(now - step.at) < timedelta(days=1) else None


class Epochs(Noun):
    """The epoch of a store: read, begun, renewed."""

    def read(self) -> Epoch:
        """Epoch of the store; an unreadable one is that of no store that was seen before."""
        client, keys = self._client, self._keys
        with translated(), client.pipeline(transaction=False) as pipe:
            pipe.hgetall(keys.era)
            pipe.get(keys.seq)
            era, seq = map(_unless_damaged, pipe.execute(raise_on_error=False))
        era = era or {}
        return Epoch(
            id=era.get("id", ""),
            joined=frozenset(era.get("was", "").split()),
            seq=_number(seq),
            lost=instant(_number(era.get("lost_us"))),
            copy=instant(_number(era.get("copy_us"))),
            step=_step(era),
        )

    def begin(self) -> None:
        """
        Give a store its first epoch if it has none, and hear which it has.

        What this process does from here on is compared with that: were it to hear only with its
        first `begin`, a store that is emptied meanwhile would be none that it knew. A full store
        stays without an epoch: people must get in all the same.
        """
        client, keys = self._client, self._keys
        try:
            known = client.hexists(keys.era, "id")
        except StoreDamaged:
            # As any script it puts aside what is no era.
            self._server.run("notice", NOTHING_NOTICED.ask())
            known = False
        if not known:
            with suppress(StoreRefused), translated():
                client.hsetnx(keys.era, "id", _new_id())
        self._server.run("notice", NOTHING_NOTICED.ask())

    def lose(self, last: datetime | None) -> None:
        """Record the last moment that a restored copy remembers, before a tick moves on."""
        self._client.hset(self._keys.era, "lost_us", stamp(last))

    def miss(self, life: str) -> None:
        """Note for a recovery that another epoch is remembered."""
        missed = self._client.hget(self._keys.era, "missed") or ""
        if life not in missed.split():
            self._client.hset(self._keys.era, "missed", f"{missed} {life}".strip())

    def renew(self, copy: datetime | None) -> None:
        """
        Begin another epoch; *copy* is the last moment that the copy remembered.

        Memories of the epochs before count no more.
        """
        known = self._client.hmget(self._keys.era, "was", "missed", "id")
        joined = " ".join(filter(None, known)).split()[-_JOINED:]
        fields = {
            "id": _new_id(),
            "was": " ".join(joined),
            "copy_us": stamp(copy),
            "lost_us": 0,
        }
        self._client.hset(self._keys.era, mapping=fields)
        self._client.hdel(self._keys.era, "missed")


def _step(era: Mapping[str, str]) -> ClockStep | None:
    at, by = instant(_number(era.get("step_us"))), _number(era.get("step_by"))
    return ClockStep(at, timedelta(microseconds=by)) if at else None


def _unless_damaged(reply: Any) -> Any:
    if isinstance(reply, Exception) and "WRONGTYPE" not in str(reply):
        raise reply
    return None if isinstance(reply, Exception) else reply


def _number(value: str | None) -> int:
    """A garbled one counts as none: `dialer doctor` names it."""
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,18}", value) else 0


def _new_id() -> str:
    return secrets.token_hex(8)
