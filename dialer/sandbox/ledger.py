"""
The requests that came in and the phones they rang: the proof of "never twice".

A row is written before the answer, or the fault in its place, leaves the
sandbox, and never changes. This is the only place where numbers are kept, and
the campaign token is kept nowhere.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from dialer.sandbox.case import LegName


@dataclass(frozen=True, slots=True)
class Ring:
    """
    One phone ringing once.

    Attributes:
        leg: `from` rings first, `to` only after `from` was answered.
        kind: "number" or "agent".
        party: Ten digits, or an agent id.
        start: First moment of ringing; aware UTC.
        end: Picked up, if *answered*, or given up.
    """

    call_id: str
    leg: LegName
    kind: str
    party: str
    start: datetime
    end: datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class Row:
    """
    One request, or one connection that a fault ended before it became one.

    Attributes:
        seq: Counts from 1 in the order of writing; never used twice.
        first_byte_at: Aware UTC; the accept where nothing was read.
        head_at: End of the headers; same as first_byte_at where they never ended.
        first_byte_ns: Both moments, with head_ns, on the monotonic clock in nanoseconds.
        method: "POST", "GET" (which places calls too), or "".
        transport: Place of the parameters: "query", "form", "query+form", "none".
        params: As sent, the token left out.
        mode: "live", "developer", or "" when the credentials were refused.
        verdict: "200", a refusal's code, "http_429" and the like, or "" when
            a fault came before any decision.
        placed: Whether phones rang.
        call_id: Of an accepted call; "" where none was given.
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

    def to_json(self) -> str:
        """One line of JSON: times in ISO 8601, `placed` as 0 or 1."""
        plain = asdict(self) | {"placed": int(self.placed)}
        return json.dumps(plain, default=datetime.isoformat) + "\n"

    @classmethod
    def from_json(cls, data: object) -> "Row":
        """Row of the JSON types that `to_json` wrote."""
        return _ROW.validate_python(data)


_ROW: Final = TypeAdapter(Row)


class Ledger:
    """Append-only rows, in memory and in a file; one thread writes, any may read meanwhile."""

    def __init__(self, path: Path | None = None) -> None:
        self._rows: list[Row] = []
        self._next = 1
        self._path = path
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def append(self, row: Row) -> None:
        """Keep *row*, its `seq` from `next_seq`; in the file (not synced) when this returns."""
        if self._file:
            self._file.write(row.to_json())
        self._rows.append(row)

    def next_seq(self) -> int:
        """The next row's number."""
        self._next += 1
        return self._next - 1

    def rows(self, *, since: int = 0) -> list[Row]:
        """Rows whose `seq` is greater than *since*, in order."""
        return [row for row in list(self._rows) if row.seq > since]

    def placed(self) -> list[Row]:
        """Rows that rang phones."""
        return [row for row in self.rows() if row.placed]

    def summary(self) -> dict[str, Any]:
        """Counts, without numbers of people."""
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
    """Rows that another process wrote to *path*."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Row.from_json(json.loads(line)) for line in lines]
