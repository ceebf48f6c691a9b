"""
`dialer hold`: stops. Who stopped what and why; set one, release one.
"""

import re
from dataclasses import asdict
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import UNEXPLAINED, AnyAccount, Json, Reveal, Who
from dialer.cli.shape import words
from dialer.explain import release as release_step
from dialer.explain import release_command, set_by
from dialer.job import whom
from dialer.moment import local, rough
from dialer.owners import DURABILITY, MACHINES, OPERATOR, End, name_problem
from dialer.store.holds import EVERYTHING, Hold, account_scope, campaign_scope, pool_scope

app = typer.Typer(help="Stop calls, and let them go on.", no_args_is_help=True)

#: As a job's lane names whom its call rings first; plain numbers by their digests.
_POOL = re.compile(
    r"(?P<kind>agent|group):(?P<ids>[0-9]+(?:,[0-9]+)*)"
    r"(?P<logins>/web=(?:yes|no|na)/call=(?:yes|no|na))?|number:[0-9a-f]{16}(?:,[0-9a-f]{16})*"
)

#: What a lane says where a call does not ask who is logged in.
_ANY_LOGIN = "/web=na/call=na"

#: What people have written into an event of the history.
_WORDS = ("who", "reason")
_Everything = Annotated[bool, typer.Option("--all", help="Everything.")]
_Campaign = Annotated[str | None, typer.Option("--campaign", help="This campaign.")]
_Pool = Annotated[
    str | None,
    typer.Option(
        "--pool",
        metavar="ACCOUNT/POOL",
        help="Calls of an account that ring these first: default/agent:12,13 or default/group:21.",
    ),
]
_Reason = Annotated[str, typer.Option("--reason", help="Why; on record.")]
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
        holds = opened.store.holds.all()
        if json:
            for hold in holds:
                output.emit(fields(hold, reveal=reveal))
            return
        rows = [
            (
                named(hold.scope),
                hold.owner,
                words(hold.who, reveal=reveal),
                rough(opened.now - hold.since) if hold.since else "",
                words(hold.reason, reveal=reveal),
            )
            for hold in holds
        ]
        output.show(["what", "owner", "set by", "for", "reason"], rows, fold="reason")
        output.say(
            output.counted(len(holds), "hold") + "." + ("" if holds else " Nothing is stopped.")
        )
        for hold in holds:
            output.say(f"{label(hold.owner)}: {command(hold)}")


@app.command("set")
def set_hold(
    *,
    reason: _Reason = UNEXPLAINED,
    account: AnyAccount = None,
    campaign: _Campaign = None,
    pool: _Pool = None,
    owner: _Owner = None,
    who: Who = "",
    everything: _Everything = False,
) -> None:
    """Stop everything, an account, a campaign or a pool; when this returns no new call starts."""
    rule = "" if owner is None else name_problem(owner)
    if rule:
        raise typer.BadParameter(rule, param_hint="--owner")
    scope = _scope(account, campaign, pool, everything=everything)
    with session() as opened:
        _check_known(opened, scope)
        who = who or who_runs()
        standing = _on(opened, scope)
        owner = owner or _own(standing, who) or _free_name(standing, who)
        opened.store.holds.set(scope, owner=owner, who=who, reason=reason)
        wire = opened.settings.wire.longest
    what = named(scope)
    output.say(f"{what} is held: no new call starts; calls on the wire end within {rough(wire)}")
    for hold in standing:
        if hold.owner != owner:
            output.say(words(f"also held by {set_by(hold)}: {hold.reason}", reveal=False))
    output.say(f"to release: {release_command(scope, owner)}")


@app.command()
def release(
    *,
    account: AnyAccount = None,
    campaign: _Campaign = None,
    pool: _Pool = None,
    owner: _Owner = None,
    reason: _Reason = "",
    who: Who = "",
    everything: _Everything = False,
) -> None:
    """Take one owner's hold off; calls go on when no owner is left."""
    scope = _scope(account, campaign, pool, everything=everything)
    with session() as opened:
        who = who or who_runs()
        standing = _on(opened, scope)
        owner = owner or _own(standing, who) or OPERATOR
        _refuse_in_vain(opened, scope, owner)
        had, _ = opened.store.holds.release(scope, owner=owner, who=who, reason=reason)
        rest = [hold for hold in opened.store.holds.all() if _stops(hold.scope, scope)]
    what = named(scope)
    for hold in standing:
        if had and hold.owner == owner:
            output.say(words(f"no longer held by {set_by(hold)}: {hold.reason}", reveal=False))
    if not had:
        output.complain(f"{owner} has no hold on {what}; nothing was changed")
    if rest:
        output.say(f"{what} is still held:")
        for hold in rest:
            text = f"  {named(hold.scope)} by {set_by(hold)}: {hold.reason}"
            output.say(words(text, reveal=False))
            output.say(f"  {label(hold.owner)}: {command(hold)}")
    elif had:
        output.say(f"{what} goes on")
        if owner in MACHINES and MACHINES[owner].again:
            output.say(f"it is held again by {MACHINES[owner].again}")
    if not had:
        raise typer.Exit(1)


