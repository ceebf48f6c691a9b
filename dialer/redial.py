"""
When the contacts of one campaign are tried again: its own rules beside those of `[retry]`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Self

from dialer.campaign import ZONES_JOIN, Campaign
from dialer.duration import format_duration, parse_duration
from schedules.zones import zone_of

#: What a campaign's own delay may grow by, so that calls which failed together part.
_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Redial:
    """
    A campaign's rules for a further attempt.

    Attributes:
        max_tries: Tries in all; None for `jobs.max_tries`.
        delays: By the name of the backoff (provider, agent, capacity): the
            least time until the next attempt.
        not_same_day: Backoffs after which a contact is left alone until
            midnight in `zone`.
        zone: IANA name; where the campaign's days begin.
    """

    max_tries: int | None = None
    delays: Mapping[str, timedelta] = field(default_factory=dict)
    not_same_day: frozenset[str] = frozenset()
    zone: str = "UTC"

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """Read the rules from a campaign's definition."""
        zone = campaign.time_zone.split(ZONES_JOIN)[0]
        delays: dict[str, timedelta] = dict(campaign.delays.items())
        return cls(campaign.max_tries, delays, frozenset(campaign.not_same_day), zone)

    def to_json(self) -> str:
        """Write the rules as the store keeps them."""
        return json.dumps(
            {
                "max_tries": self.max_tries,
                "delays": {name: format_duration(delay) for name, delay in self.delays.items()},
                "not_same_day": sorted(self.not_same_day),
                "zone": self.zone,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; "" for a call of no campaign."""
        if not text:
            return cls()
        raw = json.loads(text)
        delays = {name: parse_duration(delay) for name, delay in raw["delays"].items()}
        return cls(raw["max_tries"], delays, frozenset(raw["not_same_day"]), raw["zone"])

    def delay(self, backoff: str, usual: timedelta, *, now: datetime, rng: Random) -> timedelta:
        """
        Return how long a job waits.

        Args:
            backoff: Which kind of failure it was.
            usual: What `[retry]` makes of it.
            now: Aware.
            rng: Source of the spread.
        """
        wait = usual
        if backoff in self.delays:
            wait = self.delays[backoff] * (1 + _SPREAD * rng.random())
        if backoff in self.not_same_day:
            wait = max(wait, self._tomorrow(now) - now)
        return wait

    def _tomorrow(self, now: datetime) -> datetime:
        local = now.astimezone(zone_of(self.zone))
        # Midnight by the wall: the day may have 23 or 25 hours.
        return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


#: The rules of a call that belongs to no campaign.
NO_REDIAL = Redial()
