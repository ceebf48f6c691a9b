"""
How often one customer may be called, whoever asks for it.
"""

from dataclasses import dataclass
from datetime import timedelta

from schedules.presets import Cap

_US = timedelta(microseconds=1)
#: The longest one ring lasts. Source: the vendor's page, fromRingTime and toRingTime.
LONGEST_RING = timedelta(seconds=50)


@dataclass(frozen=True, slots=True)
class CustomerRules:
    """
    What protects one number over all accounts, campaigns and direct calls.

    Attributes:
        gap: The least time between the latest moment at which the last ring of
            one call could begin and the start of the next call.
        caps: The most rings in each sliding period; a call reserves one ring
            for each time the provider may ring, its retries included.
    """

    gap: timedelta
    caps: tuple[Cap, ...] = ()

    def as_words(self) -> str:
        """
        Write the rules as `customer.lua` reads them.
        """
        return f"{self.gap // _US} {self.caps_as_words()}"

    def caps_as_words(self) -> str:
        """
        Write the caps alone, as `customer.lua` reads those of a campaign.
        """
        return ",".join(f"{cap.calls}/{cap.per // _US}" for cap in self.caps)


#: No rule at all.
UNPROTECTED = CustomerRules(timedelta(0))
