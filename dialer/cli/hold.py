"""`dialer hold`: stops. List them and their history; set one, release one."""

from typing import Annotated

import typer

from dialer.cli.options import AnyAccount, Json, Reason, Reveal, Who
from dialer.cli.session import session
from dialer.cli.views import hold as view
from dialer.domain.holds.owners import name_problem
from dialer.domain.holds.scope import EVERYTHING, account_scope, campaign_scope, read_pool
from dialer.errors import InvalidRequest
from dialer.services.operations.holds import UNEXPLAINED

app = typer.Typer(help="Stop calls, and let them go on.", no_args_is_help=True)

_Everything = Annotated[bool, typer.Option("--all", help="Everything.")]
_Campaign = Annotated[str | None, typer.Option("--campaign", help="This campaign.")]
_Pool = Annotated[
    str | None,
    typer.Option(
        "--pool",
        metavar="ACCOUNT/WHOM",
        help="Whoever rings these: default/agent:12,13, default/group:21 or default/number:NUMBER.",
    ),
]
_Owner = Annotated[
    str | None,
    typer.Option(
        "--owner",
        help="Whose hold; each is released by itself. Left out: that of whoever --who names.",
    ),
]


@app.command("list")
def list_holds(*, json: Json = False, reveal: Reveal = False) -> None:
    """List every hold with its owner, reason and age."""
    with session() as opened:
        view.show_holds(opened.operations.holds.all(), opened.look(reveal=reveal, json=json))


@app.command("set")
def set_hold(
    *,
    reason: Reason = UNEXPLAINED,
    account: AnyAccount = None,
    campaign: _Campaign = None,
    pool: _Pool = None,
    owner: _Owner = None,
    who: Who = "",
    everything: _Everything = False,
) -> None:
    """Stop everything, an account, a campaign or some agents; no call starts once it returns."""
    if owner is not None and (rule := name_problem(owner)):
        raise typer.BadParameter(rule, param_hint="--owner")
    scope = _scope(account, campaign, pool, everything=everything)
    # Campaigns and pools are known only to the version that wrote the data.
    with session(any_layout=campaign is None and pool is None, who=who) as opened:
        held = opened.operations.holds.set(scope, reason=reason, owner=owner)
    view.tell_held(held, opened.settings.wire.longest)


@app.command()
def release(
    *,
    account: AnyAccount = None,
    campaign: _Campaign = None,
    pool: _Pool = None,
    owner: _Owner = None,
    reason: Reason = "",
    who: Who = "",
    everything: _Everything = False,
) -> None:
    """Take one owner's hold off; calls go on when no owner is left."""
    scope = _scope(account, campaign, pool, everything=everything)
    with session(who=who) as opened:
        released = opened.operations.holds.release(scope, owner=owner, reason=reason)
    view.tell_released(released)
    if not released.done:
        raise typer.Exit(1)


@app.command()
def history(*, json: Json = False, reveal: Reveal = False) -> None:
    """List who held and released what, oldest first; the last 500 are kept."""
    with session() as opened:
        view.show_history(opened.operations.holds.history(), opened.look(reveal=reveal, json=json))


def _scope(account: str | None, campaign: str | None, pool: str | None, *, everything: bool) -> str:
    if everything + sum(one is not None for one in (account, campaign, pool)) != 1:
        rule = "give --all, --account NAME, --campaign NAME or --pool ACCOUNT/WHOM, one of them"
        raise typer.BadParameter(rule, param_hint="--all")
    if account is not None:
        return account_scope(account)
    if campaign is not None:
        return campaign_scope(campaign)
    if pool is None:
        return EVERYTHING
    try:
        return read_pool(pool, "--pool")
    except InvalidRequest as error:
        raise typer.BadParameter(error.rule, param_hint=error.field) from None
