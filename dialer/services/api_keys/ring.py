"""The keys that are valid now, as one process knows them."""

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from dialer.domain.api_key import ApiKey
from dialer.store import Store

#: `dlr_<prefix>_<secret>`.
KEY_FORM: Final = re.compile(r"dlr_([0-9A-Za-z]{1,32})_([0-9A-Za-z]{1,128})")
#: What a key of no record is compared with: it takes as long as one that is wrong.
_NOBODY: Final = "0" * 64
#: The book of keys is read again after so long; a revoked key ends by then.
_FRESH: Final = timedelta(seconds=2)
#: A key's last use is written down as often.
_NOTED: Final = timedelta(minutes=1)


def digest_of(key: str) -> str:
    """
    Return what is stored of a key.

    A secret of 256 random bits cannot be guessed, however fast the hash is: slow hashes are for
    passwords, which people choose.
    """
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class KeyRing:
    """
    Checks keys against the store's book of them, which it reads whole, at most every 2 s.

    All of it, and not the one that is asked for: so a key that is wrong, unknown or revoked
    costs the store nothing, and takes no other time than one that is right.
    """

    store: Store
    clock: Callable[[], float] = time.monotonic
    _keys: Mapping[str, ApiKey] = field(default_factory=dict)
    _read_at: float | None = None
    _now: datetime | None = None
    _noted: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def fresh(self) -> bool:
        """Whether the book need not be read again now."""
        return self._read_at is not None and self.clock() - self._read_at < _FRESH.total_seconds()

    def refresh(self) -> None:
        """
        Read the book of keys, unless somebody just did.

        Raises:
            StoreUnavailable: It could not be read; no key opens anything until it can.
        """
        with self._lock:
            if self.fresh:
                return
            began = self.clock()
            keys, now = self.store.api_keys.all(), self.store.now()
            # One that is over is like one that never was, also in the time that it takes.
            self._keys = {key.prefix: key for key in keys if key.valid(now)}
            self._now = now
            self._read_at = began

    def check(self, written: str) -> ApiKey | None:
        """Return the valid key that a text is; None for any other. Ask only when `fresh`."""
        match = KEY_FORM.fullmatch(written)
        known = self._keys.get(match[1]) if match else None
        right = hmac.compare_digest(digest_of(written), known.digest if known else _NOBODY)
        return known if known and right and known.valid(self._time()) else None

    def stands(self, key: ApiKey) -> bool:
        """Say whether a key that was valid still is. Ask only when `fresh`."""
        known = self._keys.get(key.prefix)
        return known is not None and known.valid(self._time())

    def to_note(self, key: ApiKey) -> bool:
        """Say whether this use of a key is to be written down: once a minute it is."""
        now = self.clock()
        if now - self._noted.get(key.prefix, float("-inf")) < _NOTED.total_seconds():
            return False
        self._noted[key.prefix] = now
        return True

    def note(self, key: ApiKey) -> None:
        """Write down that a key was used."""
        self.store.api_keys.note_use(key.prefix)

    def _time(self) -> datetime:
        """Time of the store, as far as it is known without asking."""
        if self._now is None or self._read_at is None:
            raise RuntimeError("refresh first")
        return self._now + timedelta(seconds=self.clock() - self._read_at)
