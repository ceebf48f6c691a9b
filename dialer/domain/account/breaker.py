"""An account's breaker: when it opens, and how it probes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from dialer.errors import MisfitError
from dialer.text.duration import Duration, format_duration
from dialer.text.reading import Number, Whole


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """
    Rules of an account's breaker; the section `[breaker]`.

    Attributes:
        faults_in_row: Consecutive faults that open it.
        share: Share of faults among the last `of_last` attempts that opens it too.
        of_last: Attempts counted for `share`.
        first_probe: The wait before the first probe.
        factor: Growth of the wait after each failed probe.
        cap: The longest wait between probes.
    """

    faults_in_row: Annotated[Whole, Field(ge=1, le=1000)] = 5
    share: Annotated[Number, Field(gt=0, le=1)] = 0.5
    of_last: Annotated[Whole, Field(ge=1, le=1000)] = 20
    first_probe: Duration = timedelta(seconds=5)
    factor: Annotated[Number, Field(ge=1, le=100)] = 2.0
    cap: Duration = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if self.cap < self.first_probe:
            rule = f"must be at least first_probe ({format_duration(self.first_probe)})"
            raise MisfitError({("cap",): rule})
