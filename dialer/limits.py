"""
How fast and how much an account may dial.
"""

from dataclasses import dataclass
from datetime import timedelta

#: The units in which people write a rate, in seconds, the shortest first.
_UNITS = ((1, "s"), (60, "min"), (3600, "h"))


def pace(calls_per_second: float) -> str:
    """
    Write a rate as people do: "2/s", "12/min", "5/h"; the shortest unit of one call or more.
    """
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
        assumed_call: How long a call without a time limit is taken to last.
    """

    calls_per_second: float
    burst: int
    max_posting: int
    max_live_calls: int
    assumed_call: timedelta
