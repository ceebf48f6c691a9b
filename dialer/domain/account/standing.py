"""Standing of an account: its limits in force, and how much of them is used."""

from dataclasses import dataclass
from datetime import datetime

from dialer.domain.account.limits import Limits


@dataclass(frozen=True, slots=True)
class Standing:
    """
    An account at one moment.

    Attributes:
        limits: In force now: the settings with the stored limits over them.
        stored: The stored limits by name.
        rate_share: Share of the rate that is allowed after a cut, 0.1 to 1.
        posting: POSTs on the wire.
        live: Calls that may be going on.
        breaker: "closed", "open", or "damaged": the stored account cannot be read, so
            nothing is dialled.
        next_probe: When the open breaker probes next.
        next_slot: When the meter allows the next call; in the past when now.
        used_per_second: Calls started each second of the last minute, on average.
    """

    limits: Limits
    stored: dict[str, str]
    rate_share: float
    posting: int
    live: int
    breaker: str
    next_probe: datetime | None
    next_slot: datetime
    used_per_second: float
