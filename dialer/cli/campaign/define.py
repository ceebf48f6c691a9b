"""
`dialer campaign create`, `dialer campaign set`.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import typer

from dialer.bootstrap import feeder_of
from dialer.campaign import Campaign, CampaignState
from dialer.cli import output
from dialer.cli.campaign import options as given_as
from dialer.cli.campaign.definition import Draft
from dialer.cli.campaign.sight import Sight, look
from dialer.cli.campaign.summary import describe, mode_notes
from dialer.cli.opening import Session, session, who_runs
from dialer.cli.options import Who
from dialer.errors import CampaignChanged
from dialer.job import State
from dialer.remake import remake_all

#: What contacts in a list were read by.
_READ_BY = ("columns", "customer", "zone_from", "zone_column")
_TYPES = ("fromType", "toType")
#: How often a change is made anew because somebody else was faster.
_TRIES = 5


def create(
    name: given_as.Name,
    *,
    file: given_as.File = None,
    account: given_as.Account = None,
    call: given_as.Set = None,
    columns: given_as.Column = None,
    caller_ids: given_as.CallerId = None,
    purpose: given_as.Purpose = None,
    customer: given_as.Customer = None,
    calling_hours: given_as.Hours = None,
    preset: given_as.PresetName = None,
    holidays: given_as.Holidays = None,
    time_zone: given_as.Zone = None,
    zone_from: given_as.ZoneFrom = None,
    starts: given_as.Starts = None,
    ends: given_as.Ends = None,
    weight: given_as.Weight = None,
    calls_per_second: given_as.Rate = None,
    max_posting: given_as.MaxPosting = None,
    max_live_calls: given_as.MaxLive = None,
    live_per_agent: given_as.PerAgent = None,
    max_tries: given_as.MaxTries = None,
    delays: given_as.Delay = None,
    not_same_day: given_as.NotSameDay = None,
    who: Who = "",
) -> None:
    """Define a campaign; nobody is rung yet."""
    given = _fields(locals())
    with session() as opened:
        draft = Draft({"name": name})
        if file:
            draft.read_file(file)
        draft.read_options(given)
        campaign = draft.make(opened.settings, opened.now) or _refuse(draft)
        opened.store.campaigns.create(campaign, who=who or who_runs())
        seen = look(opened, name, hours=False)
        output.say(f"campaign {name} is defined, {_state(seen)}")
        describe(opened, campaign)
        output.say(f"next: dialer campaign {_next(seen)}")


def change(
    name: given_as.Name,
    *,
    file: given_as.File = None,
    account: given_as.Account = None,
    call: given_as.Set = None,
    columns: given_as.Column = None,
    caller_ids: given_as.CallerId = None,
    purpose: given_as.Purpose = None,
    customer: given_as.Customer = None,
    calling_hours: given_as.Hours = None,
    preset: given_as.PresetName = None,
    holidays: given_as.Holidays = None,
    time_zone: given_as.Zone = None,
    zone_from: given_as.ZoneFrom = None,
    starts: given_as.Starts = None,
    ends: given_as.Ends = None,
    weight: given_as.Weight = None,
    calls_per_second: given_as.Rate = None,
    max_posting: given_as.MaxPosting = None,
    max_live_calls: given_as.MaxLive = None,
    live_per_agent: given_as.PerAgent = None,
    max_tries: given_as.MaxTries = None,
    delays: given_as.Delay = None,
    not_same_day: given_as.NotSameDay = None,
    who: Who = "",
) -> None:
    """Change what is given, from the next call on; "" takes a field back to its default."""
    given = _fields(locals())
    if not file and all(value is None for value in given.values()):
        raise typer.BadParameter("give at least one option, such as --weight 2", param_hint="NAME")
    with session() as opened:
        after = _replace(opened, name, file, given, who or who_runs())
        # Jobs carry what the definition said when they were made. It is closed meanwhile:
        # its new hours are known only once the feeder has written them.
        waiting = opened.store.contacts.open_ids(name)
        remake_all(opened.store, opened.explainer.routes, waiting, who or who_runs())
        if not opened.unsafe:
            # What is unsafe gets no more work; closed until it is mended.
            feeder_of(opened.settings, opened.store).look(name)
        output.say(f"campaign {name} is changed, from the next call on")
        describe(opened, after)
        for note in mode_notes(opened, after, opened.store.campaigns.progress(name)):
            output.say(f"note: {note}")
        _tell_of_dead(opened, name)


def _replace(
    opened: Session, name: str, file: str | None, given: Mapping[str, Any], who: str
) -> Campaign:
    """
    Change what was given, and nothing that somebody else changes at the same time.

    Raises:
        CampaignChanged: Others change it all the time; nothing was changed.
    """
    for left in reversed(range(_TRIES)):
        # In this order: a definition that is newer than its record is refused.
        progress, before = opened.store.campaigns.progress(name), opened.store.campaigns.get(name)
        after = _edited(opened, before, progress.rows, file, given)
        try:
            opened.store.campaigns.replace(after, who=who, version=progress.version)
        except CampaignChanged:
            if not left:
                raise
        else:
            break
    return after


def _edited(
    opened: Session, before: Campaign, rows: int, file: str | None, given: Mapping[str, Any]
) -> Campaign:
    draft = Draft(before.model_dump())
    if file:
        draft.read_file(file)
    draft.read_options(given)
    after = draft.make(opened.settings, opened.now)
    if after is not None:
        draft.problems += _too_late(draft, before, after, rows)
    if after is None or draft.problems:
        _refuse(draft)
    return after


def _state(seen: Sight) -> str:
    if seen.progress.state is CampaignState.DRAFT:
        return "a draft: nobody is rung"
    return f"as it was before: it is {seen.standing}"


def _next(seen: Sight) -> str:
    name = seen.progress.name
    if seen.progress.state is not CampaignState.DRAFT:
        return f"show {name}"
    return f"preflight {name}" if seen.progress.rows else f"import {name} FILE"


def _tell_of_dead(opened: Session, name: str) -> None:
    if dead := opened.store.campaigns.progress(name).counts[State.DEAD]:
        stay = output.agreeing(dead, "stays as it is", "stay as they are")
        it = output.agreeing(dead, "it", "them")
        again = f"to put {it} back, by what it says now: dialer dead redrive --campaign {name}"
        output.say(f"{output.counted(dead, 'dead letter')} {stay}; {again}")


def _fields(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value or None if isinstance(value, list) else value
        for name, value in arguments.items()
        if name in given_as.FLAGS and name != "name"
    }


def _refuse(draft: Draft) -> NoReturn:
    for problem in draft.problems:
        output.complain(problem)
    raise typer.Exit(2)


def _too_late(draft: Draft, before: Campaign, after: Campaign, rows: int) -> list[str]:
    """Say which changes the contacts in the list would not survive."""
    if not rows:
        return []
    changed = [name for name in _READ_BY if getattr(before, name) != getattr(after, name)]
    changed += [f"call.{name}" for name in _TYPES if before.call.get(name) != after.call.get(name)]
    were = output.agreeing(rows, "was", "were")
    rule = f"cannot change any more: {output.counted(rows, 'contact')} {were} read by it"
    labels = dict.fromkeys(map(draft.label, changed))
    return [f"{label}: {rule}; create another campaign" for label in labels]
