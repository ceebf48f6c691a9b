"""
`dialer status`: the whole system at a glance.
"""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from dialer.cli import output
from dialer.cli.account import ACCOUNT_HEADS, row
from dialer.cli.account import fields as account_fields
from dialer.cli.hold import command, named
from dialer.cli.hold import fields as hold_fields
from dialer.cli.opening import session
from dialer.cli.options import Json
from dialer.cli.shape import words
from dialer.errors import DialerError
from dialer.explain import MAKE_ROOM, Explanation
from dialer.job import State
from dialer.moment import rough
from dialer.overview import CampaignView, Overview, overview
from dialer.store.bells import LiveWorker

_NOTHING = "nothing: it goes with the next free slot"
#: Between two looks of `--watch`.
_EVERY = timedelta(seconds=1)


def status(
    *,
    json: Json = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")
    ] = False,
) -> None:
    """Show the whole system at a glance."""
    if watch and not json and sys.stdout.isatty():
        _watch()
        return
    seen = _look()
    if json:
        output.emit(_fields(seen))
    else:
        _show(seen)


def _look(warn: Callable[[str], None] = output.complain) -> Overview:
    with session(warn=warn) as opened:
        return overview(opened.explainer)


def _watch() -> None:
    console = Console(markup=False, highlight=False, emoji=False)
    try:
        with Live(page(), console=console, auto_refresh=False) as live:
            while True:
                time.sleep(_EVERY.total_seconds())
                live.update(page(), refresh=True)
    except KeyboardInterrupt:
        # That is how one stops watching.
        return


def page() -> RenderableType:
    """
    Draw what is seen, or why nothing is: a server that is restarted comes back.
    """
    warnings: list[str] = []
    try:
        seen = _look(warnings.append)
    except DialerError as error:
        return Text(str(error))
    blank = Text()
    return Group(
        *map(Text, [*warnings, *_alarm(seen)]),
        output.table(*_states(seen)),
        blank,
        output.table(ACCOUNT_HEADS, [row(view) for view in seen.accounts], fold="hours")
        if seen.accounts
        else blank,
        blank,
        output.grid(_sentences(seen)),
    )


def _fields(seen: Overview) -> dict[str, Any]:
    return {
        "at": seen.now,
        "states": {str(state): count for state, count in seen.states.items()},
        "accounts": {view.name: account_fields(view) for view in seen.accounts},
        "holds": [hold_fields(hold) for hold in seen.holds],
        "oldest_ready": _oldest(seen, seen.oldest_ready) if seen.oldest_ready else None,
        "workers": [_worker(seen, worker) for worker in seen.workers],
        "unconfirmed": dict(seen.unconfirmed),
        "campaigns": [_campaign(one) for one in seen.campaigns],
        "campaigns_not_shown": seen.more_campaigns,
        "store_fullness": round(seen.fullness, 3),
    }


def _campaign(view: CampaignView) -> dict[str, Any]:
    progress = view.progress
    return {
        "name": progress.name,
        "account": progress.account,
        "state": str(progress.state),
        "standing": view.standing,
        "held_by": [hold.owner for hold in view.holds],
        "contacts": progress.rows,
        "to_go": progress.open,
        "placed": progress.counts[State.PLACED],
    }


def _oldest(seen: Overview, explained: Explanation) -> dict[str, Any]:
    job, reasons = explained.job, explained.reasons
    return {
        "id": job.id,
        "account": job.account,
        "since": job.entered,
        "age_seconds": round((seen.now - job.entered).total_seconds(), 3),
        "reason": reasons[0].name if reasons else None,
        "text": _in_its_way(explained),
    }


def _worker(seen: Overview, worker: LiveWorker) -> dict[str, Any]:
    return {
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "capacity": worker.capacity,
        "settings": worker.settings,
        "heard_seconds_ago": round((seen.now - worker.heard).total_seconds(), 3),
        "clock_skew_seconds": (
            None if worker.skew is None else round(worker.skew.total_seconds(), 3)
        ),
    }


