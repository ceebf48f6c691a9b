"""
A route: one account, ready to be dialled through.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.client import Endpoint
from dialer.customer import CustomerRules
from dialer.hours import OpeningHours
from dialer.limits import Limits


@dataclass(frozen=True, slots=True)
class Route:
    """
    What a worker needs to know of an account.

    Attributes:
        account: Its name.
        mode: "developer" or "live"; a job is never dialled in a higher mode
            than this one.
        limits: How fast and how much, from the settings.
        hours: When it may dial.
        user_id: Sarv's id; several accounts may share it.
        endpoint: Where to POST, and as whom; None where the process was
            given no token, and then it dials nothing.
        extra_params: Undocumented parameter names its calls may carry.
        customer: How often one customer may be called.
        correlation_param: The parameter that carries the attempt's id; None
            to send none.
    """

    account: str
    mode: str
    limits: Limits
    hours: OpeningHours
    user_id: str
    endpoint: Endpoint | None
    extra_params: frozenset[str]
    customer: CustomerRules
    correlation_param: str | None


def accounts_of(routes: Mapping[str, Route], user_id: str) -> list[str]:
    """
    Name every account that uses *user_id*.
    """
    return sorted(name for name, route in routes.items() if route.user_id == user_id)
