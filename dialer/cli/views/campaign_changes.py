"""Steps of a campaign as they are shown: the change, its meaning, the next step."""

from dialer.cli import output
from dialer.cli.views.campaign_page import holds, prospect
from dialer.cli.views.campaign_summary import describe
from dialer.cli.views.listing import Look
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.job import State
from dialer.lists import ReportFile
from dialer.services.campaigns import ImportResult, Verb
from dialer.services.campaigns.contacts import ContactView
from dialer.services.campaigns.snapshot import CampaignSnapshot
from dialer.settings import Settings
from dialer.text.masking import mask
from dialer.text.moment import rough
from dialer.text.plural import agreeing, counted

_DONE = {"start": "runs", "pause": "is paused", "resume": "runs again", "cancel": "is cancelled"}
_WAS = {**_DONE, "resume": "runs"}


def tell_defined(seen: CampaignSnapshot, settings: Settings) -> None:
    """Print a definition, and the next step."""
    name, draft = seen.campaign.name, seen.progress.state is CampaignState.DRAFT
    state = "a draft: nobody is rung" if draft else f"as it was before: it is {seen.standing}"
    output.say(f"campaign {name} is defined, {state}")
    describe(seen.campaign, settings)
    step = f"preflight {name}" if seen.progress.rows else f"import {name} FILE"
    output.say(f"next: dialer campaign {step if draft else f'show {name}'}")


def tell_changed(seen: CampaignSnapshot, settings: Settings) -> None:
    """Print a changed definition, and the dead letters that keep the old one."""
    name, dead = seen.campaign.name, seen.progress.counts[State.DEAD]
    output.say(f"campaign {name} is changed, from the next call on")
    describe(seen.campaign, settings)
    for note in seen.notes:
        output.say(f"note: {note}")
    if dead:
        stay = agreeing(dead, "stays as it is", "stay as they are")
        it = agreeing(dead, "it", "them")
        again = f"to put {it} back, by what it says now: dialer dead redrive --campaign {name}"
        output.say(f"{counted(dead, 'dead letter')} {stay}; {again}")


def question(progress: Progress) -> str:
    """Question before a campaign is cancelled; "" where nothing would be lost."""
    if not progress.open or progress.state is CampaignState.CANCELLED:
        return ""
    return f"cancel {counted(progress.open, 'call')} of {progress.name}, for good?"


def show_steered(
    verb: Verb, seen: CampaignSnapshot, settings: Settings, *, changed: bool, json: bool
) -> None:
    """Print whether steering *changed* a campaign, and the meaning."""
    name, state = seen.campaign.name, str(seen.progress.state)
    if json:
        output.emit({"campaign": name, "changed": changed, "state": state, "notes": seen.notes})
        return
    output.say(f"campaign {name} {_DONE[verb] if changed else f'{_WAS[verb]} already'}")
    for line in _meaning(verb, seen, settings):
        output.say(line)


def _meaning(verb: Verb, seen: CampaignSnapshot, settings: Settings) -> list[str]:
    name, progress = seen.campaign.name, seen.progress
    if verb in ("start", "resume") and seen.over:
        longer = f"dialer campaign set {name} --ends …"
        return [f"it has ended: nobody is rung; if it shall go on: {longer}"]
    if seen.standing == "finished":
        return ["it is finished: every contact has come to its end"]
    if verb in ("start", "resume"):
        many = counted(progress.open, "contact")
        are = agreeing(progress.open, "is", "are")
        ahead = [f"{many} {are} to be rung; {prospect(seen)}"]
        notes = [f"note: {note}" for note in seen.notes]
        return [*ahead, *notes, *holds(seen), f"watch it: dialer campaign show {name} --watch"]
    wire = rough(settings.wire.longest)
    stopped = f"no new call of it starts; calls on the wire end within {wire}"
    if verb == "pause":
        return [stopped, f"to go on: dialer campaign resume {name}"]
    # Jobs that were fed are taken out by now, or in the feeder's next rounds.
    left = progress.waiting + progress.queued + progress.counts[State.CANCELLED]
    were = agreeing(left, "was", "were")
    unrung = f"; {counted(left, 'contact')} {were} never rung" if left else ""
    return [f"{stopped}; nothing of it is ever rung again{unrung}"]


def show_forgotten(seen: CampaignSnapshot, count: int, *, before: bool, json: bool) -> None:
    """Print how many contacts of a campaign were forgotten, now or *before*."""
    name = seen.campaign.name
    if json:
        output.emit({"campaign": name, "contacts": count, "forgotten": seen.progress.forgotten})
        return
    if before:
        output.say(f"the list of campaign {name} is forgotten already")
        return
    many = counted(count, "contact")
    output.say(f"the list of campaign {name} is forgotten: {many}, and what became of it by hours")
    said = ", ".join(f"{n} {where}" for where, n in seen.counts.items() if n)
    output.say(f"kept: its name, its definition, what was decided about it, and its counts: {said}")
    output.say("its jobs, with their numbers, are kept as long as those of direct calls")


def show_contact(seen: ContactView, look: Look) -> None:
    """Print where a contact is now."""
    job = seen.job
    if look.json:
        fields = {"row": seen.row, "numbers": [look.number(one) for one in seen.numbers]}
        output.emit(
            fields | {"job": job and job.id, "state": job and job.state, "due": job and job.due}
        )
    elif job:
        due = f", not before {look.at(job.due)}" if job.due else ""
        output.say(f"the contact of row {seen.row} is {job.state}{due} (job {job.id})")


def show_imported(name: str, result: ImportResult, leftover: ReportFile, *, json: bool) -> None:
    """Print the counts of an import, and the file of rows that were not taken."""
    path = str(leftover.path) if leftover.count else None
    if json:
        output.emit(
            {
                "campaign": name,
                "rows": result.rows,
                "accepted": result.accepted,
                "duplicates": result.duplicates,
                "rejected": result.rejected,
                "by_rule": dict(result.by_rule.most_common()),
                "first_lines": dict(result.first_lines),
                "report": path,
            }
        )
        return
    output.say(
        f"{counted(result.rows, 'row')}: {result.accepted} accepted,"
        f" {counted(result.duplicates, 'duplicate')}, {result.rejected} rejected"
    )
    for rule, count in result.by_rule.most_common():
        where = f"{'line' if count == 1 else 'first in line'} {result.first_lines[rule]}"
        output.say(f"  {count}  {mask(rule)} ({where})")
    if path:
        output.say(f"each row that was not taken, with line, column and rule: {path}")
    elif leftover.cleared:
        output.say(f"the report of an earlier import is gone: {leftover.path}")
    output.say(f"next: dialer campaign preflight {name}")
