"""
`dialer campaign create`, `dialer campaign set`.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import typer

from dialer.bootstrap import feeder_of
from dialer.campaign import Campaign
from dialer.cli import output
from dialer.cli.campaign import options as given_as
from dialer.cli.campaign.definition import Draft
from dialer.cli.campaign.summary import describe
from dialer.cli.opening import session, who_runs
from dialer.cli.options import Who

#: What contacts in a list were read by.
_READ_BY = ("columns", "customer", "zone_from", "zone_column")
_TYPES = ("fromType", "toType")


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
        output.say(f"campaign {name} is defined, a draft: nobody is rung")
        describe(opened, campaign)
        output.say(f"next: dialer campaign import {name} FILE")


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
        before = opened.store.campaigns.get(name)
        draft = Draft(before.model_dump())
        if file:
            draft.read_file(file)
        draft.read_options(given)
        after = draft.make(opened.settings, opened.now)
        if after is not None:
            rows = opened.store.campaigns.progress(name).rows
            draft.problems += _too_late(draft, before, after, rows)
        if after is None or draft.problems:
            _refuse(draft)
        opened.store.campaigns.replace(after, who=who or who_runs())
        # Its new hours are known only once the feeder has written them.
        feeder_of(opened.settings, opened.store).look(name)
        output.say(f"campaign {name} is changed, from the next call on")
        describe(opened, after)


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
    rule = f"cannot change any more: {output.counted(rows, 'contact')} were read by it"
    labels = dict.fromkeys(map(draft.label, changed))
    return [f"{label}: {rule}; create another campaign" for label in labels]
