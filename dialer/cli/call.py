"""`dialer call`: hand one call over."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.options import AccountName, Json, Key, read_moment
from dialer.cli.session import session
from dialer.cli.views.receipt import fields, refuse, tell

_Text = Annotated[str | None, typer.Option(help="As the API's parameter of this name.")]
_Number = Annotated[int | None, typer.Option(help="As the API's parameter of this name.")]

#: A moment that has passed by less means "now".
_JUST_NOW = timedelta(minutes=1)


def call(
    from_: Annotated[str, typer.Argument(metavar="FROM", help="Who is rung first.")],
    to: Annotated[str, typer.Argument(metavar="TO", help="Who is rung then.")],
    *,
    key: Key = None,
    account: AccountName = "default",
    at: Annotated[
        str | None,
        typer.Option("--at", "--not-before", help="Not earlier: 10m, 2h, or ISO with offset."),
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(help="Never rung after: 10m, 2h, or ISO with offset.")
    ] = None,
    priority: Annotated[int | None, typer.Option(help="0 to 9, 9 first.")] = None,
    customer: Annotated[
        str | None, typer.Option(help="The leg that the rules protect: to, from or both.")
    ] = None,
    from_type: _Text = None,
    to_type: _Text = None,
    from_ring_time: _Number = None,
    to_ring_time: _Number = None,
    from_retry_count: _Number = None,
    to_retry_count: _Number = None,
    time_limit: _Number = None,
    from_cli: _Text = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Any parameter of the API; may be repeated."),
    ] = None,
    developer: Annotated[
        bool, typer.Option("--developer", help="Let the API check this call and ring nobody.")
    ] = False,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Ring again though it was asked before.")
    ] = False,
    json: Json = False,
) -> None:
    """Hand one call over, and say when it is rung."""
    options = {
        "from": from_,
        "to": to,
        "key": key,
        "account": account,
        "not_before": _to_come(at) if at else None,
        "not_after": read_moment(not_after, "--not-after") if not_after else None,
        "priority": priority,
        "customer": customer,
        "fromType": from_type,
        "toType": to_type,
        "fromRingTime": from_ring_time,
        "toRingTime": to_ring_time,
        "fromRetryCount": from_retry_count,
        "toRetryCount": to_retry_count,
        "timeLimit": time_limit,
        "fromCLI": from_cli,
        "mode": "developer" if developer else None,
    }
    given = {name: value for name, value in options.items() if value is not None}
    given |= _params(param or [], given)
    with session(makes_work=True) as opened:
        (receipt,) = opened.enqueue_rows(
            [given], by_content=True, allow_duplicates=allow_duplicates
        )
        if json:
            job = opened.get(receipt.job_id) if receipt.job_id else None
            output.emit(fields(receipt, job))
        elif receipt.problems:
            refuse(receipt)
        else:
            tell(receipt, opened.explain(receipt.job_id))
    if receipt.problems:
        raise typer.Exit(1)


def _to_come(text: str) -> datetime:
    """Read --at; a slip in the date must ring nobody at once."""
    at = read_moment(text, "--at")
    if at < datetime.now(UTC) - _JUST_NOW:
        raise typer.BadParameter(f"{text} has passed; leave it out to ring now", param_hint="--at")
    return at


def _params(written: list[str], given: Collection[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f'"{one}" is not NAME=VALUE', param_hint="--param")
        if name in given or name in params:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--param")
        params[name] = value
    return params
