"""Redial rules of one campaign, beside the backoffs of `[retry]`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Self

from dialer.errors import InvalidCampaign
from dialer.text.duration import format_duration, parse_duration
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
        """
        Read what `to_json` wrote; "" for a call of no campaign.

        Raises:
            InvalidCampaign: Any other text, perhaps of another version of this
                program, whose rules must not be guessed.
        """
        if not text:
            return cls()
        try:
            return cls._from_raw(**json.loads(text))
        except (AttributeError, TypeError, ValueError, RecursionError):
            raise InvalidCampaign([("redial rules", "cannot be read")]) from None

    @classmethod
    def _from_raw(
        cls, *, max_tries: int | None, delays: dict[str, str], not_same_day: list[str], zone: str
    ) -> Self:
        if max_tries is not None and (type(max_tries) is not int or max_tries < 1):
            raise ValueError("max_tries: must be a whole number, 1 or more")
        if not isinstance(not_same_day, list):
            raise TypeError("not_same_day: must be a list")
        zone_of(zone)
        read = {name: parse_duration(delay) for name, delay in delays.items()}
        return cls(max_tries, read, frozenset(not_same_day), zone)

    def delay(self, backoff: str, usual: timedelta, *, now: datetime, rng: Random) -> timedelta:
        """Return the wait under *backoff*, where `[retry]` alone gives *usual*; *now* is aware."""
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
