"""
What protects one customer from too many calls.
"""

from datetime import timedelta

from pydantic import Field, field_validator

from dialer.customer import LONGEST_RING, CustomerRules
from dialer.duration import Duration, Pause, format_duration
from dialer.settings.section import Section
from schedules.presets import Cap


class Customer(Section):
    """
    How often one customer may be called, over all accounts, campaigns and direct calls.

    Attributes:
        gap: The least time between two calls to one number, at least as long as
            a phone can ring, so that they never ring together; "0s" for none.
        max_rings: The most rings in each period; the provider's own retries
            count. 0 means not limited.
        per: The period, which slides: no calendar days.
    """

    gap: Pause = timedelta(minutes=1)
    max_rings: int = Field(default=0, ge=0, le=1000)
    per: Duration = timedelta(hours=24)

    @field_validator("gap")
    @classmethod
    def _longer_than_a_ring(cls, gap: timedelta) -> timedelta:
        if timedelta() < gap < LONGEST_RING:
            longest = format_duration(LONGEST_RING)
            raise ValueError(f'must be "0s", or at least {longest}, as long as a phone can ring')
        return gap

    @property
    def rules(self) -> CustomerRules:
        """The same as the value that the store works with."""
        return CustomerRules(self.gap, (Cap(self.max_rings, self.per),) if self.max_rings else ())
