"""
`dialer call`: hand one call over.
"""

from collections.abc import Collection
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session
from dialer.cli.options import AccountName, Json, Key, read_moment
from dialer.cli.shape import age, words
from dialer.errors import InvalidCall
from dialer.explain import Explanation
from dialer.job import State
from dialer.moment import iso, local
from dialer.order import Order
from dialer.producer import Receipt, Verdict

_Text = Annotated[str | None, typer.Option(help="As the API's parameter of this name.")]
_Number = Annotated[int | None, typer.Option(help="As the API's parameter of this name.")]

#: Reasons that end a job instead of delaying it.
_FINAL = ("do_not_call", "deadline")


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
        "not_before": iso(read_moment(at, "--at")) if at else None,
        "not_after": iso(read_moment(not_after, "--not-after")) if not_after else None,
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
        receipt = _enqueue(opened, given, allow_duplicates=allow_duplicates)
        (_emit if json else _tell)(opened, receipt)
    if receipt.verdict in (Verdict.CONFLICT, Verdict.REJECTED):
        raise typer.Exit(1)


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


def _enqueue(opened: Session, raw: dict[str, Any], *, allow_duplicates: bool) -> Receipt:
    allowed = {name: account.extra_params for name, account in opened.settings.accounts.items()}
    try:
        order = Order.parse(raw, allowed_extra=allowed)
    except InvalidCall as error:
        return Receipt(Verdict.REJECTED, problems=tuple(error.problems))
    return next(opened.producer.enqueue_many([order], allow_duplicates=allow_duplicates))


def _emit(opened: Session, receipt: Receipt) -> None:
    job = opened.store.jobs.get(receipt.job_id) if receipt.job_id else None
    output.emit(
        {
            "verdict": str(receipt.verdict),
            "id": receipt.job_id or None,
            "state": str(job.state) if job else None,
            "problems": [{"field": field, "rule": rule} for field, rule in receipt.problems],
        }
    )


def _tell(opened: Session, receipt: Receipt) -> None:
    if receipt.problems:
        for field, rule in receipt.problems:
            output.complain(f"{receipt.verdict}: {field}: {rule}")
        return
    job = opened.store.jobs.get(receipt.job_id)
    explained = opened.explainer.job(job)
    now = opened.store.jobs.get(receipt.job_id)
    if now.state is not job.state:
        # It was begun meanwhile: what it has reserved itself is not in its way.
        explained = opened.explainer.job(now)
    if receipt.verdict is Verdict.DUPLICATE:
        since = age(opened.store.server.time() - job.entered)
        again = "another --key" if job.key else "--key or --allow-duplicates"
        output.say(f"duplicate of job {job.id}: {job.state}, {since}; nothing was enqueued")
        output.say(f"to ring again use {again}")
        return
    output.say(f"created job {job.id} ({job.mode} mode, account {job.account})")
    if now.state in (State.SCHEDULED, State.READY):
        output.say(prospect(explained))
    for reason in explained.reasons:
        output.say(f"  {words(reason.text, reveal=False)}")
        if reason.step:
            output.say(f"  → {reason.step}")
    if explained.note:
        output.say(explained.note)


def prospect(explained: Explanation) -> str:
    """
    Say in one sentence when a job may be rung.
    """
    if not explained.reasons:
        return "nothing stands in its way: it is rung with the next free slot"
    if explained.next is not None and explained.reckoned:
        from_ = local(explained.next, explained.zone)
        return f"not before {from_}, as far as those who come first can be reckoned"
    if explained.next is not None:
        return f"it may be rung from {local(explained.next, explained.zone)}"
    if any(reason.name in _FINAL for reason in explained.reasons):
        return "it will not be rung, unless this changes:"
    return "it is not rung until this has changed:"
