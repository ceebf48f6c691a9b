"""
`dialer status`: the whole system at a glance.
"""

from typing import Any

from dialer.cli import output
from dialer.cli.account import ACCOUNT_HEADS, row
from dialer.cli.account import fields as account_fields
from dialer.cli.hold import command
from dialer.cli.hold import fields as hold_fields
from dialer.cli.opening import session
from dialer.cli.options import Json
from dialer.explain import Explanation
from dialer.moment import rough
from dialer.overview import Overview, overview
from dialer.store.bells import LiveWorker

_NOTHING = "nothing: it goes with the next free slot"


def status(*, json: Json = False) -> None:
    """Show the whole system at a glance."""
    with session() as opened:
        seen = overview(opened.explainer)
    if json:
        output.emit(_fields(seen))
    else:
        _show(seen)


def _fields(seen: Overview) -> dict[str, Any]:
    return {
        "at": seen.now,
        "states": {str(state): count for state, count in seen.states.items()},
        "accounts": {view.name: account_fields(view) for view in seen.accounts},
        "holds": [hold_fields(hold) for hold in seen.holds],
        "oldest_ready": _oldest(seen, seen.oldest_ready) if seen.oldest_ready else None,
        "workers": [_worker(seen, worker) for worker in seen.workers],
        "unconfirmed": dict(seen.unconfirmed),
    }


def _oldest(seen: Overview, explained: Explanation) -> dict[str, Any]:
    job, reasons = explained.job, explained.reasons
    return {
        "id": job.id,
        "account": job.account,
        "since": job.entered,
        "age_seconds": round((seen.now - job.entered).total_seconds(), 3),
        "reason": reasons[0].name if reasons else None,
        "text": reasons[0].text if reasons else _NOTHING,
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
    states = [(str(state), str(count)) for state, count in seen.states.items()]
    output.show([f">{name}" for name, _ in states], [[count for _, count in states]])
    output.show(ACCOUNT_HEADS, [row(view) for view in seen.accounts], fold="hours")
    output.pairs(_sentences(seen))


def _sentences(seen: Overview) -> list[tuple[str, str]]:
    capacity = sum(worker.capacity for worker in seen.workers)
    workers = f"{len(seen.workers)} alive, {capacity} calls at once"
    lines = [("workers", workers if seen.workers else "none alive: nothing is dialled")]
    for hold in seen.holds:
        age = f" for {rough(seen.now - hold.since)}" if hold.since else ""
        lines.append(("hold", f"{hold.scope} by {hold.owner}{age}: {hold.reason}"))
        lines.append(("", f"→ {command(hold)}"))
    if seen.oldest_ready:
        job, reasons = seen.oldest_ready.job, seen.oldest_ready.reasons
        why = reasons[0].text if reasons else _NOTHING
        age = rough(seen.now - job.entered)
        lines.append(("oldest ready", f"{job.id}, for {age}; in its way: {why}"))
        lines.append(("", f"→ dialer explain {job.id}"))
    ages = [f"{count} {age.replace('_', ' ')}" for age, count in seen.unconfirmed.items() if count]
    if ages:
        lines.append(("unconfirmed", ", ".join(ages)))
        lines.append(("", "→ dialer unconfirmed list"))
    return lines
