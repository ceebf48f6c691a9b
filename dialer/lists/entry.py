"""One entry of a list: a row that could be read, or the rules that it breaks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

from dialer.errors import DialerError
from dialer.text.characters import visible

#: What errors quote: the same rule is broken by every value in it.
_QUOTED = re.compile(r'^".*" |, not .*$|(?<= )".*?"(?: |(?=[,:;])|$)', re.DOTALL)


class ListError(DialerError):
    """Failure to read a list at all; no row of it was. The text says how to correct the file."""


@lru_cache(maxsize=1024)
def same_name(column: str) -> str:
    """Name of a column for comparison: composed, without invisible characters, one space."""
    return " ".join(normalize("NFC", visible(column)).split())


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of a table; *line* is that of its first character, from 1.

    Attributes:
        cells: Column -> text without spaces around, for the columns asked
            for; one that a JSON object lacks is absent.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    One row that was not taken; *line* is that of its first character, from 1.

    Attributes:
        column: The column of the list at fault; "" for the row as a whole.
        rule: A sentence without its subject; may quote the value.
        reason: A word for programs: the parameter of the call, "zone",
            "customer", "row" (it could not be read) or "duplicate".
        value: Content of the column, or of the row as a whole; a person's number, perhaps.
        others: Further (column, rule) pairs of the same row.
    """

    line: int
    column: str
    rule: str
    reason: str = "row"
    value: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Text for a person: "line 7: phone: holds letters; write ten digits"."""
        return f"line {self.line}: {self.column}{': ' if self.column else ''}{self.rules}"

    @property
    def rules(self) -> str:
        """Every broken rule of the row, the column of the first left out."""
        rest = (f"{column}: {rule}" if column else rule for column, rule in self.others)
        return "; and ".join((self.rule, *rest))

    @property
    def kind(self) -> str:
        """Reason and rule without the value, to count by: "to: holds letters; write ten digits"."""
        return f"{self.reason}: {_QUOTED.sub('', self.rule).strip()}"
