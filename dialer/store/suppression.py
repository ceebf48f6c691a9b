"""Do-not-call lists: numbers that must not be rung, read at the instant of dialling."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from itertools import islice

from dialer.domain.call.customer import Suppressed
from dialer.errors import StoreDamaged
from dialer.store.redis.failures import readable, translated
from dialer.store.redis.notation import instant, one_line, stamp
from dialer.store.redis.server import Noun

_BATCH = 500


class Suppression(Noun):
    """Do-not-call lists: one for all accounts, one for each."""

    def add(
        self,
        numbers: Iterable[str],
        *,
        account: str | None,
        who: str,
        reason: str,
        expires: datetime | None = None,
        source: str = "",
    ) -> int:
        """
        Add numbers, E.164, to a list, of all accounts for None; when this returns none is rung.

        Returns:
            How many are new; the others keep their entry, unless it *expires* earlier than this.
        """
        added = self._change("add", numbers, account, who, reason, expires=expires, source=source)
        self._server.await_leaving()
        return added

    def remove(self, numbers: Iterable[str], *, account: str | None, who: str, reason: str) -> int:
        """Take numbers off a list, with who and why on record; how many were on it."""
        return self._change("remove", numbers, account, who, reason)

    def released(self, number: str) -> list[Suppressed]:
        """Removals of *number*, E.164, from lists, the last first; 10,000 of all are kept."""
        lines = self._client.lrange(self._keys.released, 0, -1)
        releases = (_release(line) for line in lines)
        return [one for one in releases if one and one.number == number]

    def find(self, number: str, account: str | None = None) -> list[Suppressed]:
        """Entries that keep *number*, E.164, from being rung for all accounts and for *account*."""
        found = []
        for scope in [None, account] if account else [None]:
            value = self._client.hget(self._keys.do_not_call(scope), number)
            if value is not None:
                found.append(_entry(number, scope, value))
        return list(self._standing(found))

    def entries(self, account: str | None = None) -> Iterator[Suppressed]:
        """Entries of one list, in no particular order."""
        with translated():
            found = self._client.hscan_iter(self._keys.do_not_call(account), count=_BATCH)
            yield from self._standing(_entry(number, account, value) for number, value in found)

    def _standing(self, entries: Iterable[Suppressed]) -> Iterator[Suppressed]:
        now = cache(self._server.time)  # asked for only where an entry ends
        return (one for one in entries if one.expires is None or one.expires > now())

    def _change(
        self,
        verb: str,
        numbers: Iterable[str],
        account: str | None,
        who: str,
        reason: str,
        *,
        expires: datetime | None = None,
        source: str = "",
    ) -> int:
        rest, changed = iter(numbers), 0
        ask = {
            "verb": verb,
            "account": account or "",
            "who": one_line(who),
            "reason": one_line(reason),
            "expires_us": stamp(expires),
            "source": one_line(source),
        }
        while batch := list(islice(rest, _BATCH)):
            (count,) = self._server.run("suppress", {**ask, "numbers": batch})
            changed += int(count)
        return changed


def _release(line: str) -> Suppressed | None:
    try:
        with readable("a release"):
            one = json.loads(line)
            words = one["who"], one["reason"], instant(one["at_us"])
            return Suppressed(one["number"], one["account"] or None, *words)
    except StoreDamaged:
        return None


def _entry(number: str, account: str | None, value: str) -> Suppressed:
    """Entry of a list; one that cannot be read keeps its number from being rung all the same."""
    try:
        with readable(f"the do-not-call entry of {number}"):
            record = json.loads(value)
            since = instant(record["at_us"])
            words = str(record["who"]), str(record["reason"])
            ends, source = instant(record.get("expires_us")), str(record.get("source", ""))
            return Suppressed(number, account, *words, since, ends, source)
    except StoreDamaged:
        return Suppressed(number, account, "", "its entry cannot be read", None)
