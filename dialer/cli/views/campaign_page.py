"""Campaigns as they are shown: a row of the list, or everything about one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dialer.cli import output
from dialer.cli.views.campaign_ahead import finish as finish_sentence
from dialer.cli.views.campaign_ahead import forecast_fields
from dialer.cli.views.campaign_summary import zone
from dialer.cli.views.hold import ending
from dialer.cli.views.hold import fields as hold_fields
from dialer.cli.views.listing import Column, Listing, Look, opening
from dialer.domain.holds.words import named, set_by
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.planning.forecast import Forecast
from dialer.services.campaigns.snapshot import CampaignSnapshot, ZoneHours
from dialer.text.masking import mask
from dialer.text.moment import local, rough
from dialer.text.plural import counted

#: Of more zones only the number that are open is shown.
_ZONES = 6
_BAR = 40

LISTING: Listing[CampaignSnapshot] = Listing(
    (
        Column("campaign", "campaign.name", "campaign"),
        Column(
            "state",
            lambda seen, _: str(seen.progress.state),
            "state",
            lambda seen, _: f"{seen.standing}{_held(seen)}",
        ),
        Column("standing"),
        Column("account", "progress.account", "account"),
        Column("contacts", "progress.rows", ">contacts"),
        Column("", "to_go", ">to go"),
        Column("", lambda seen, _: seen.progress.counts[State.PLACED], ">placed"),
        Column("", lambda seen, _: seen.progress.counts[State.DEAD], ">dead"),
        Column("progress", "counts"),
        Column("skipped", lambda seen, _: dict(seen.progress.skipped)),
        Column("created", "progress.created"),
        Column("changed", "progress.changed"),
        Column("changed_by", lambda seen, look: look.words(seen.progress.changed_by)),
        Column("reason", lambda seen, look: look.words(seen.progress.reason) or None),
        Column("forgotten", "progress.forgotten"),
        Column("starts", "campaign.starts"),
        Column("ends", "campaign.ends", "end", lambda seen, _: _end(seen)),
        Column("last_hour"),
        Column("holds", lambda seen, look: hold_fields(seen.holds, look)),
    )
)


def show_list(every: Sequence[CampaignSnapshot], look: Look) -> None:
    """List campaigns, for people with the next commands."""
    LISTING.show(every, look)
    if look.json:
        return
    step = "one of them: dialer campaign show NAME" if every else "dialer campaign create --help"
    output.say(f"{counted(len(every), 'campaign')}. {step}")
    if any(one.over and one.progress.rows and not one.progress.forgotten for one in every):
        output.say("a list that is over takes room until: dialer campaign forget NAME")


def fields(
    seen: CampaignSnapshot, unrung: Mapping[str, int], finish: Forecast | None
) -> dict[str, Any]:
    """List the fields of a campaign for a program, as `lines` does for a person."""
    return {
        **LISTING.fields(seen, Look(seen.now)),
        "hours": [asdict(one) for one in seen.hours],
        "not_rung": dict(unrung) if seen.over else None,
        "finish": forecast_fields(finish) if finish else None,
        "mode": seen.campaign.call.get("mode") or seen.progress.mode or None,
        "notes": seen.notes,
    }


def lines(
    seen: CampaignSnapshot,
    dead: Mapping[str, int],
    unrung: Mapping[str, int],
    finish: Forecast | None,
) -> list[tuple[str, str]]:
    """
    List everything about a campaign for a person, one (name, value) a line.

    *dead* counts its dead letters by code, *unrung* the contacts that were not rung by reason.
    """
    progress = seen.progress
    found = [("campaign", f"{progress.name}: {_state(seen)}")]
    if progress.changed_by:
        why = f": {progress.reason}" if progress.reason else ""
        ago = rough(seen.now - progress.changed)
        found.append(("", f"last changed {ago} ago by {mask(f'{progress.changed_by}{why}')}"))
    found += [("list", _list(seen)), ("", _bar(seen))]
    found += [
        (name, f"{count}{_detail(seen, name, dead)}")
        for name, count in seen.counts.items()
        if count
    ]
    if unrung:
        found.append(("not rung", f"{sum(unrung.values())}: {_counted(unrung)}"))
    if seen.last_hour is not None:
        found.append(("last hour", f"about {counted(seen.last_hour, 'call')} begun"))
    found += [("hours", line) for line in _hours(seen)]
    found += [("" if nth else "held", line) for nth, line in enumerate(holds(seen))]
    found += [("note", note) for note in seen.notes]
    found.append(("end", _end(seen)))
    if finish:
        found.append(("finish", finish_sentence(seen, finish)))
    return found


def _state(seen: CampaignSnapshot) -> str:
    campaign, word = seen.campaign, seen.standing
    match word:
        case "starts" if campaign.starts:
            return f"starts {local(campaign.starts, zone(campaign))}"
        case "finished":
            return "finished: every contact has come to its end"
        case "ended":
            return f"ended: {_end(seen)} has passed"
        case _:
            return f"{word}{_held(seen)}"


def _end(seen: CampaignSnapshot) -> str:
    return local(seen.campaign.ends, zone(seen.campaign))


def _held(seen: CampaignSnapshot) -> str:
    """Write that a hold stops some of a campaign that might ring otherwise."""
    may_ring = seen.standing not in ("finished", "cancelled", "ended")
    return ", held" if seen.holds and may_ring else ""


def _list(seen: CampaignSnapshot) -> str:
    many, forgotten = counted(seen.progress.rows, "contact"), seen.progress.forgotten
    if forgotten is None:
        return many
    return f"{many}, forgotten at {local(forgotten, zone(seen.campaign))}; the counts stay"


def _bar(seen: CampaignSnapshot) -> str:
    rows, done = seen.progress.rows, seen.progress.rows - seen.progress.open
    full = _BAR * done // rows if rows else 0
    return f"{'█' * full}{'░' * (_BAR - full)} {100 * done // rows if rows else 0} %"


def _detail(seen: CampaignSnapshot, name: str, dead: Mapping[str, int]) -> str:
    if name == "waiting" and seen.over:
        return ", never to be rung"
    if name == State.SKIPPED:
        counts = seen.progress.skipped
    elif name == State.DEAD:
        counts = {
            f"with {code} ({lookup(code).meaning})" if code else "without an answer": count
            for code, count in dead.items()
        }
    else:
        return ""
    if counts:
        return f": {_counted(counts)}"
    return f": dialer dead list --campaign {seen.progress.name}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())


def _hours(seen: CampaignSnapshot) -> list[str]:
    if len(seen.hours) > _ZONES or not seen.hours:
        return [prospect(seen)]
    found = []
    for one in seen.hours:
        whose = f" for {one.contacts} in {one.zones}" if len(seen.hours) > 1 else ""
        why = f": {'; '.join(one.reasons)}" if one.reasons else ""
        found.append(f"{_opening(one)}{whose}{why}")
    return found


def _opening(one: ZoneHours) -> str:
    return opening(one.open, one.next_change, one.zone)


def prospect(seen: CampaignSnapshot) -> str:
    """Say in one clause when the contacts of a campaign may be rung."""
    starts = seen.campaign.starts
    if starts and starts > seen.now:
        return f"nobody is rung before {local(starts, zone(seen.campaign))}"
    if not seen.hours:
        return f"its account {seen.campaign.account} is not in the settings here"
    if len(seen.hours) == 1:
        return f"its hours are {_opening(seen.hours[0])}"
    able = sum(one.contacts for one in seen.hours if one.open)
    return f"its hours are open for {able} of {seen.progress.rows} contacts now"


def holds(seen: CampaignSnapshot) -> list[str]:
    """Write the holds on a campaign, and how each is released."""
    found = []
    for hold in seen.holds:
        said = f"{named(hold.scope)} is held by {set_by(hold)}: {hold.reason}"
        found += [mask(said), ending(hold)]
    return found
