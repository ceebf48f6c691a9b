"""
What came in and whom it rang: the judge of "never twice".

A row is written before the answer, or the fault in its place, leaves the
sandbox, and never changes. This is the only place where numbers are kept, and
the campaign token is kept nowhere.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from dialer.sandbox.case import LegName

_TIMES = ("first_byte_at", "head_at")


@dataclass(frozen=True, slots=True)
class Ring:
    """
    One phone ringing once.

    Attributes:
        call_id: The call it belongs to.
        leg: `from` rings first, `to` only after `from` was answered.
        kind: "number" or "agent", saying what *party* is.
        party: Ten digits, or an agent id.
        start: First moment of ringing; aware UTC.
        end: Picked up or given up.
        answered: Which of the two.
    """

    call_id: str
    leg: LegName
    kind: str
    party: str
    start: datetime
    end: datetime
    answered: bool

    def to_json(self) -> dict[str, Any]:
        """Give the ring as JSON types; times in ISO 8601."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return plain | {"start": self.start.isoformat(), "end": self.end.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        times = {name: datetime.fromisoformat(data[name]) for name in ("start", "end")}
        return cls(**{**data, **times})


@dataclass(frozen=True, slots=True)
class Row:
    """
    One request, or one connection that a fault ended before it became one.

    Attributes:
        seq: Counts from 1 in the order of writing; never used twice.
        first_byte_at: Wall clock at the first byte, or at the accept where
            nothing was read; aware UTC.
        head_at: Wall clock at the end of the headers; same as first_byte_at
            where they never ended.
        first_byte_ns: Monotonic clock of the machine at the same two moments,
        head_ns: in nanoseconds; for measuring rates.
        method: "POST", "GET" (which places calls too), or "".
        transport: Where the parameters were: "query", "form", "query+form", "none".
        params: As sent, the token left out.
        mode: "live", "developer", or "" when the request got no further than its credentials.
        verdict: "200", a refusal's code, "http_429" and the like, or "" when
            a fault came before any decision.
        placed: Whether phones rang.
        call_id: Of a call that was accepted; "" where none was given.
        fault: Name of the fault played; "" for an honest answer.
        rings: In the order of their start; empty unless placed.
    """

    seq: int
    first_byte_at: datetime
    head_at: datetime
    first_byte_ns: int
    head_ns: int
    method: str = ""
    transport: str = "none"
    user_id: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    mode: str = ""
    verdict: str = ""
    placed: bool = False
    call_id: str = ""
    fault: str = ""
    rings: tuple[Ring, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the row as JSON types; `placed` is 0 or 1."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain |= {name: plain[name].isoformat() for name in _TIMES}
        return plain | {
            "placed": int(self.placed),
            "params": dict(self.params),
            "rings": [ring.to_json() for ring in self.rings],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(
            **{
                **data,
                **{name: datetime.fromisoformat(data[name]) for name in _TIMES},
                "placed": bool(data["placed"]),
                "rings": tuple(Ring.from_json(ring) for ring in data["rings"]),
            },
        )


class Ledger:
    """
    Append-only rows, in memory and, given a path, as one JSON line each.

    Written by one thread; any thread may read while it grows.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._rows: list[Row] = []
        self._next = 1
        self._path = path
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def append(self, row: Row) -> None:
        """Keep *row*, whose `seq` came from `next_seq`; on disk (not synced) when this returns."""
        if self._file:
            self._file.write(json.dumps(row.to_json()) + "\n")
        self._rows.append(row)

    def next_seq(self) -> int:
        """Give the next row's number."""
        self._next += 1
        return self._next - 1

    def rows(self, *, since: int = 0) -> list[Row]:
        """Give the rows whose `seq` is greater than *since*, in order."""
        return [row for row in list(self._rows) if row.seq > since]

    def placed(self) -> list[Row]:
        """Give the rows that rang phones."""
        return [row for row in self.rows() if row.placed]

    def rings(self) -> list[Ring]:
        """Give every ring of every placed call."""
        return [ring for row in self.rows() for ring in row.rings]

    def summary(self) -> dict[str, Any]:
        """Count without naming anybody."""
        rows = self.rows()
        return {
            "requests": len(rows),
            "placed": sum(row.placed for row in rows),
            "gets": sum(row.method == "GET" for row in rows),
            "rings": sum(len(row.rings) for row in rows),
            "verdicts": dict(Counter(row.verdict for row in rows if row.verdict)),
            "faults": dict(Counter(row.fault for row in rows if row.fault)),
        }

    def reset(self) -> None:
        """Forget the rows in memory; numbers go on, and the file keeps everything."""
        self._rows = []

    def close(self) -> None:
        """Close the file; the rows in memory stay readable."""
        if self._file:
            self._file.close()
            self._file = None


def read_ledger(path: Path) -> list[Row]:
    """Read the rows another process wrote to *path*."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Row.from_json(json.loads(line)) for line in lines]
