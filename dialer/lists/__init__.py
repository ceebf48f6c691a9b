"""
Lists of contacts as files: reading a CSV or JSONL table, and reporting rejected rows.

`physical` gives the lines of a stream, once `kinds` knows it for text; `records` and
`objects` give its rows, and `table` chooses between them. Of rows `rows` makes contacts,
`orders` calls, `numbers` a do-not-call list; `report` writes the rest down.
"""

from dialer.lists.entry import ListError, Rejected, Row
from dialer.lists.numbers import NumberList
from dialer.lists.orders import read_calls, read_orders
from dialer.lists.physical import Lines
from dialer.lists.report import ReportFile
from dialer.lists.rows import RowReader
from dialer.lists.table import Format, Table

__all__ = [
    "Format",
    "Lines",
    "ListError",
    "NumberList",
    "Rejected",
    "ReportFile",
    "Row",
    "RowReader",
    "Table",
    "read_calls",
    "read_orders",
]
