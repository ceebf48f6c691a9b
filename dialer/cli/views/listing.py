"""Listings: one description of columns, shown as a table or as JSON lines."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dialer.cli import output
from dialer.domain.call.number import mask
from dialer.text.masking import mask as mask_words
from dialer.text.moment import local, rough

if TYPE_CHECKING:
    from rich.table import Table

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Look:
    """
    The way things are shown.

    Attributes:
        now: Up to which ages are counted.
        zone: In which people read times.
        reveal: Show numbers unmasked.
        json: One JSON object a line, instead of a table.
    """

    now: datetime
    zone: str = "UTC"
    reveal: bool = False
    json: bool = False

    def age(self, moment: datetime | None) -> str:
        """Write the time since a moment; "" for an unknown one."""
        return rough(self.now - moment) if moment else ""

    def at(self, moment: datetime | None) -> str:
        """Write a moment for people; "" for an unknown one."""
        return local(moment, self.zone) if moment else ""

    def words(self, text: str) -> str:
        """Return free text, with the numbers in it masked."""
        return text if self.reveal else mask_words(text)

    def number(self, number: str) -> str:
        """Return a phone number, masked."""
        return number if self.reveal else mask(number)


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """
    One column of a listing.

    Attributes:
        name: Its field in JSON; "" for people only.
        value: Reads the field's value, or the path of the attribute that is; *name* unless
            given. A moment stays one.
        head: Its head in a table, ">" first sets it to the right; "" for programs only.
        cell: Writes its cell in a table; the value as text unless given.
        fold: It may take several lines of a table.
    """

    name: str
    value: Callable[[Row, Look], Any] | str = ""
    head: str = ""
    cell: Callable[[Row, Look], str] | None = None
    fold: bool = False

    def field(self, row: Row, look: Look) -> Any:
        """Return the value for a program."""
        if callable(self.value):
            return self.value(row, look)
        return attrgetter(self.value or self.name)(row)

    def text(self, row: Row, look: Look) -> str:
        """Write the cell for people."""
        return self.cell(row, look) if self.cell else str(self.field(row, look))


def seconds(length: timedelta | None) -> float | None:
    """Write a length for a program, to the millisecond."""
    return None if length is None else round(length.total_seconds(), 3)


def opening(is_open: bool, until: datetime | None, zone: str) -> str:  # noqa: FBT001 - of one thing
    """Write hours for a person: "open until 2026-11-24 21:00:00 IST"."""
    state = "open" if is_open else "closed"
    return f"{state} until {local(until, zone)}" if until else f"always {state}"


def written(name: str, head: str = "", *, fold: bool = False) -> Column[Any]:
    """Make a column of free text: numbers in it are masked."""
    return Column(name, lambda row, look: look.words(getattr(row, name)), head, fold=fold)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """Columns in the order of the JSON fields; a table has those with a head."""

    columns: tuple[Column[Row], ...]

    def fields(self, row: Row, look: Look) -> dict[str, Any]:
        """List the fields of one thing for a program."""
        return {column.name: column.field(row, look) for column in self.columns if column.name}

    def table(self, rows: Sequence[Row], look: Look) -> "Table":
        """Lay out the rows for people; at least one."""
        shown = [column for column in self.columns if column.head]
        cells = [[column.text(row, look) for column in shown] for row in rows]
        fold = next((column.head for column in shown if column.fold), "").removeprefix(">")
        return output.table([column.head for column in shown], cells, fold=fold)

    def show(self, rows: Iterable[Row], look: Look) -> int:
        """Print all rows, JSON lines as they come, and return their count."""
        if look.json:
            count = 0
            for count, row in enumerate(rows, 1):  # noqa: B007 - counted while it streams
                output.emit(self.fields(row, look))
            return count
        if found := list(rows):
            output.draw(self.table(found, look))
            output.say()
        return len(found)