def _show(seen: Overview) -> None:
    for line in _alarm(seen):
        output.say(line)
    output.show(*_states(seen))
    output.show(ACCOUNT_HEADS, [row(view) for view in seen.accounts], fold="hours")
    output.pairs(_sentences(seen))


def _alarm(seen: Overview) -> list[str]:
    """What explains all the rest, and so stands before it."""
    if not seen.full:
        return []
    return [
        f"the store is full ({seen.fullness:.0%}): no call is taken or begun",
        f"→ {MAKE_ROOM}",
    ]


def _states(seen: Overview) -> tuple[list[str], list[list[str]]]:
    """The heads and the one row of the table of states."""
    heads = [f">{state}" for state in seen.states]
    return heads, [[str(count) for count in seen.states.values()]]


def _sentences(seen: Overview) -> list[tuple[str, str]]:
    lines = []
    capacity = sum(worker.capacity for worker in seen.workers)
    if seen.workers:
        alive = f"{len(seen.workers)} alive, {output.counted(capacity, 'call')} at once"
        lines.append(("workers", alive))
    elif not seen.full:
        lines.append(("workers", "none alive: nothing is dialled"))
    for worker in seen.workers:
        if not worker.capacity:
            text = "takes no calls: its settings are not those the others dial with"
            lines += [("apart", f"{worker.name} {text}"), ("", "→ dialer doctor")]
    lines += _campaigns(seen)
    for hold in seen.holds:
        age = f" for {rough(seen.now - hold.since)}" if hold.since else ""
        why = words(hold.reason, reveal=False)
        lines.append(("hold", f"{named(hold.scope)} by {hold.owner}{age}: {why}"))
        lines.append(("", f"→ {command(hold)}"))
    lines += _oldest_ready(seen)
    ages = [f"{count} {age.replace('_', ' ')}" for age, count in seen.unconfirmed.items() if count]
    if ages:
        lines.append(("unconfirmed", ", ".join(ages)))
        lines.append(("", "→ dialer unconfirmed list"))
    return lines


def _campaigns(seen: Overview) -> list[tuple[str, str]]:
    lines = []
    for view in seen.campaigns:
        one, placed = view.progress, f"{view.progress.counts[State.PLACED]} placed"
        counts = placed
        if view.standing == "ended":
            counts = f"{one.open} never rung, {placed}"
        elif not view.over:
            counts = f"{one.open} to go, {placed}"
        lines.append(("campaign", f"{one.name}: {_standing(view)}; {counts}"))
    if seen.more_campaigns:
        lines.append(("", f"and {seen.more_campaigns} more"))
        lines.append(("", "→ dialer campaign list"))
    return lines


def _standing(view: CampaignView) -> str:
    """Say its state, and who keeps it from ringing."""
    if view.standing == "paused" and view.paused:
        why = f": {view.paused.reason}" if view.paused.reason else ""
        return words(f"paused by {view.paused.who}{why}", reveal=False)
    if view.holds and not view.over:
        return f"{view.standing}, held by {', '.join(hold.owner for hold in view.holds)}"
    return "starts later" if view.standing == "starts" else view.standing


def _oldest_ready(seen: Overview) -> list[tuple[str, str]]:
    lines = []
    if seen.oldest_ready:
        job, why = seen.oldest_ready.job, _in_its_way(seen.oldest_ready)
        age = rough(seen.now - job.entered)
        lines.append(("oldest ready", f"{job.id}, for {age}; in its way: {why}"))
        lines.append(("", f"→ dialer explain {job.id}"))
    return lines


def _in_its_way(explained: Explanation) -> str:
    """Say why a job waits; whoever set a hold has written the reason of it."""
    reasons = explained.reasons
    return words(reasons[0].text, reveal=False) if reasons else _NOTHING
