"""
Lists of contacts as files: reading a CSV or JSONL table, and reporting rejected rows.

`physical` gives the lines of a stream, once `kinds` knows it for text; `records` and
`objects` give its rows, and `table` chooses between them. Of rows `rows` makes contacts,
`orders` calls, `numbers` a do-not-call list; `report` writes the rest down. Each is loaded
when it is first used: a command reads one kind of list, and most read none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Format": "table",
    "Lines": "physical",
    "ListError": "entry",
    "NumberList": "numbers",
    "Rejected": "entry",
    "ReportFile": "report",
    "Row": "entry",
    "RowReader": "rows",
    "Table": "table",
    "read_calls": "orders",
    "read_orders": "orders",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"dialer.lists.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
