"""An account's limits: rate, burst, and calls at once."""

import re
from dataclasses import dataclass
from datetime import timedelta

#: The units in which people write a rate, in seconds, the shortest first.
_UNITS = ((1, "s"), (60, "min"), (3600, "h"))
_PACE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/(s|m|min|h))?")


def parse_pace(text: str) -> float:
    """Read a rate, "2", "2/s", "12/min" or "5/h", as calls per second; 0.0 where it is none."""
    match = _PACE.fullmatch(text)
    if match is None:
        return 0.0
    unit = {None: "s", "m": "min"}.get(match[2], match[2])
    return float(match[1]) / next(seconds for seconds, name in _UNITS if name == unit)


def pace(calls_per_second: float) -> str:
    """Write a rate: "2/s", "12/min", "5/h"; the shortest unit of one call or more."""
    seconds, unit = next(
        (one for one in _UNITS if calls_per_second == 0 or calls_per_second * one[0] >= 1),
        _UNITS[-1],
    )
    return f"{calls_per_second * seconds:.4g}/{unit}"


@dataclass(frozen=True, slots=True)
class Limits:
    """
    An account's limits, as configured or as stored by `dialer account set`.

    Attributes:
        calls_per_second: Calls that may start each second, > 0.
        burst: Calls that may start at once after a quiet time, >= 1.
        max_posting: POSTs on the wire at once, >= 1.
        max_live_calls: Calls that may be going on at once; 0 for no limit.
        assumed_call: Assumed length of a call without a time limit.
    """

    calls_per_second: float
    burst: int
    max_posting: int
    max_live_calls: int
    assumed_call: timedelta
