"""The do-not-call lists: add numbers, remove them, look one up, import a file of them."""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest

from dialer.domain.call.customer import Suppressed
from dialer.domain.call.number import numbers_in, read_number
from dialer.errors import InvalidRequest
from dialer.lists import NumberList, Rejected
from dialer.services.operations.holds import UNEXPLAINED
from dialer.settings import Settings
from dialer.store import Store

#: Of numbers that were read before.
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")


def read_numbers(text: str) -> list[str]:
    """
    Read the numbers in a text: of one that can be read in two ways, both.

    Raises:
        InvalidCall: It holds no number.
    """
    return numbers_in(text) or [read_number(text)]


@dataclass(frozen=True, slots=True)
class Lookup:
    """
    Entries of one number (E.164) on the lists.

    Of a number without any, *released* is its last removal; None for never.
    """

    number: str
    entries: Sequence[Suppressed]
    released: Suppressed | None


@dataclass(frozen=True, slots=True)
class Import:
    """Counts of an import: numbers *added*, those *listed* before, rows without a number."""

    added: int
    listed: int
    rejected: int


@dataclass(frozen=True, slots=True)
class SuppressionService:
    """Changes and reads the do-not-call lists: one for everybody, one an account."""

    store: Store
    settings: Settings
    who: str

    def check_account(self, account: str | None) -> None:
        """
        Refuse an account that does not exist: a number on its list would be rung all the same.

        Raises:
            SettingsError: There is none of this name.
        """
        if account is not None:
            self.settings.account(account)

    def add(
        self,
        numbers: Iterable[str],
        *,
        reason: str,
        account: str | None = None,
        expires: datetime | None = None,
        source: str = "",
    ) -> int:
        """
        Put numbers on a list; when this returns no call to them starts.

        Args:
            numbers: As people write them, landlines too; of a text that can be read in two
                ways both go in.
            reason: Why.
            account: Only for calls through this account; all of them when None.
            expires: When they are off it again; None for never. The later of two times holds.
            source: Where they come from, such as the name of a register.

        Returns:
            How many were not on it before.

        Raises:
            InvalidCall, InvalidRequest: One of them is no number, or *expires* has passed;
                nothing was changed.
            SettingsError: There is no such account.
        """
        read = list(_each(numbers, read_numbers))
        return self._add(read, reason, account, expires, source)

    def _add(
        self,
        numbers: Iterable[str],
        reason: str,
        account: str | None,
        expires: datetime | None,
        source: str,
    ) -> int:
        self.check_account(account)
        if expires is not None and expires <= self.store.now():
            raise InvalidRequest("expires_at", "has passed")
        return self.store.suppression.add(
            numbers,
            account=account,
            who=self.who,
            reason=reason or UNEXPLAINED,
            expires=expires,
            source=source,
        )

    def remove(self, numbers: Iterable[str], *, reason: str, account: str | None = None) -> int:
        """
        Take numbers off a list; who did it, and why, stays on record.

        Returns:
            How many were on it.

        Raises:
            InvalidCall, InvalidRequest: One is no number beyond doubt; nothing was changed.
            SettingsError: There is no such account.
        """
        self.check_account(account)
        read = list(_each(numbers, lambda text: [read_number(text)]))
        return self.store.suppression.remove(read, account=account, who=self.who, reason=reason)

    def add_list(
        self,
        rows: NumberList,
        *,
        reason: str,
        account: str | None = None,
        expires: datetime | None = None,
        source: str = "",
        refused: Callable[[Rejected], None] = lambda _row: None,
    ) -> Import:
        """
        Put all numbers of a file on a list, as they are read; doing it again adds nobody twice.

        *refused* is called with each row that holds no number.

        Raises:
            ListError: It is no list; numbers read before stay added.
            SettingsError: There is no such account.
        """
        taken = rejected = 0

        def numbers() -> Iterator[str]:
            nonlocal taken, rejected
            for row in rows:
                if isinstance(row, Rejected):
                    rejected += 1
                    refused(row)
                else:
                    taken += len(row[1])
                    yield from row[1]

        added = self._add(numbers(), reason, account, expires, source)
        return Import(added, taken - added, rejected)

    def look_up(self, number: str, account: str | None = None) -> Lookup:
        """Say whether a number is on everybody's list, or on an account's too."""
        self.check_account(account)
        number = read_number(number)
        entries = self.store.suppression.find(number, account)
        released = None if entries else next(iter(self.store.suppression.released(number)), None)
        return Lookup(number, entries, released)

    def newest(
        self, account: str | None, count: int, secret: str, after: tuple[datetime, str] | None
    ) -> list[Suppressed]:
        """
        Read the entries that were added last, the last first; all of the list is read.

        Args:
            account: Whose list; everybody's when None.
            count: Entries, at most.
            secret: As for `place_of`.
            after: Place of the last entry of the page before; None for the first page.
        """
        entries = self.store.suppression.entries(account)
        fitting = (one for one in entries if after is None or place_of(one, secret) < after)
        return nlargest(count, fitting, key=lambda one: place_of(one, secret))

    def entries(self, account: str | None = None) -> Iterator[Suppressed]:
        """Read everybody's list, or an account's own, in no particular order."""
        return self.store.suppression.entries(account)


def place_of(entry: Suppressed, secret: str) -> tuple[datetime, str]:
    """Return what the list is ordered by: no number can be read or guessed from it."""
    digest = hmac.new(secret.encode(), entry.number.encode(), hashlib.sha256).hexdigest()
    return entry.since or datetime.min.replace(tzinfo=UTC), digest[:16]


def _each(numbers: Iterable[str], read: Callable[[str], list[str]]) -> Iterator[str]:
    """Read each number; one that a caller has read already is E.164, and stays as it is."""
    if isinstance(numbers, str):
        raise InvalidRequest("numbers", "is one text; give a list of numbers")
    for number in numbers:
        if isinstance(number, str) and _E164.fullmatch(number):
            yield number
        else:
            yield from read(str(number))
