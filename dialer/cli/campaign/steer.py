"""
`dialer campaign start`, `pause`, `resume`, `cancel`.
"""

from typing import Annotated

import typer

from dialer.bootstrap import feeder_of
from dialer.campaign import CampaignState
from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.campaign.sight import Sight, look
from dialer.cli.campaign.summary import mode_notes
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import Json, Who, Yes, confirm
from dialer.cli.shape import words
from dialer.job import State
from dialer.moment import rough
from dialer.store.campaigns import Verb
from dialer.store.progress import Progress

_Reason = Annotated[str, typer.Option("--reason", help="Why; on record.")]

_DONE = {"start": "runs", "pause": "is paused", "resume": "runs again", "cancel": "is cancelled"}
_WAS = {
    "start": "runs already",
    "pause": "is paused already",
    "resume": "runs already",
    "cancel": "is cancelled already",
}


def start(name: Name, reason: _Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Ring its contacts, as soon as its hours allow."""
    steer("start", name, reason=reason, who=who, json=json)


def pause(name: Name, reason: _Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Stop it; when this returns no new call of it starts."""
    steer("pause", name, reason=reason, who=who, json=json)


def resume(name: Name, reason: _Reason = "", who: Who = "", *, json: Json = False) -> None:
    """Go on where it stopped."""
    steer("resume", name, reason=reason, who=who, json=json)


def cancel(
    name: Name, reason: _Reason = "", who: Who = "", *, yes: Yes = False, json: Json = False
) -> None:
    """End it for good; whoever was not rung will not be."""
    steer("cancel", name, reason=reason, who=who, yes=yes, json=json)


def steer(
    verb: Verb, name: str, *, reason: str, who: str = "", yes: bool = False, json: bool
) -> None:
    """
    Steer a campaign, and say what that means.

    Args:
        verb: What to do.
        name: The campaign.
        reason: Why; "" for none.
        who: Who wants it; "" for whoever runs the command.
        yes: Do not ask before what cannot be taken back.
        json: One JSON object instead of sentences.
    """
    with session(makes_work=verb in ("start", "resume")) as opened:
        campaigns = opened.store.campaigns
        if verb == "cancel":
            _ask(campaigns.progress(name), yes=yes, json=json)
        said = words(reason, reveal=False)
        changed = campaigns.steer(verb, name, who=who or who_runs(), reason=said)
        if verb != "pause":
            # The list stays where it is: only jobs that were fed are touched.
            feeder_of(opened.settings, opened.store).look(name)
        seen = look(opened, name, hours=verb in ("start", "resume"))
        if json:
            state = str(seen.progress.state)
            notes = list(mode_notes(opened, seen.campaign, seen.progress))
            output.emit({"campaign": name, "changed": changed, "state": state, "notes": notes})
            return
        output.say(f"campaign {name} {_DONE[verb] if changed else _WAS[verb]}")
        for line in _meaning(opened, verb, seen):
            output.say(line)


def _ask(progress: Progress, *, yes: bool, json: bool) -> None:
    if progress.state is not CampaignState.CANCELLED and progress.open:
        many = output.counted(progress.open, "call")
        confirm(f"cancel {many} of {progress.name}, for good?", yes=yes, json=json)


def _meaning(opened: Session, verb: Verb, seen: Sight) -> list[str]:
    name, progress = seen.campaign.name, seen.progress
    if verb in ("start", "resume") and seen.over:
        longer = f"dialer campaign set {name} --ends …"
        return [f"it has ended: nobody is rung; if it shall go on: {longer}"]
    if seen.standing == "finished":
        return ["it is finished: every contact has come to its end"]
    if verb in ("start", "resume"):
        many = output.counted(progress.open, "contact")
        are = output.agreeing(progress.open, "is", "are")
        ahead = [f"{many} {are} to be rung; {seen.prospect()}"]
        notes = [f"note: {note}" for note in mode_notes(opened, seen.campaign, progress)]
        return [*ahead, *notes, *seen.held(), f"watch it: dialer campaign show {name} --watch"]
    wire = rough(opened.settings.wire.longest)
    stopped = f"no new call of it starts; calls on the wire end within {wire}"
    if verb == "pause":
        return [stopped, f"to go on: dialer campaign resume {name}"]
    # What was fed is taken out by now, or in the feeder's next rounds.
    left = progress.waiting + progress.queued + progress.counts[State.CANCELLED]
    were = output.agreeing(left, "was", "were")
    unrung = f"; {output.counted(left, 'contact')} {were} never rung" if left else ""
    return [f"{stopped}; nothing of it is ever rung again{unrung}"]