def _on(opened: Session, scope: str) -> list[Hold]:
    return [hold for hold in opened.store.holds.all() if hold.scope == scope]


def _own(standing: list[Hold], who: str) -> str:
    """The owner of the hold that this person set, "" for none."""
    found = (hold.owner for hold in standing if hold.who == who)
    theirs = [owner for owner in found if owner not in MACHINES]
    return OPERATOR if OPERATOR in theirs else next(iter(theirs), "")


def _free_name(standing: list[Hold], who: str) -> str:
    """`operator`, or where somebody else has that a name made of this person's."""
    taken = {hold.owner for hold in standing}
    own = re.sub(r"[^a-z0-9_-]+", "-", who.casefold()).strip("-") or OPERATOR
    names = [OPERATOR, own, *(f"{own}-{nth}" for nth in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken and not name_problem(name))


def _refuse_in_vain(opened: Session, scope: str, owner: str) -> None:
    """Some holds would be back at once, and calls would go out until then."""
    why = ""
    if owner == DURABILITY and scope == EVERYTHING and opened.unsafe:
        why = "the next tick would hold everything again"
    elif owner in MACHINES and MACHINES[owner].end is End.RECOVERY:
        why = f"calls that were made already might be made again: {MACHINES[owner].step}"
    if why:
        output.complain(f"nothing was changed: {why}")
        raise typer.Exit(1)


def _stops(scope: str, what: str) -> bool:
    """Whether a hold on one scope keeps something of another from going on."""
    return what == EVERYTHING or scope in (what, EVERYTHING)


@app.command()
def history(*, json: Json = False, reveal: Reveal = False) -> None:
    """List who held and released what, oldest first; the last 500 are kept."""
    with session() as opened:
        events = opened.store.holds.history()
        if json:
            for event in events:
                said = {name: words(getattr(event, name), reveal=reveal) for name in _WORDS}
                output.emit({**asdict(event), **said})
            return
        zone = opened.zone("default")
        rows = [
            (
                local(event.at, zone) if event.at else "",
                event.verb,
                named(event.scope),
                event.owner,
                words(event.who, reveal=reveal),
                words(event.reason, reveal=reveal),
            )
            for event in events
        ]
        output.show(["when", "what", "of", "owner", "by", "reason"], rows, fold="reason")
        output.say(output.counted(len(events), "event") + ".")


def _scope(account: str | None, campaign: str | None, pool: str | None, *, everything: bool) -> str:
    if everything + sum(one is not None for one in (account, campaign, pool)) != 1:
        rule = "give --all, --account NAME, --campaign NAME or --pool ACCOUNT/POOL, one of them"
        raise typer.BadParameter(rule, param_hint="--all")
    if account is not None:
        return account_scope(account)
    if campaign is not None:
        return campaign_scope(campaign)
    return _pool_scope(pool) if pool is not None else EVERYTHING


def _pool_scope(written: str) -> str:
    account, _, pool = written.partition("/")
    match = _POOL.fullmatch(pool)
    if match is None:
        rule = f'"{written}" is no pool; one looks like default/agent:12,13 or default/group:21'
        raise typer.BadParameter(rule, param_hint="--pool")
    if match["ids"]:
        # In the order in which calls name them, or the hold would stop nobody.
        ids = sorted(set(match["ids"].split(",")), key=lambda one: (len(one), one))
        pool = f"{match['kind']}:{','.join(ids)}{match['logins'] or _ANY_LOGIN}"
    return pool_scope(account, pool)


def _check_known(opened: Session, scope: str) -> None:
    kind, _, name = scope.partition(":")
    if kind == "campaign":
        opened.store.campaigns.progress(name)
    elif kind != EVERYTHING:
        opened.settings.account(name.partition("/")[0])


def named(scope: str) -> str:
    """
    Name what a hold stops, as people do: "account default", "account default's pool of agent 11".
    """
    kind, _, name = scope.partition(":")
    if kind == "pool":
        account, _, pool = name.partition("/")
        return f"account {account}'s pool of {whom(pool)}"
    return "everything" if scope == EVERYTHING else f"{kind} {name}".strip()


def command(hold: Hold) -> str:
    """
    Say what ends a hold: what is to be done first, and the command that releases it then.
    """
    return release_step(hold)


def label(owner: str) -> str:
    """
    Say what stands before that: a person's hold needs the command alone.
    """
    return "what to do" if owner in MACHINES else "to release"


def fields(hold: Hold, *, reveal: bool = False) -> dict[str, object]:
    """
    List the fields of a hold for a program.

    Args:
        hold: The hold.
        reveal: Show numbers that somebody wrote into its reason.
    """
    return {
        "scope": hold.scope,
        "owner": hold.owner,
        "who": words(hold.who, reveal=reveal),
        "reason": words(hold.reason, reveal=reveal),
        "since": hold.since,
    }
