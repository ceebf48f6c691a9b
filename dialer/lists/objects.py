"""
The rows of a JSONL file: one JSON object a line, column -> value.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NoReturn

from dialer.lists.entry import Rejected, Row
from dialer.lists.physical import read_line


class _TwiceError(ValueError):
    """A column stands twice in one object."""


def read_objects(
    lines: Iterable[tuple[int, bytes]], wanted: Collection[str]
) -> Iterator[Row | Rejected]:
    """
    Yield each object as a row; blank lines are skipped.

    Texts and whole numbers are taken as they stand, booleans as "true" and
    "false", arrays of those joined by ",", null as absent.

    Args:
        lines: Numbered, with or without their ends.
        wanted: The columns to read; what others hold does not matter.
    """
    for number, line in lines:
        if not line.strip():
            continue
        column = ""
        try:
            row = _object(read_line(line))
            cells = {}
            for column in wanted:
                if row.get(column) is not None:
                    cells[column] = _text(row[column])
        except ValueError as error:
            yield Rejected(number, column, str(error))
        else:
            yield Row(number, cells)


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except _TwiceError:
        raise
    except RecursionError:
        raise ValueError("is not a JSON object: nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not a JSON object: {error.msg} at column {error.colno}") from None
    except ValueError:  # NaN, or an integer longer than Python reads
        raise ValueError("is not a JSON object: holds what is no number") from None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object in braces")  # noqa: TRY004 - readers promise ValueError
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _TwiceError("names a column twice")
    return row


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_scalar, value))
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).strip()
    raise ValueError("must hold text, a whole number, true or false, or a list of those")
