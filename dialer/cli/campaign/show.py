"""
`dialer campaign list`, `dialer campaign show`.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from dialer.cli import output
from dialer.cli.campaign.ahead import Finish
from dialer.cli.campaign.options import Name
from dialer.cli.campaign.sight import Sight, look
from dialer.cli.campaign.summary import mode_notes, zone
from dialer.cli.campaign.summary import rows as definition
from dialer.cli.hold import fields as hold_fields
from dialer.cli.opening import Session, session
from dialer.cli.options import Json
from dialer.cli.shape import words
from dialer.codes import lookup
from dialer.errors import DialerError
from dialer.job import State
from dialer.moment import local, rough
from dialer.preflight import not_rung

#: Between two looks of `--watch`.
_EVERY = timedelta(seconds=1)
#: Of more dead letters `dialer dead list` tells the codes.
_DEAD = 2000
#: Of more zones than these only how many are open is said.
_ZONES = 6
_BAR = 40


def list_campaigns(*, json: Json = False) -> None:
    """List the campaigns, oldest first."""
    with session() as opened:
        seen = [look(opened, name, hours=False) for name in opened.store.campaigns.names()]
    if json:
        for one in seen:
            output.emit(_brief(one))
        return
    heads = ["campaign", "state", "account", ">contacts", ">to go", ">placed", ">dead", "end"]
    output.show(heads, map(_row, seen))
    many = output.counted(len(seen), "campaign")
    step = "one of them: dialer campaign show NAME" if seen else "dialer campaign create --help"
    output.say(f"{many}. {step}")
    if any(one.over and one.progress.rows and not one.progress.forgotten for one in seen):
        output.say("a list that is over takes room until: dialer campaign forget NAME")


def _row(seen: Sight) -> tuple[str, ...]:
    progress = seen.progress
    return (
        progress.name,
        f"{seen.standing}{_held(seen)}",
        progress.account,
        str(progress.rows),
        str(seen.to_go),
        str(progress.counts[State.PLACED]),
        str(progress.counts[State.DEAD]),
        local(seen.campaign.ends, zone(seen.campaign)),
    )


def show(
    name: Name,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")
    ] = False,
    json: Json = False,
) -> None:
    """Show one campaign: how far it is, its hours, holds and expected finish."""
    finish = Finish()
    if watch and not json and sys.stdout.isatty():
        _watch(name, finish)
        return
    with session() as opened:
        seen = look(opened, name)
        if json:
            output.emit(_fields(opened, seen, finish))
            return
        output.pairs(_lines(opened, seen, finish))
        output.say()
        output.pairs(definition(opened, seen.campaign))


def _watch(name: str, finish: Finish) -> None:
    console = Console(markup=False, highlight=False, emoji=False)
    try:
        with Live(page(name, finish), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_EVERY.total_seconds())
                live.update(page(name, finish), refresh=True)
    except KeyboardInterrupt:
        # That is how one stops watching.
        return


def page(name: str, finish: Finish) -> RenderableType:
    """
    Draw what is seen, or why nothing is: a server that is restarted comes back.
    """
    try:
        with session() as opened:
            seen = look(opened, name)
            lines = _lines(opened, seen, finish)
    except DialerError as error:
        return Text(str(error))
    return Group(output.grid(lines), Text(), Text(local(seen.now, zone(seen.campaign))))


def _lines(opened: Session, seen: Sight, finish: Finish) -> list[tuple[str, str]]:
    progress = seen.progress
    lines = [("campaign", f"{progress.name}: {_state(seen)}")]
    if progress.changed_by:
        why = f": {progress.reason}" if progress.reason else ""
        ago = rough(seen.now - progress.changed)
        by = words(f"{progress.changed_by}{why}", reveal=False)
        lines.append(("", f"last changed {ago} ago by {by}"))
    lines += [("list", _list(seen)), ("", _bar(seen))]
    for name, count in seen.progress_by_name().items():
        if count:
            lines.append((name, f"{count}{_detail(opened, seen, name)}"))
    if unrung := _not_rung(opened, seen):
        lines.append(("not rung", f"{sum(unrung.values())}: {_counted(unrung)}"))
    if seen.last_hour is not None:
        lines.append(("last hour", f"about {output.counted(seen.last_hour, 'call')} begun"))
    lines += _hours(seen)
    lines += [("" if nth else "held", line) for nth, line in enumerate(seen.held())]
    lines += [("note", note) for note in mode_notes(opened, seen.campaign, progress)]
    lines.append(("end", local(seen.campaign.ends, zone(seen.campaign))))
    if said := finish.sentence(opened, seen):
        lines.append(("finish", said))
    return lines


def _state(seen: Sight) -> str:
    campaign, word = seen.campaign, seen.standing
    match word:
        case "starts" if campaign.starts:
            return f"starts {local(campaign.starts, zone(campaign))}"
        case "finished":
            return "finished: every contact has come to its end"
        case "ended":
            return f"ended: {local(campaign.ends, zone(campaign))} has passed"
        case _:
            return f"{word}{_held(seen)}"


def _held(seen: Sight) -> str:
    """Say that a hold stops what might ring otherwise, or some of it."""
    may_ring = seen.standing not in ("finished", "cancelled", "ended")
    return ", held" if seen.holds and may_ring else ""


def _list(seen: Sight) -> str:
    many, forgotten = output.counted(seen.progress.rows, "contact"), seen.progress.forgotten
    if forgotten is None:
        return many
    return f"{many}, forgotten at {local(forgotten, zone(seen.campaign))}; the counts stay"


def _bar(seen: Sight) -> str:
    rows, done = seen.progress.rows, seen.progress.rows - seen.progress.open
    full = _BAR * done // rows if rows else 0
    return f"{'█' * full}{'░' * (_BAR - full)} {100 * done // rows if rows else 0} %"


def _detail(opened: Session, seen: Sight, name: str) -> str:
    if name == "waiting" and seen.over:
        return ", never to be rung"
    if name == State.SKIPPED:
        counts: Mapping[str, int] = seen.progress.skipped
    elif name == State.DEAD:
        counts = _codes(opened, seen)
    else:
        return ""
    if counts:
        return f": {_counted(counts)}"
    return f": dialer dead list --campaign {seen.progress.name}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())


def _not_rung(opened: Session, seen: Sight) -> Mapping[str, int]:
    """Count by their first reason those whom a campaign that is over did not ring."""
    route = opened.explainer.routes.get(seen.campaign.account)
    if route is None or not seen.over or seen.progress.forgotten:
        return {}
    start_by = opened.settings.wire.start_by
    return not_rung(opened.store, seen.campaign, route, seen.progress, start_by=start_by)


def _codes(opened: Session, seen: Sight) -> dict[str, int]:
    """Count the dead by code; nothing where there are too many to read."""
    if seen.progress.counts[State.DEAD] > _DEAD:
        return {}
    jobs = opened.store.jobs.select(State.DEAD, campaign=seen.progress.name)
    codes = Counter(job.code for job in jobs)
    return {
        f"with {code} ({lookup(code).meaning})" if code else "without an answer": count
        for code, count in codes.most_common()
    }


def _hours(seen: Sight) -> list[tuple[str, str]]:
    if len(seen.doors) > _ZONES or not seen.doors:
        return [("hours", seen.prospect())]
    lines = []
    for door in seen.doors:
        whose = f" for {door.contacts} in {door.zones}" if len(seen.doors) > 1 else ""
        why = f": {'; '.join(door.why)}" if door.why else ""
        lines.append(("hours", f"{door}{whose}{why}"))
    return lines


def _brief(seen: Sight) -> dict[str, Any]:
    progress = seen.progress
    return {
        "campaign": progress.name,
        "state": str(progress.state),
        "standing": seen.standing,
        "account": progress.account,
        "contacts": progress.rows,
        "progress": seen.progress_by_name(),
        "skipped": dict(progress.skipped),
        "created": progress.created,
        "changed": progress.changed,
        "changed_by": words(progress.changed_by, reveal=False),
        "reason": words(progress.reason, reveal=False) or None,
        "forgotten": progress.forgotten,
        "starts": seen.campaign.starts,
        "ends": seen.campaign.ends,
        "last_hour": seen.last_hour,
        "holds": [hold_fields(hold) for hold in seen.holds],
    }


def _fields(opened: Session, seen: Sight, finish: Finish) -> dict[str, Any]:
    return {
        **_brief(seen),
        "hours": [
            {
                "zones": door.zones,
                "contacts": door.contacts,
                "open": door.open,
                "next_change": door.change,
                "reasons": list(door.why),
            }
            for door in seen.doors
        ],
        "not_rung": dict(_not_rung(opened, seen)) if seen.over else None,
        "finish": finish.fields(opened, seen),
        "mode": seen.campaign.call.get("mode") or seen.progress.mode or None,
        "notes": list(mode_notes(opened, seen.campaign, seen.progress)),
    }
