"""Reading a file of orders: one JSON object a line."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from dialer.errors import InvalidCall
from dialer.order import DEFAULT_ACCOUNT, NO_EXTRA, AllowedExtra, Order
from dialer.reading import shown

#: Longer than any line that makes sense; keeps a binary file from filling the memory with errors.
LONGEST_LINE: Final = 65_536


def read_lines(
    stream: Iterable[str | bytes],
    *,
    account: str = DEFAULT_ACCOUNT,
    allowed_extra: AllowedExtra = NO_EXTRA,
    landlines: bool = False,
) -> Iterator[tuple[int, Order | InvalidCall]]:
    """
    Yield for each line its number, from 1, and its order or what is wrong with it.

    Blank lines are skipped and counted; a byte order mark before the first is
    ignored. Bad input never raises: a line that is no JSON object is an
    InvalidCall of the field "line". Open files in binary mode, so that a byte
    that is no UTF-8 costs its own line only.

    Args:
        stream: Lines of text or of bytes, with or without their ends.

        account: The account of lines that name none.

        allowed_extra: As for `Order.parse`.

        landlines: As for `Order.parse`.
    """
    for number, line in enumerate(stream, start=1):
        try:
            text = _text(line, first=number == 1)
            if text:
                raw = _object(text)
                if raw.get("account") is None:
                    raw["account"] = account
                order = Order.parse(raw, allowed_extra=allowed_extra, landlines=landlines)
                yield number, order
        except InvalidCall as error:
            yield number, error


def _text(line: str | bytes, *, first: bool) -> str:
    if len(line) > LONGEST_LINE:
        raise _bad_line(f"is longer than {LONGEST_LINE} characters")
    try:
        text = line.decode() if isinstance(line, bytes) else line
        text.encode()
    except UnicodeError:
        raise _bad_line("is not UTF-8 text") from None
    return (text.removeprefix("\ufeff") if first else text).strip()


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except RecursionError:
        raise _bad_line("is not a JSON object: nested too deep") from None
    except json.JSONDecodeError as error:
        raise _bad_line(f"is not a JSON object: {error.msg} at column {error.colno}") from None
    except ValueError:  # an integer longer than Python reads
        raise _bad_line("is not a JSON object: holds an absurdly long number") from None
    if not isinstance(value, dict):
        raise _bad_line("is not a JSON object in braces")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counted = Counter(name for name, _ in pairs)
    if doubled := [shown(name) for name, count in counted.items() if count > 1]:
        raise InvalidCall([(name, "is given twice") for name in doubled])
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise _bad_line(f"is not a JSON object: {name} is no number")


def _bad_line(rule: str) -> InvalidCall:
    return InvalidCall([("line", rule)])
