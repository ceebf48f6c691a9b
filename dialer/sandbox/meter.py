"""
How fast one account may ask: a token bucket, kept as one moment in time.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Meter:
    """
    The bucket of one account.

    Attributes:
        full_at: When the bucket is full again; charging moves it on.
    """

    full_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    def charge(self, now: datetime, *, rate: float, burst: int, queue: bool) -> timedelta:
        """
        Take one token of *burst*, refilled at *rate* a second.

        Returns:
            How long to wait: zero when there was a token. Otherwise nothing was
            taken, unless *queue*, which takes a token that is still to come.
        """
        gap = timedelta(seconds=1) / rate
        filled = max(self.full_at, now)
        wait = max(filled - now - gap * (burst - 1), timedelta(0))
        if not wait or queue:
            self.full_at = filled + gap
        return wait
