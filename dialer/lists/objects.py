"""The rows of a JSONL file: one JSON object a line, column -> value."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, NoReturn

from dialer.lists.entry import Rejected, Row, same_name
from dialer.lists.physical import as_written, read_line

_Pairs = list[tuple[str, Any]]

_TWICE: Final = object()


def read_objects(
    lines: Iterable[tuple[int, bytes]], wanted: Collection[str] | None
) -> Iterator[Row | Rejected]:
    """
    Yield each object as a row; blank lines are skipped.

    Texts and numbers are taken as they stand, booleans as "true" and "false",
    arrays of those joined by ",", null as absent. Each *wanted* column must be there
    once, others do not matter; None reads every column, objects as their JSON.
    """
    for number, line in lines:
        if not line.strip():
            continue
        column = ""
        try:
            pairs = _joining if wanted is None else _marking
            row = parse_object(read_line(line), pairs, parse_float=str)
            if wanted is None:
                cells = _all_cells(row)
            else:
                cells = {}
                for column in wanted:
                    value = row[column] if column in row else _alike(row, column)
                    if value is not None:
                        cells[column] = _text(value)
        except ValueError as error:
            yield Rejected(number, column, str(error), value=as_written(line))
        else:
            yield Row(number, cells)


def parse_object(
    line: str,
    pairs: Callable[[_Pairs], dict[str, Any]],
    *,
    parse_float: Callable[[str], Any] = float,
) -> dict[str, Any]:
    """
    JSON object of a line; ValueError, its text the rule alone, where it is none.

    *pairs* makes a dictionary of the names and values of an object; *parse_float* reads a number
    with a fraction or an exponent.
    """
    try:
        value = json.loads(
            line, object_pairs_hook=pairs, parse_constant=_no_number, parse_float=parse_float
        )
    except RecursionError:
        raise ValueError("is not a JSON object: nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not a JSON object: {error.msg} at column {error.colno}") from None
    except ValueError as error:  # NaN, or an integer longer than Python reads
        what = error if isinstance(error, _NoNumberError) else "holds an absurdly long number"
        raise ValueError(f"is not a JSON object: {what}") from None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object in braces")  # noqa: TRY004 - readers promise ValueError
    return value


class _NoNumberError(ValueError):
    """NaN or an infinity stands where JSON knows none."""


def _no_number(name: str) -> NoReturn:
    raise _NoNumberError(f"{name} is no number")


def _marking(pairs: _Pairs) -> dict[str, Any]:
    """Dictionary in which a name that was given twice has no value but that."""
    row = dict(pairs)
    if len(row) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        row |= {name: _TWICE for name in row if counted[name] > 1}
    return row


def _joining(pairs: _Pairs) -> dict[str, Any]:
    """Dictionary in which a name that was given twice has all its values."""
    row = dict(pairs)
    if len(row) < len(pairs):
        row = {}
        for name, value in pairs:
            row.setdefault(name, []).append(value)
    return row


def _alike(row: dict[str, Any], column: str) -> Any:
    """Value under a name that only looks like that of the column; None for nothing."""
    found = [row[name] for name in row if same_name(name) == same_name(column)]
    return _TWICE if len(found) > 1 else found[0] if found else None


def _all_cells(row: dict[str, Any]) -> dict[str, str]:
    cells = {}
    for name, value in row.items():
        try:
            if value is not None:
                cells[name] = _text(value)
        except ValueError:  # objects in it
            with suppress(RecursionError):
                cells[name] = json.dumps(value)
    return cells


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(_scalar, value))
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).strip()
    if value is _TWICE:
        raise ValueError("is given twice")
    raise ValueError("must hold text, a number, true or false, or a list of those")
