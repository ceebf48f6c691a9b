"""
High-water mark: how far the store had come when this machine last looked, on its own disk.

A process remembers what the store has shown it (`dialer.store.redis.witness`), and a store
that knows less is stopped. When every process was restarted too, only a mark beside the
store can tell that it was emptied, or replaced by an older copy or another store.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dialer.domain.holds.owners import WITNESS
from dialer.domain.holds.scope import EVERYTHING
from dialer.errors import StoreRefused
from dialer.machine.run_directory import RUNTIME_DIRECTORY, write_note
from dialer.store import Store
from dialer.store.redis.epochs import Epoch
from dialer.text.address import Address

log = logging.getLogger("dialer.tidemark")

_MARK = re.compile(r"(?P<era>[0-9a-f]{16}) (?P<seq>[0-9]{1,18})\s*")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Epoch of the store and number of its last move, as seen last."""

    era: str
    seq: int


class HighWaterMark:
    """
    Watch for a store that went back, at a worker's start and from time to time.

    Args:
        place: Its address, the same text whatever the password: each has a mark of its own.
        directory: Where the marks are kept; made when it is needed.
    """

    def __init__(
        self, store: Store, place: str, directory: Path = RUNTIME_DIRECTORY / "tidemark"
    ) -> None:
        self._holds, self._accounts, self._epochs = store.holds, store.account_index, store.epochs
        self._file = directory.absolute() / sha256(place.encode()).hexdigest()[:16]
        self._complained = False
        self._unwritten: tuple[datetime | None, str] | None = None

    def look(self) -> None:
        """
        Raise the mark, or hold everything when the store has fallen below it.

        The mark is as new as the last look: what was forgotten since then
        goes unnoticed. Any number of processes may look at once.

        Raises:
            StoreUnavailable, StoreRefused: Nothing was compared.
        """
        if self._unwritten:
            self._lose()
        seen, known = self._both()
        doubt = _doubt(seen, known)
        if seen and doubt:
            self._stop(doubt, seen)
        elif seen != _Mark(known.id, known.seq):
            self._write(known)

    def doubt(self) -> str:
        """
        What the store has forgotten that this machine remembers; "" for nothing.

        Raises:
            StoreUnavailable, StoreRefused: Nothing was compared.
        """
        return _doubt(*self._both())

    def _both(self) -> tuple[_Mark | None, Epoch]:
        # The file first: what it says was true of the store before we ask the store.
        return self._read(), self._epochs.read()

    def _stop(self, reason: str, seen: _Mark) -> None:
        if self._holds.of(EVERYTHING, WITNESS):
            return
        # Read before anything moves on, and written after the hold: a full store takes only that.
        last = self._accounts.last_moment()
        self._holds.set(EVERYTHING, owner=WITNESS, who="tidemark", reason=reason)
        self._unwritten = last, seen.era
        self._lose()

    def _lose(self) -> None:
        """Record what was lost, for `dialer recover`; when refused, with the next look."""
        if self._unwritten and self._holds.of(EVERYTHING, WITNESS):
            last, era = self._unwritten
            try:
                self._epochs.lose(last)
                self._epochs.miss(era)
            except StoreRefused as error:
                log.warning("what an older copy remembers last is not on record yet: %s", error)
                return
        self._unwritten = None

    def _read(self) -> _Mark | None:
        try:
            found = _MARK.fullmatch(self._file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return _Mark(found["era"], int(found["seq"])) if found else None

    def _write(self, era: Epoch) -> None:
        if not _MARK.fullmatch(f"{era.id} {era.seq}"):
            return
        try:
            write_note(self._file, f"{era.id} {era.seq}")
        except OSError as error:
            if not self._complained:
                log.warning(
                    "%s: cannot be written: %s; a store that was emptied or restored would not be"
                    " noticed when everything is restarted",
                    self._file.parent,
                    error.strerror,
                )
            self._complained = True


def _doubt(seen: _Mark | None, known: Epoch) -> str:
    if seen is None or not seen.seq or seen.era in known.joined:
        return ""
    if seen.era != known.id:
        return (
            f"this is another store than before, or it was emptied: {seen.seq} moves of the one"
            f" before were seen on this machine, this one knows {known.seq}; calls made there would"
            " be made again: dialer recover --who NAME, also when that was done on purpose"
        )
    if known.seq < seen.seq:
        return (
            f"the store is an older copy: move {seen.seq} was seen on this machine, it knows"
            f" {known.seq}; calls made since would be made again: dialer recover --who NAME"
        )
    return ""


def place_of(redis_url: str | None) -> str:
    """Name of a store in a machine's memory; the embedded ones of a folder are one."""
    return str(Address.parse(redis_url)) if redis_url else "embedded"
