"""A route: one account, ready to be dialled through."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.domain.account.endpoint import Endpoint
from dialer.domain.account.limits import Limits
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.call.customer import CustomerRules


@dataclass(frozen=True, slots=True)
class Route:
    """
    An account's side of a call, from the settings.

    Attributes:
        account: Its name.
        mode: "developer" or "live"; a job is never dialled in a higher mode.
        hours: When it may dial.
        user_id: Sarv's id; several accounts may share it.
        endpoint: Address and credentials; None where the process was given no token, and
            then it dials nothing.
        extra_params: Undocumented parameter names its calls may carry.
        customer: How often one customer may be called.
        correlation_param: The parameter that carries the attempt's id; None for none.
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


def peers_of(routes: Mapping[str, Route], route: Route) -> list[str]:
    """Name the accounts with a route's user id: its own first, then the others by name."""
    sharing = (name for name, one in routes.items() if one.user_id == route.user_id)
    return sorted(sharing, key=lambda name: (name != route.account, name))
