"""
Lists of contacts as files: reading a CSV or JSONL table, and reporting what was not taken.

`physical` gives the lines of a stream, `records` and `objects` its rows,
`table` chooses between them, `rows` makes contacts, `report` writes the rest down.
"""

from dialer.lists.entry import ListError, Rejected, Row
from dialer.lists.report import ReportFile
from dialer.lists.rows import RowReader
from dialer.lists.table import Format, Table

__all__ = ["Format", "ListError", "Rejected", "ReportFile", "Row", "RowReader", "Table"]
