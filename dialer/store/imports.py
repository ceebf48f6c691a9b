"""Imports in the store: what became of lists that were uploaded, and of rows not taken."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dialer.store.redis.failures import translated
from dialer.store.redis.notation import stamp
from dialer.store.redis.server import Noun

#: An import is remembered for so long.
KEPT: Final = timedelta(days=7)
#: Of rows that were not taken so many are kept, of each kind.
MOST_ROWS: Final = 10_000


class Imports(Noun):
    """Records of imports; they decide nothing, so nothing of them is a step of a script."""

    def write(self, import_id: str, fields: Mapping[str, str | int]) -> None:
        """Write fields of an import, and that there was news of it now."""
        key = self._keys.imported(import_id)
        now = stamp(self._server.time())
        with translated(), self._client.pipeline(transaction=True) as pipe:
            pipe.hset(key, mapping={**fields, "heard_us": now})
            pipe.expire(key, KEPT)
            pipe.execute()

    def add_rows(self, import_id: str, kind: str, rows: list[str]) -> None:
        """Keep rows that were not taken, JSON each, as far as there is room."""
        key = self._keys.imported_rows(import_id, kind)
        with translated(), self._client.pipeline(transaction=True) as pipe:
            pipe.rpush(key, *rows)
            pipe.ltrim(key, 0, MOST_ROWS - 1)
            pipe.expire(key, KEPT)
            pipe.execute()

    def read(self, import_id: str) -> dict[str, str]:
        """Fields of an import; empty for none."""
        found: dict[str, str] = self._client.hgetall(self._keys.imported(import_id))
        return found

    def rows(self, import_id: str, kind: str, first: int, count: int) -> list[str]:
        """Some of the rows that were not taken, JSON each, from the *first*, which is 0, on."""
        key: Any = self._keys.imported_rows(import_id, kind)
        found: list[str] = self._client.lrange(key, first, first + count - 1)
        return found
