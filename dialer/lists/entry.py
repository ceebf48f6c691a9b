"""
One entry of a list: a row that could be read, or what is wrong with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dialer.errors import DialerError

#: What errors quote: the same rule is broken by every value in it.
_QUOTED = re.compile(r'^".*" |, not .*$|(?<= )".*?"(?: |(?=[,:;])|$)', re.DOTALL)


class ListError(DialerError):
    """A list cannot be read at all; no row of it was. The text says what to do with the file."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of a table.

    Attributes:
        line: The line of its first character, from 1.
        cells: Column -> text without spaces around, for the columns asked
            for; one that a JSON object lacks is absent.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    One row that was not taken, and why.

    Attributes:
        line: The line of its first character, from 1.
        column: The column of the list at fault; "" for the row as a whole.
        rule: What is wrong, as a sentence without its subject; may quote the value.
        reason: A word for programs: the parameter of the call, "zone",
            "customer", "row" (it could not be read) or "duplicate".
        value: What stands in the column; a person's number, perhaps.
        others: Further (column, rule) pairs of the same row.
    """

    line: int
    column: str
    rule: str
    reason: str = "row"
    value: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Write it for a person: "line 7: phone: holds letters; write ten digits"."""
        return f"line {self.line}: {self.column}{': ' if self.column else ''}{self.rules}"

    @property
    def rules(self) -> str:
        """All that is wrong with the row, the column of the first left out."""
        rest = (f"{column}: {rule}" if column else rule for column, rule in self.others)
        return "; and ".join((self.rule, *rest))

    @property
    def kind(self) -> str:
        """Reason and rule without the value, to count by: "to: holds letters; write ten digits"."""
        return f"{self.reason}: {_QUOTED.sub('', self.rule).strip()}"
