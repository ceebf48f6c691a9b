"""Rules that protect one customer, and the do-not-call list."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.text.duration import format_duration
from dialer.text.moment import local
from schedules.presets import Cap

_US = timedelta(microseconds=1)
#: The longest one ring lasts. Source: the vendor's page, fromRingTime and toRingTime.
LONGEST_RING = timedelta(seconds=50)


@dataclass(frozen=True, slots=True)
class CustomerRules:
    """
    Protection of one number over all accounts, campaigns and direct calls.

    Attributes:
        gap: The least time between the latest moment at which the last ring of
            one call could begin and the start of the next call.
        caps: The most rings in each sliding period; a call reserves one ring
            for each time the provider may ring, its retries included.
    """

    gap: timedelta
    caps: tuple[Cap, ...] = ()

    def counted_in_words(self, since: datetime | None) -> str:
        """Say that the longest cap counts from *since* on alone; "" for None: no ring is lost."""
        if since is None:
            return ""
        cap = max(self.caps, key=lambda one: one.per)
        rings = f"{cap.calls} rings in {format_duration(cap.per)}"
        return f"the cap of {rings} counts from {local(since, 'UTC')} on: older rings were not kept"

    def caps_as_words(self) -> str:
        """Write the caps alone, as `customer.lua` reads those of a campaign."""
        return ",".join(f"{cap.calls}/{cap.per // _US}" for cap in self.caps)


#: No rule at all.
UNPROTECTED = CustomerRules(timedelta(0))


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    Earliest ring of a job's customers under gap and caps.

    Attributes:
        since: Now or later; None when a cap leaves no room at all.
        rule: The rule that waits: gap, cap, do_not_call (of contacts only), or "" for none.
    """

    since: datetime | None
    rule: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """
    One entry of a do-not-call list.

    Attributes:
        number: E.164.
        account: None for all.
        who: Its author.
        expires: When it ends by itself; None for never.
        source: Where it comes from, such as the name of a register; "" for unsaid.
    """

    number: str
    account: str | None
    who: str
    reason: str
    since: datetime | None
    expires: datetime | None = None
    source: str = ""
