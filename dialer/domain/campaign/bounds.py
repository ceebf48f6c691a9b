"""Bounds of the pace of calls: rates, bursts, and calls at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Self

from dialer.domain.account.limits import Limits

#: Whose limit of calls that are going on it is: that of the account, of the campaign itself, or
#: of those who are rung first.
Whose = Literal["account", "campaign", "agents"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    Bounds of a campaign's calls, were they the account's only ones; or of direct calls.

    Attributes:
        rates: Calls that may begin each second, by each meter; at least one, all > 0.
        burst: Calls that may begin at once after a quiet time, by the first of these.
        at_once: Calls that may be going on at once, where that is limited.
    """

    rates: tuple[float, ...]
    burst: int
    at_once: Mapping[Whose, float]

    @classmethod
    def of(
        cls,
        limits: Limits,
        own_rate: float | None,
        own_live: int = 0,
        agents: float = 0,
        *,
        share: float = 1.0,
    ) -> Self:
        """
        Gather the bounds of a campaign.

        Args:
            limits: Those of its account.
            own_rate: Its own calls a second; None for the account's alone.
            own_live: Its own calls that may be going on; 0 for no bound.
            agents: Calls that the agents rung first may have; 0 for no bound.
            share: The part of the account's rate that is allowed after a cut.
        """
        at_once: dict[Whose, float] = {
            "account": limits.max_live_calls,
            "campaign": own_live,
            "agents": agents,
        }
        rate = limits.calls_per_second * share
        return cls(
            rates=(rate, own_rate) if own_rate else (rate,),
            burst=limits.burst,
            at_once={whose: most for whose, most in at_once.items() if most},
        )

    @property
    def rate(self) -> float:
        """Calls that may begin each second."""
        return min(self.rates)

    @property
    def most(self) -> float:
        """Calls that may be going on at once; 0 for no limit."""
        return min(self.at_once.values(), default=0)


def starts_per_second(rate: float, most: float, length: timedelta) -> float:
    """Return how many calls of *length* may begin each second, *most* at once; 0 for no limit."""
    return min(rate, most / max(1.0, length.total_seconds())) if most else rate
