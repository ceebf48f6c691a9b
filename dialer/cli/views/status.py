"""The whole system at a glance, as it is shown."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType

from dialer.cli import output
from dialer.cli.views.account import ACCOUNTS
from dialer.cli.views.hold import fields as hold_fields
from dialer.cli.views.listing import Column, Listing, Look, seconds
from dialer.diagnosis.explain import Explanation
from dialer.diagnosis.status import CampaignView, Overview
from dialer.domain.fleet import LiveWorker
from dialer.domain.holds.words import MAKE_ROOM, named, release
from dialer.domain.job.job import State
from dialer.text.moment import rough
from dialer.text.plural import counted

_NOTHING = "nothing: it goes with the next free slot"


def _in_its_way(explained: Explanation, look: Look) -> str:
    """Write why a job waits; the reason of a hold is free text."""
    return look.words(explained.reasons[0].text) if explained.reasons else _NOTHING


_CAMPAIGNS: Listing[CampaignView] = Listing(
    (
        Column("name", "progress.name"),
        Column("account", "progress.account"),
        Column("state", lambda one, _: str(one.progress.state)),
        Column("standing"),
        Column("held_by", lambda one, _: [hold.owner for hold in one.holds]),
        Column("contacts", "progress.rows"),
        Column("to_go", "progress.open"),
        Column("placed", lambda one, _: one.progress.counts[State.PLACED]),
    )
)
_WORKERS: Listing[LiveWorker] = Listing(
    (
        Column("name"),
        Column("host"),
        Column("pid"),
        Column("capacity"),
        Column("takes_doorbells", "takes"),
        Column("settings"),
        Column("heard_seconds_ago", lambda one, look: seconds(look.now - one.heard)),
        Column(
            "unreachable",
            lambda one, _: {
                way.account: {"since": way.since, "why": way.why} for way in one.unreachable
            },
        ),
        Column("clock_skew_seconds", lambda one, _: seconds(one.skew)),
    )
)
_OLDEST: Listing[Explanation] = Listing(
    (
        Column("id", "job.id"),
        Column("account", "job.account"),
        Column("since", "job.entered"),
        Column("age_seconds", lambda one, look: seconds(look.now - one.job.entered)),
        Column("reason", lambda one, _: one.reasons[0].name if one.reasons else None),
        Column("text", _in_its_way),
    )
)


def fields(seen: Overview) -> dict[str, Any]:
    """List the fields of an overview for a program."""
    look, step, oldest = Look(seen.now), seen.step, seen.oldest_ready
    accounts = [ACCOUNTS.fields(one, look) for one in seen.accounts]
    return {
        "at": seen.now,
        "states": {str(state): count for state, count in seen.states.items()},
        "accounts": {one.pop("account"): one for one in accounts},
        "holds": hold_fields(seen.holds, look),
        "oldest_ready": _OLDEST.fields(oldest, look) if oldest else None,
        "workers": [_WORKERS.fields(one, look) for one in seen.workers],
        "unconfirmed": dict(seen.unconfirmed),
        "campaigns": [_CAMPAIGNS.fields(one, look) for one in seen.campaigns],
        "campaigns_not_shown": seen.more_campaigns,
        "store_fullness": round(seen.fullness, 3),
        "clock_stepped": {"at": step.at, "by_seconds": seconds(step.by)} if step else None,
        "doorbells": None if seen.doorbells is None else asdict(seen.doorbells),
    }


def alarm(seen: Overview) -> Iterator[str]:
    """Write the news that explains all the rest, and so stands before it."""
    if seen.full:
        yield f"the store is full ({seen.fullness:.0%}): no call is taken or begun"
        yield f"→ {MAKE_ROOM}"
    if seen.step:
        yield f"{seen.step}, {rough(abs(seen.now - seen.step.at))} ago"


def draw(seen: Overview) -> Group:
    """Draw states and accounts, and a line for everything else."""
    look, counts = Look(seen.now), [str(count) for count in seen.states.values()]
    states = output.table([f">{state}" for state in seen.states], [counts])
    parts: list[RenderableType] = [states, output.text()]
    if seen.accounts:
        parts += [ACCOUNTS.table(seen.accounts, look), output.text()]
    lines = [*_workers(seen), *_broker(seen), *_campaigns(seen, look), *_holds(seen, look)]
    return Group(*parts, output.grid([*lines, *_oldest_ready(seen, look), *_unconfirmed(seen)]))


def _workers(seen: Overview) -> Iterator[tuple[str, str]]:
    capacity = sum(worker.capacity for worker in seen.workers)
    if seen.workers:
        calls = counted(capacity, "call")
        yield "workers", f"{len(seen.workers)} alive, {calls} at once"
    elif not seen.full:
        yield "workers", "none alive: nothing is dialled"
    for worker in seen.workers:
        if not worker.takes:
            yield "idle", f"{worker.name} takes no doorbells out of the broker, and so no calls"
        elif worker.unreachable:
            yield from _unreachable(worker, Look(seen.now))
            continue
        elif not worker.capacity:
            text = "takes no calls: its settings are not those the others dial with"
            yield "apart", f"{worker.name} {text}"
        else:
            continue
        yield "", "→ dialer doctor"


def _unreachable(worker: LiveWorker, look: Look) -> Iterator[tuple[str, str]]:
    for one in worker.unreachable:
        since = f" since {look.at(one.since)}" if one.since else ""
        yield "unreachable", f"account {one.account}, from {worker.host}{since}: {one.why}"
    yield "", "→ dialer doctor --probe, there; no job moves meanwhile, and it goes on by itself"


def _broker(seen: Overview) -> Iterator[tuple[str, str]]:
    """Report the broker where it keeps doorbells from workers."""
    if seen.doorbells is None:
        yield "broker", "it does not answer: nothing is dialled"
    elif seen.doorbells.stale:
        text = f"{seen.doorbells.waiting} wait in the broker, and nobody takes them"
        yield "doorbells", text
    else:
        return
    yield "", "→ dialer doctor"


def _campaigns(seen: Overview, look: Look) -> Iterator[tuple[str, str]]:
    for view in seen.campaigns:
        one, counts = view.progress, f"{view.progress.counts[State.PLACED]} placed"
        if view.standing == "ended":
            counts = f"{one.open} never rung, {counts}"
        elif not view.over:
            counts = f"{one.open} to go, {counts}"
        yield "campaign", f"{one.name}: {_standing(view, look)}; {counts}"
    if seen.more_campaigns:
        yield "", f"and {seen.more_campaigns} more"
        yield "", "→ dialer campaign list"


def _standing(view: CampaignView, look: Look) -> str:
    """Write its state, and the owners of holds on it."""
    if view.standing == "paused" and view.paused:
        why = f": {view.paused.reason}" if view.paused.reason else ""
        return look.words(f"paused by {view.paused.who}{why}")
    if view.holds and not view.over:
        return f"{view.standing}, held by {', '.join(hold.owner for hold in view.holds)}"
    return "starts later" if view.standing == "starts" else view.standing


def _holds(seen: Overview, look: Look) -> Iterator[tuple[str, str]]:
    for hold in seen.holds:
        age = f" for {look.age(hold.since)}" if hold.since else ""
        yield "hold", f"{named(hold.scope)} by {hold.owner}{age}: {look.words(hold.reason)}"
        yield "", f"→ {release(hold)}"


def _oldest_ready(seen: Overview, look: Look) -> Iterator[tuple[str, str]]:
    if seen.oldest_ready:
        job, why = seen.oldest_ready.job, _in_its_way(seen.oldest_ready, look)
        yield "oldest ready", f"{job.id}, for {look.age(job.entered)}; in its way: {why}"
        yield "", f"→ dialer explain {job.id}"


def _unconfirmed(seen: Overview) -> Iterator[tuple[str, str]]:
    ages = [f"{count} {age.replace('_', ' ')}" for age, count in seen.unconfirmed.items() if count]
    if ages:
        yield "unconfirmed", ", ".join(ages)
        yield "", "→ dialer unconfirmed list"
