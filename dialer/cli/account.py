"""
`dialer account`: how fast each account may dial, and does.
"""

from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.hold import fields as hold_fields
from dialer.cli.opening import session
from dialer.cli.options import Json
from dialer.limits import pace
from dialer.moment import local
from dialer.overview import AccountView, accounts
from dialer.settings import Settings

app = typer.Typer(help="Limits of accounts, changed while running.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
_Rate = Annotated[float | None, typer.Option(help="Calls that start each second.")]
_Whole = Annotated[int | None, typer.Option(help="As the setting of this name.")]


@app.command("list")
def list_accounts(*, json: Json = False) -> None:
    """List the accounts: limits, how much of them is used, calling hours."""
    with session() as opened:
        views = accounts(opened.explainer, opened.now, opened.store.holds.all())
        if json:
            for view in views:
                output.emit({"account": view.name, **fields(view)})
            return
        output.show(ACCOUNT_HEADS, [row(view) for view in views], fold="hours")
        stored = [view.name for view in views if view.standing.stored]
        if stored:
            output.say(f"stored limits win over dialer.toml for: {', '.join(stored)}")
        many = output.counted(len(views), "account")
        output.say(f"{many}. To change one: dialer account set NAME --help")


@app.command("set")
def set_limits(
    name: _Name,
    calls_per_second: _Rate = None,
    burst: _Whole = None,
    max_posting: _Whole = None,
    max_live_calls: _Whole = None,
) -> None:
    """Store limits that win over dialer.toml, at once on every worker."""
    given: dict[str, float | None] = {
        "calls_per_second": calls_per_second,
        "burst": burst,
        "max_posting": max_posting,
        "max_live_calls": max_live_calls,
    }
    limits = {limit: value for limit, value in given.items() if value is not None}
    if not limits:
        rule = "give at least one limit, such as --calls-per-second 2"
        raise typer.BadParameter(rule, param_hint="NAME")
    with session() as opened:
        opened.settings.account(name)
        _check(name, limits)
        opened.store.accounts.store(name, limits)
    said = ", ".join(f"{limit} {value:g}" for limit, value in limits.items())
    output.say(f"account {name}: {said}, from now on and on every worker")
    output.say(f"back to dialer.toml: dialer account clear {name}")


def _check(name: str, limits: dict[str, float]) -> None:
    # The rules of the settings, without a second list of them.
    Settings.parse({"accounts": {name: {"user_id": "unused", **limits}}})


@app.command()
def clear(name: _Name) -> None:
    """Forget the stored limits; dialer.toml holds again."""
    with session() as opened:
        opened.store.accounts.clear(name)
    output.say(f"account {name}: the limits of dialer.toml hold")


ACCOUNT_HEADS = ["account", "mode", ">rate", ">last min", ">posting", ">live", "state", "hours"]


def row(view: AccountView) -> tuple[str, ...]:
    """
    Write an account as a row under `ACCOUNT_HEADS`.
    """
    standing, limits = view.standing, view.standing.limits
    live = f"{standing.live}/{limits.max_live_calls}" if limits.max_live_calls else standing.live
    return (
        view.name,
        view.mode,
        pace(view.rate_allowed),
        f"{60 * standing.used_per_second:.0f}/min",
        f"{standing.posting}/{limits.max_posting}",
        str(live),
        _state(view),
        _hours(view),
    )


def _state(view: AccountView) -> str:
    if view.standing.breaker == "open":
        return "breaker open"
    if view.holds:
        return f"held by {', '.join(hold.owner for hold in view.holds)}"
    return "slowed" if view.standing.rate_share < 1 else "runs"


def _hours(view: AccountView) -> str:
    state = "open" if view.open else "closed"
    if view.next_change is None:
        return f"always {state}"
    return f"{state} until {local(view.next_change, view.zone)}"


def fields(view: AccountView) -> dict[str, Any]:
    """
    List what is known of an account for a program.
    """
    standing, limits = view.standing, view.standing.limits
    return {
        "mode": view.mode,
        "rate_allowed": round(view.rate_allowed, 6),
        "rate_used": round(standing.used_per_second, 6),
        "calls_per_second": limits.calls_per_second,
        "burst": limits.burst,
        "posting": standing.posting,
        "max_posting": limits.max_posting,
        "live": standing.live,
        "max_live_calls": limits.max_live_calls,
        "stored": sorted(standing.stored),
        "holds": [hold_fields(hold) for hold in view.holds],
        "breaker": standing.breaker,
        "next_probe": standing.next_probe,
        "open": view.open,
        "next_change": view.next_change,
    }
