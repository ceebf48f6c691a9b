"""`dialer account`: limits of accounts, and how much of them is used."""

from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import Json
from dialer.cli.session import session
from dialer.cli.views.account import show_accounts

app = typer.Typer(help="Limits of accounts, changed while running.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
_Rate = Annotated[float | None, typer.Option(help="Calls that start each second.")]
_Whole = Annotated[int | None, typer.Option(help="As the setting of this name.")]


@app.command("list")
def list_accounts(*, json: Json = False) -> None:
    """List the accounts: limits, how much of them is used, calling hours."""
    with session() as opened:
        show_accounts(opened.operations.accounts(), opened.look(json=json))


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
        opened.operations.set_limits(name, limits)
    said = ", ".join(f"{limit} {value:g}" for limit, value in limits.items())
    output.say(f"account {name}: {said}, from now on and on every worker")
    output.say(f"back to dialer.toml: dialer account clear {name}")


@app.command()
def clear(name: _Name) -> None:
    """Forget the stored limits; dialer.toml holds again."""
    with session() as opened:
        opened.operations.clear_limits(name)
    output.say(f"account {name}: the limits of dialer.toml hold")
