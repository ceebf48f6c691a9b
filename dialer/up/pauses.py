"""
How long a process that died stays down.
"""

from datetime import timedelta
from typing import Final

#: Something that died once is back within a second.
FIRST: Final = timedelta(milliseconds=500)
#: Something that dies each time is tried again four times a minute.
CAP: Final = timedelta(seconds=15)
#: Whoever lived this long is well, and its next death is the first one again.
WELL: Final = timedelta(seconds=30)
_FACTOR: Final = 2


def next_pause(last: timedelta | None, lived: timedelta) -> timedelta:
    """
    Give the pause before the next start: twice the last one, up to a cap.

    Args:
        last: The pause before the life that has just ended; None before the first.
        lived: How long that life was; zero when it could not even be started.
    """
    if last is None or lived >= WELL:
        return FIRST
    return min(last * _FACTOR, CAP)
