"""`dialer campaign start`, `pause`, `resume`, `cancel`, `forget`."""

from dialer.cli.campaign.options import Name
from dialer.cli.options import Json, Reason, Who, Yes, confirm
from dialer.cli.session import Session, session
from dialer.cli.views.campaign_changes import question, show_forgotten, show_steered
from dialer.services.campaigns import Verb


def start(name: Name, reason: Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Ring its contacts, as soon as its hours allow."""
    with session(makes_work=True, who=who) as opened:
        steer(opened, "start", name, reason, json=json)


def pause(name: Name, reason: Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Stop it; when this returns no new call of it starts."""
    with session(who=who) as opened:
        steer(opened, "pause", name, reason, json=json)


def resume(name: Name, reason: Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Go on where it stopped."""
    with session(makes_work=True, who=who) as opened:
        steer(opened, "resume", name, reason, json=json)


def cancel(
    name: Name, reason: Reason = "", who: Who = "", *, yes: Yes = False, json: Json = False
) -> None:
    """End it for good; whoever was not rung will not be."""
    with session(who=who) as opened:
        steer(opened, "cancel", name, reason, yes=yes, json=json)


def steer(
    opened: Session, verb: Verb, name: str, reason: str, *, yes: bool = False, json: bool
) -> None:
    """Steer a campaign, after a question where that cannot be undone, and show it."""
    campaigns = opened.campaigns
    if verb == "cancel":
        confirm(question(campaigns.progress(name)), yes=yes, json=json)
    changed = campaigns.steer(verb, name, reason=reason)
    seen = campaigns.look(name, hours=verb in ("start", "resume"))
    show_steered(verb, seen, opened.settings, changed=changed, json=json)


def forget(name: Name, who: Who = "", *, json: Json = False) -> None:
    """Forget the list of a campaign that was cancelled or has ended; its counts stay."""
    with session(who=who) as opened:
        before = opened.campaigns.progress(name).forgotten
        count = opened.campaigns.forget(name)
        after = opened.campaigns.look(name, hours=False)
    show_forgotten(after, count, before=before is not None, json=json)
