"""`dialer key`: the keys of the HTTP service."""

from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.options import Json
from dialer.cli.session import session
from dialer.cli.views.api_key import KEYS, show_keys
from dialer.domain.api_key import ApiScope
from dialer.text.duration import parse_duration

app = typer.Typer(help="Keys of the HTTP service.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who uses it, such as web-shop.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may do; may be repeated: {', '.join(ApiScope)}."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(help="Only this account; may be repeated.  [default: all of them]"),
    ] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="It reads numbers unmasked.")] = False,
    expires: Annotated[
        str | None, typer.Option(help="It ends after that: 90d.  [default: never]")
    ] = None,
    json: Json = False,
) -> None:
    """Create a key; it is shown this once."""
    try:
        ends = parse_duration(expires) if expires else None
    except ValueError as error:
        raise typer.BadParameter(f'"{expires}" {error}', param_hint="--expires") from None
    with session() as opened:
        key, written = opened.api_keys.create(
            name, scope or [], accounts=account, reveal=reveal, expires=ends
        )
        fields: dict[str, Any] = KEYS.fields(key, opened.look(json=json))
    if json:
        shown = ("id", "name", "key", "scopes", "accounts", "reveal", "expires")
        output.emit({one: {**fields, "key": written}[one] for one in shown})
        return
    output.say(written)
    output.say("keep it now: only a hash of it is stored, and nobody can read it again")
    output.say(f"to end it: dialer key revoke {name}")


@app.command("list")
def list_keys(*, json: Json = False) -> None:
    """List the keys, without their secrets."""
    with session() as opened:
        show_keys(opened.api_keys.all(), opened.look(json=json))


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="NAME|ID", help="The key's name or id.")],
    *,
    json: Json = False,
) -> None:
    """End a key: within 5 s it opens nothing any more."""
    with session() as opened:
        key = opened.api_keys.revoke(which)
    if json:
        output.emit({"id": key.prefix, "name": key.name, "revoked": True})
        return
    output.say(f"key {key.name} ({key.prefix}) is revoked: within 5 s it opens nothing any more")
