"""
A length of time as people write it in JSON: "250ms", "30s", "5m", "24h".
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

_UNITS: Final = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}
_WRITTEN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")


def parse_duration(value: object) -> timedelta:
    """
    Read a duration, refusing bare numbers because they hide their unit.

    Raises:
        ValueError: *value* is neither a `timedelta` nor such a text, or is negative.
    """
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ValueError("a duration may not be negative")
        return value
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a duration such as "250ms", "30s", "5m" or "24h"')
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def write_duration(value: timedelta) -> str:
    """Write *value* so that `parse_duration` reads it again."""
    return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
