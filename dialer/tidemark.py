"""
The highest transition number that this machine has seen, on its own disk.

A process remembers what the store has shown it (`dialer.store.server`), and a
store that knows less is stopped. When every process was restarted too, only
what was left beside the store can tell that an older copy was put in its place.
"""

import logging
import re
from datetime import datetime
from pathlib import Path

from dialer.errors import StoreRefused
from dialer.owners import WITNESS
from dialer.running import RUNTIME_DIRECTORY, write_note
from dialer.store import Store
from dialer.store.census import Census
from dialer.store.eras import Eras
from dialer.store.holds import EVERYTHING

log = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{16}")


class Tidemark:
    """
    Notices at a worker's start, and then from time to time, that the store went back.

    Args:
        store: The store.
        directory: Where the marks are kept, one small file for each era of
            a store; made when it is needed.
    """

    def __init__(self, store: Store, directory: Path = RUNTIME_DIRECTORY / "tidemark") -> None:
        self._store = store
        self._eras = Eras(store.server)
        self._directory = directory
        self._complained = False
        self._unwritten: datetime | None = None

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
        era = self._eras.read().id
        # The file first: what it says was true of the store before we ask the store again.
        seen, known = self._read(era), self._eras.read()
        if known.id != era or not _ID.fullmatch(era):
            return
        if known.seq < seen:
            self._stop(seen, known.seq)
        elif known.seq > seen:
            self._write(era, known.seq)

    def _stop(self, seen: int, seq: int) -> None:
        if self._held():
            return
        # Read before anything moves on, and written after the hold: a full store takes only that.
        last = Census(self._store.server).last_moment()
        reason = (
            f"the store is an older copy: move {seen} was seen on this machine, it knows {seq};"
            " calls made since would be made again: dialer recover --who NAME"
        )
        self._store.holds.set(EVERYTHING, owner=WITNESS, who="tidemark", reason=reason)
        self._unwritten = last
        self._lose()

    def _lose(self) -> None:
        """Put on record what the copy remembers last; when that is refused, with the next look."""
        if self._held():
            try:
                self._eras.lose(self._unwritten)
            except StoreRefused as error:
                log.warning("what an older copy remembers last is not on record yet: %s", error)
                return
        self._unwritten = None

    def _held(self) -> bool:
        holds = self._store.holds.all()
        return any(hold.scope == EVERYTHING and hold.owner == WITNESS for hold in holds)

    def _read(self, era: str) -> int:
        try:
            return int((self._directory / era).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _write(self, era: str, seq: int) -> None:
        try:
            write_note(self._directory / era, str(seq))
        except OSError as error:
            if not self._complained:
                log.warning(
                    "%s: cannot be written: %s; a restored copy of the store would not be"
                    " noticed when everything is restarted",
                    self._directory.absolute(),
                    error.strerror,
                )
            self._complained = True
