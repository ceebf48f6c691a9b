"""
`dialer hold`: stops. Who stopped what and why; set one, release one.
"""

from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import AnyAccount, Json, Who
from dialer.explain import release as release_step
from dialer.explain import release_command, set_by
from dialer.moment import rough
from dialer.store.holds import EVERYTHING, Hold, account_scope

app = typer.Typer(help="Stop calls, and let them go on.", no_args_is_help=True)

#: Owners whose holds follow rules of their own.
_MACHINES = ("breaker", "witness", "api")

_Everything = Annotated[bool, typer.Option("--all", help="Everything.")]
_Owner = Annotated[str, typer.Option("--owner", help="Whose hold; each is released by itself.")]


@app.command("list")
def list_holds(*, json: Json = False) -> None:
    """List every hold with its owner, reason and age."""
    with session() as opened:
        holds = opened.store.holds.all()
        if json:
            for hold in holds:
                output.emit(fields(hold))
            return
        rows = [
            (
                hold.scope,
                hold.owner,
                hold.who,
                rough(opened.now - hold.since) if hold.since else "",
                hold.reason,
            )
            for hold in holds
        ]
        output.show(["what", "owner", "set by", "for", "reason"], rows, fold="reason")
        output.say(
            output.counted(len(holds), "hold") + "." + ("" if holds else " Nothing is stopped.")
        )
        for hold in holds:
            output.say(f"to release: {command(hold)}")


@app.command("set")
def set_hold(
    reason: Annotated[str, typer.Option("--reason", help="Why; on record.")],
    account: AnyAccount = None,
    owner: _Owner = "operator",
    who: Who = "",
    *,
    everything: _Everything = False,
) -> None:
    """Stop everything or one account; when this returns no new call starts."""
    if owner in _MACHINES:
        rule = f'"{owner}" is set and released by the system itself; take another name'
        raise typer.BadParameter(rule, param_hint="--owner")
    with session() as opened:
        scope = _scope(opened, account, everything=everything)
        opened.store.holds.set(scope, owner=owner, who=who or who_runs(), reason=reason)
        wire = opened.settings.wire.longest
    what = "everything" if everything else f"account {account}"
    output.say(f"{what} is held: no new call starts; calls on the wire end within {rough(wire)}")
    output.say(f"to release: {release_command(scope, owner)}")


@app.command()
def release(
    account: AnyAccount = None, owner: _Owner = "operator", *, everything: _Everything = False
) -> None:
    """Take one owner's hold off; calls go on when no owner is left."""
    with session() as opened:
        scope = _scope(opened, account, everything=everything, known=False)
        had, left = opened.store.holds.release(scope, owner=owner)
        others = [hold for hold in opened.store.holds.all() if hold.scope == scope]
    what = "everything" if everything else f"account {account}"
    if not had:
        output.complain(f"{owner} has no hold on {what}; nothing was changed")
    if left:
        output.say(f"{what} is still held:")
        for hold in others:
            output.say(f"  by {set_by(hold)}: {hold.reason}")
            output.say(f"  to release: {command(hold)}")
    elif had:
        output.say(f"{what} goes on")
    if not had:
        raise typer.Exit(1)


def _scope(opened: Session, account: str | None, *, everything: bool, known: bool = True) -> str:
    if everything == (account is not None):
        raise typer.BadParameter("give --all or --account NAME", param_hint="--all")
    if account is None:
        return EVERYTHING
    if known:
        opened.settings.account(account)
    return account_scope(account)


def command(hold: Hold) -> str:
    """
    Write the command that releases a hold, behind what must be done before it.
    """
    return release_step(hold)


def fields(hold: Hold) -> dict[str, object]:
    """
    List the fields of a hold for a program.
    """
    return {
        "scope": hold.scope,
        "owner": hold.owner,
        "who": hold.who,
        "reason": hold.reason,
        "since": hold.since,
    }
