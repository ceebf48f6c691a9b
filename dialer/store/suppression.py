"""
Do-not-call: numbers nobody may ring, read at the instant of dialling.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from dialer.store.server import Server, instant, one_line, translated

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Suppressed:
    """
    One entry of a do-not-call list.

    Attributes:
        number: E.164.
        account: The account it holds for; None for all.
        who: Who put it there.
        reason: Why.
        since: When.
    """

    number: str
    account: str | None
    who: str
    reason: str
    since: datetime | None


class Suppression:
    """
    The do-not-call lists: one for everybody, one an account.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def add(self, numbers: Iterable[str], *, account: str | None, who: str, reason: str) -> int:
        """
        Put numbers on a list; when this returns no `begin` takes them any more.

        Args:
            numbers: E.164; already listed ones keep their entry.
            account: Only for this account; None for all.
            who: Who asks for it.
            reason: Why.

        Returns:
            How many were not on the list before.
        """
        return self._change("add", numbers, account, who, reason)

    def remove(self, numbers: Iterable[str], *, account: str | None, who: str, reason: str) -> int:
        """
        Take numbers off a list; who did it, and why, stays on record.

        Returns:
            How many were on it.
        """
        return self._change("remove", numbers, account, who, reason)

    def released(self, number: str) -> list[Suppressed]:
        """
        Find when a number was taken off a list, by whom and why, the last time first.

        Args:
            number: E.164; of all numbers, the last 10,000 releases are known.
        """
        with translated():
            lines = self._server.client.lrange(self._server.keys.released, 0, -1)
        entries = (json.loads(line) for line in lines)
        return [
            Suppressed(
                number, one["account"] or None, one["who"], one["reason"], instant(one["at_us"])
            )
            for one in entries
            if one["number"] == number
        ]

    def find(self, number: str, account: str | None = None) -> list[Suppressed]:
        """
        Find the entries that keep *number* from being rung.

        Args:
            number: E.164.
            account: Look at this account's list too.
        """
        found = []
        for scope in [None, account] if account else [None]:
            with translated():
                value = self._server.client.hget(self._server.keys.do_not_call(scope), number)
            if value is not None:
                found.append(_entry(number, scope, value))
        return found

    def entries(self, account: str | None = None) -> Iterator[Suppressed]:
        """
        Read one list, in no particular order.
        """
        with translated():
            for number, value in self._server.client.hscan_iter(
                self._server.keys.do_not_call(account), count=_BATCH
            ):
                yield _entry(number, account, value)

    def _change(
        self, verb: str, numbers: Iterable[str], account: str | None, who: str, reason: str
    ) -> int:
        rest, changed = iter(numbers), 0
        words = one_line(who), one_line(reason)
        while batch := list(islice(rest, _BATCH)):
            seq, count = self._server.run("suppress", verb, account or "", *words, *batch)
            self._server.witness(seq)
            changed += int(count)
        return changed


def _entry(number: str, account: str | None, value: str) -> Suppressed:
    record = json.loads(value)
    return Suppressed(number, account, record["who"], record["reason"], instant(record["at_us"]))
