"""A server of the store: its health, the steps of its clock, damaged keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: The share of its memory from which the store begins nothing more.
FULL: Final = 1.0


@dataclass(frozen=True, slots=True)
class ClockStep:
    """
    The last noticed step of the store's clock.

    Attributes:
        at: When, by the clock after it.
        by: Its length; negative when it went back.
    """

    at: datetime
    by: timedelta

    def __str__(self) -> str:
        direction = "back" if self.by < timedelta(0) else "on"
        span = timedelta(seconds=round(abs(self.by).total_seconds()))
        return f"the store's clock went {direction} by {span}"


@dataclass(frozen=True, slots=True)
class Health:
    """
    The server's own report.

    Attributes:
        version: `redis_version`; Valkey gives the Redis it equals.
        config: The values of what `server_check` names; None where the server hides them.
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
        """Share of `limit` in use; 0.0 where there is none."""
        return self.used / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class Damaged:
    """
    One damaged key.

    Attributes:
        name: The key without its prefix.
        why: The damage, one clause.
        mended: Whether it was put right.
    """

    name: str
    why: str
    mended: bool
