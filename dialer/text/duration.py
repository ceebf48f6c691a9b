"""Durations as people write them: "250ms", "30s", "5m", "24h", "7d"."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

#: Longest duration that is accepted; far inside what dates can be moved by.
LONGEST = timedelta(days=3650)

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_WRITTEN = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)")
_EXAMPLES = '"250ms", "30s", "5m", "24h" or "7d"'


def parse_duration(text: str) -> timedelta:
    """
    Read digits and a unit, `ms`, `s`, `m`, `h` or `d`, as a duration.

    Raises:
        ValueError: No unit, another form, or longer than ten years; the text shows how to
            write it.
    """
    if text.isdecimal():
        raise ValueError(f"is a number without a unit; write it like {_EXAMPLES}")
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"is no duration; write a whole number and a unit, like {_EXAMPLES}")
    count, unit = int(match[1]), _UNITS[match[2]]
    if count > LONGEST // unit:
        raise ValueError(f"is too long; the longest duration is {LONGEST.days}d")
    return count * unit


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that divides it; parts of a millisecond are dropped."""
    for unit in reversed(_UNITS):
        if duration and duration % _UNITS[unit] == timedelta():
            return f"{duration // _UNITS[unit]}{unit}"
    return f"{duration // _UNITS['ms']}ms"


def _from_setting(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool):
        raise ValueError("must not be true or false")  # noqa: TRY004 - pydantic collects only ValueError
    if isinstance(value, int | float):
        raise ValueError(f"is a number without a unit; write it like {_EXAMPLES}")  # noqa: TRY004 - pydantic collects only ValueError
    raise ValueError(f"must be a duration in quotes, like {_EXAMPLES}")


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta():
        raise ValueError("must be longer than nothing")
    return _not_too_long(duration)


def _not_too_long(duration: timedelta) -> timedelta:
    if duration > LONGEST:
        raise ValueError(f"is too long; the longest duration is {LONGEST.days}d")
    return duration


_AS_TEXT = PlainSerializer(format_duration, return_type=str, when_used="json")

#: A field of a settings section: text in the file, a positive timedelta in Python.
Duration = Annotated[timedelta, BeforeValidator(_from_setting), AfterValidator(_positive), _AS_TEXT]
#: The same for something that may be absent: "0s" is allowed.
Pause = Annotated[timedelta, BeforeValidator(_from_setting), AfterValidator(_not_too_long)]
