"""Sizes as people write them: "64KiB", "16MiB", "1GiB"."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_WRITTEN = re.compile(r"([1-9][0-9]{0,5})(KiB|MiB|GiB)")


def parse_size(text: object) -> int:
    """Read a whole number and a unit, `KiB`, `MiB` or `GiB`, as bytes; ValueError for any other."""
    match = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a whole number and a unit, like "64KiB", "16MiB" or "1GiB"')
    return int(match[1]) * _UNITS[match[2]]


def format_size(size: int) -> str:
    """Write a size in the largest unit that divides it; what is less than 1 KiB is dropped."""
    unit = next((name for name in reversed(_UNITS) if size % _UNITS[name] == 0), "KiB")
    return f"{size // _UNITS[unit]}{unit}"


#: Bytes, as a setting.
Size = Annotated[
    int,
    BeforeValidator(lambda value: value if isinstance(value, int) else parse_size(value)),
    PlainSerializer(format_size, return_type=str, when_used="json"),
]
