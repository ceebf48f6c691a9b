"""The orders of a JSONL file: one call a line."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from dialer.domain.job.order import DEFAULT_ACCOUNT, NO_EXTRA, AllowedExtra, Order
from dialer.domain.job.order_reader import OrderReader
from dialer.errors import InvalidCall
from dialer.lists.entry import ListError
from dialer.lists.objects import parse_object
from dialer.lists.physical import Lines, read_line
from dialer.text.reading import shown


def read_calls(stream: BinaryIO) -> Lines:
    """Lines of a file of calls; ListError where it is no text, or a list of another kind."""
    lines = Lines(stream)
    if lines.first() and not re.search(rb"^[ \t]*\{", lines.head, re.MULTILINE):
        raise ListError(
            "no line of the file is a JSON object: one call a line; a list of contacts goes into a"
            " campaign: dialer campaign import"
        )
    return lines


def read_orders(
    lines: Iterable[tuple[int, bytes]],
    *,
    account: str = DEFAULT_ACCOUNT,
    allowed_extra: AllowedExtra = NO_EXTRA,
) -> Iterator[tuple[int, Order | InvalidCall]]:
    """
    Yield the number of each line with its order, or with the rules it breaks.

    Blank lines are skipped. Bad input never raises: a line that is no JSON object is an
    InvalidCall of the field "line". *account* is meant by lines that name none.
    """
    reader = OrderReader(allowed_extra)
    for number, line in lines:
        if not line.strip():
            continue
        try:
            raw = _object(line)
            if raw.get("account") is None:
                raw["account"] = account
            yield number, reader.read(raw)
        except InvalidCall as error:
            yield number, error


def _object(line: bytes) -> dict[str, Any]:
    try:
        return parse_object(read_line(line), _without_doubles)
    except ValueError as error:
        raise InvalidCall([("line", str(error))]) from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) == len(pairs):
        return read
    counted = Counter(name for name, _ in pairs)
    if doubled := [shown(name) for name, count in counted.items() if count > 1]:
        raise InvalidCall([(name, "is given twice") for name in doubled])
    return read
