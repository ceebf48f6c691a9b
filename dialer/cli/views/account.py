"""Accounts as they are shown: limits, how much of them is used, calling hours."""

from collections.abc import Sequence

from dialer.cli import output
from dialer.cli.views.hold import fields as hold_fields
from dialer.cli.views.listing import Column, Listing, Look, opening
from dialer.diagnosis.status import AccountView
from dialer.domain.account.limits import pace
from dialer.text.plural import counted


def _live(view: AccountView, _look: Look) -> str:
    most = view.standing.limits.max_live_calls
    return f"{view.standing.live}/{most}" if most else str(view.standing.live)


def _state(view: AccountView, _look: Look) -> str:
    if view.standing.breaker == "open":
        return "breaker open"
    if view.holds:
        return f"held by {', '.join(hold.owner for hold in view.holds)}"
    return "slowed" if view.standing.rate_share < 1 else "runs"


def _hours(view: AccountView, _look: Look) -> str:
    return opening(view.open, view.next_change, view.zone)


ACCOUNTS: Listing[AccountView] = Listing(
    (
        Column("account", "name", "account"),
        Column("mode", head="mode"),
        Column(
            "rate_allowed",
            lambda one, _: round(one.rate_allowed, 6),
            ">rate",
            lambda one, _: pace(one.rate_allowed),
        ),
        Column(
            "rate_used",
            lambda one, _: round(one.standing.used_per_second, 6),
            ">last min",
            lambda one, _: f"{60 * one.standing.used_per_second:.0f}/min",
        ),
        Column("calls_per_second", "standing.limits.calls_per_second"),
        Column("burst", "standing.limits.burst"),
        Column(
            "posting",
            "standing.posting",
            ">posting",
            lambda one, _: f"{one.standing.posting}/{one.standing.limits.max_posting}",
        ),
        Column("max_posting", "standing.limits.max_posting"),
        Column("live", "standing.live", ">live", _live),
        Column("max_live_calls", "standing.limits.max_live_calls"),
        Column("stored", lambda one, _: sorted(one.standing.stored)),
        Column("holds", lambda one, look: hold_fields(one.holds, look)),
        Column("breaker", "standing.breaker", "state", _state),
        Column("next_probe", "standing.next_probe"),
        Column("open", "open", "hours", _hours, fold=True),
        Column("next_change"),
    )
)


def show_accounts(accounts: Sequence[AccountView], look: Look) -> None:
    """List the accounts, for people with the stored limits that win over the settings."""
    ACCOUNTS.show(accounts, look)
    if look.json:
        return
    stored = [one.name for one in accounts if one.standing.stored]
    if stored:
        output.say(f"stored limits win over dialer.toml for: {', '.join(stored)}")
    many = counted(len(accounts), "account")
    output.say(f"{many}. To change one: dialer account set NAME --help")
