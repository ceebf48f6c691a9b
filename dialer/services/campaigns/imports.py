"""Imports: lists that are handed in as streams, each with a record that outlives its process."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, Final

from dialer.errors import ImportNotFound
from dialer.lists import Format, ListError, Rejected
from dialer.services.campaigns import CampaignService
from dialer.store import Store
from dialer.store.imports import MOST_ROWS
from dialer.store.redis.notation import moment

#: One that runs and says nothing for so long was cut off with its process.
_SILENCE: Final = timedelta(seconds=60)
_AT_ONCE: Final = 500
KINDS: Final = ("rejected", "duplicate")


class ImportState(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    DONE = "done"
    #: The list broke off: what was whole of it is taken; hand all of it in again.
    CUT_OFF = "cut_off"
    #: It could not be read, or the campaign takes no contacts.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """
    What became of one list.

    Attributes:
        last_line: Lines that were read.
        why: Of one that was refused or cut off.
    """

    id: str
    campaign: str
    who: str
    began: datetime
    state: ImportState
    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    last_line: int = 0
    why: str = ""


@dataclass
class ImportService:
    """Takes lists in; *campaigns* is in the name of whoever hands them in."""

    campaigns: CampaignService
    store: Store

    def take(
        self, name: str, stream: BinaryIO, form: Format, lines: Callable[[], int]
    ) -> ImportRecord:
        """
        Add a list to a campaign, as it comes; nothing is staged, and handing it in twice is once.

        Args:
            name: The campaign's.
            stream: What it raises ends the import; whole rows before it are taken.
            form: "csv" or "jsonl".
            lines: Says how many lines the stream has given.

        Raises:
            CampaignNotFound: There is none; no record is made.
            ListError, CampaignRefused: And whatever *stream* raises; the record says so too.
        """
        self.campaigns.progress(name)
        book = _Book(self.store, secrets.token_hex(10), lines)
        head = {"campaign": name, "who": self.campaigns.who}
        began = str(self.store.now().timestamp())
        book.write(state=ImportState.RUNNING, began=began, **head)
        try:
            done = self.campaigns.add(name, stream, report=book.report, form=form, watch=book.watch)
        except Exception as error:
            refused = isinstance(error, ListError)
            state = ImportState.REFUSED if refused else ImportState.CUT_OFF
            book.end(state=state, why=str(error) if refused else "the list broke off")
            raise
        counts = {"accepted": done.accepted, "duplicate": done.duplicates}
        book.end(state=ImportState.DONE, rows=done.rows, rejected=done.rejected, **counts)
        return self.read(book.id)

    def read(self, import_id: str) -> ImportRecord:
        """
        Read what became of a list.

        Raises:
            ImportNotFound: There is none of this id; they are kept for 7 days.
        """
        found = self.store.imports.read(import_id)
        if "campaign" not in found:
            raise ImportNotFound("no import has this id; they are kept for 7 days")
        state = ImportState(found["state"])
        if state is ImportState.RUNNING:
            heard = moment(found["heard_us"])
            silent = self.store.now() - heard > _SILENCE
            state = ImportState.CUT_OFF if silent else state
        counts = ("rows", "accepted", "duplicate", "rejected", "last_line")
        return ImportRecord(
            id=import_id,
            campaign=found["campaign"],
            who=found["who"],
            began=moment(round(float(found["began"]) * 1_000_000)),
            state=state,
            why=found.get("why", ""),
            **{name: int(found.get(name, 0)) for name in counts},
        )

    def rows(self, import_id: str, kind: str, first: int, count: int) -> list[dict[str, object]]:
        """Read rows that were not taken: line, column and rule of each, without a value."""
        return [json.loads(one) for one in self.store.imports.rows(import_id, kind, first, count)]

    @staticmethod
    def truncated(record: ImportRecord, kind: str) -> bool:
        """Say whether there were more rows of a kind than are kept."""
        return (record.rejected if kind == "rejected" else record.duplicate) > MOST_ROWS


@dataclass
class _Book:
    """Writes the record of one import, some rows at a time."""

    store: Store
    id: str
    lines: Callable[[], int]
    kept: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def write(self, **fields: str | int) -> None:
        self.store.imports.write(self.id, fields)

    def report(self, row: Rejected) -> None:
        kind = "duplicate" if row.reason == "duplicate" else "rejected"
        self.counts[kind] += 1
        if self.counts[kind] > MOST_ROWS:
            return
        said = {"line": row.line, "column": row.column, "rule": row.kind}
        self.kept[kind].append(json.dumps(said))
        if len(self.kept[kind]) >= _AT_ONCE:
            self._flush(kind)

    def watch(self, rows: int, _taken: int) -> None:
        self.write(rows=rows, last_line=self.lines(), **self.counts)

    def end(self, **fields: str | int) -> None:
        for kind in KINDS:
            self._flush(kind)
        self.write(last_line=self.lines(), **fields)

    def _flush(self, kind: str) -> None:
        if self.kept[kind]:
            self.store.imports.add_rows(self.id, kind, self.kept[kind])
            self.kept[kind] = []
