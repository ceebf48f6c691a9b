"""Accounts of the settings, ready to be dialled through or looked at."""

from dialer.domain.account.account import Route
from dialer.domain.account.endpoint import Endpoint
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.call.customer import CustomerRules
from dialer.settings import Account, Settings
from schedules.calendar import Calendar
from schedules.presets import PRESETS
from schedules.rule import Rule


def route_of(account: Account, customer: CustomerRules, *, with_token: bool) -> Route:
    """
    Make an account ready to be dialled through: *with_token*, or only to be looked at.

    The preset of its calling hours may add a cap to the rules of the *customer*.

    Raises:
        SettingsError: *with_token*, and the account has none.
    """
    endpoint = None
    if with_token:
        endpoint = Endpoint(account.base_url, account.user_id, account.endpoint_token())
    return Route(
        account=account.name,
        mode=account.mode,
        limits=account.limits,
        hours=OpeningHours(calendar_of(account)),
        user_id=account.user_id,
        endpoint=endpoint,
        extra_params=frozenset(account.extra_params),
        customer=_with_preset(customer, account),
        correlation_param=account.correlation_param,
    )


def routes_of(settings: Settings, *, with_token: bool) -> dict[str, Route]:
    """Make every account of the settings ready, as `route_of` does."""
    return {
        name: route_of(account, settings.customer.rules, with_token=with_token)
        for name, account in settings.accounts.items()
    }


def _with_preset(customer: CustomerRules, account: Account) -> CustomerRules:
    """Add the cap of the preset of the account's calling hours."""
    preset = PRESETS.get(account.calling_hours)
    if preset is None or preset.cap is None:
        return customer
    return CustomerRules(customer.gap, (*customer.caps, preset.cap))


def calendar_of(account: Account) -> Calendar:
    """Read when an account may dial."""
    return Calendar(
        (Rule.parse(account.calling_hours, zone=account.time_zone, holidays=account.holidays),)
    )
