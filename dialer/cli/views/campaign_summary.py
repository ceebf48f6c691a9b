"""Definitions in a few lines, numbers masked."""

from dialer.cli import output
from dialer.domain.account.limits import pace
from dialer.domain.call.number import canonical, mask
from dialer.domain.campaign.campaign import Campaign
from dialer.planning.forecast_inputs import agents_in, call_length
from dialer.settings import Account, Settings
from dialer.text.duration import format_duration
from dialer.text.moment import local, rough
from dialer.text.plural import counted
from schedules.hours import CallingHours
from schedules.presets import NOT_LEGAL_ADVICE, Preset
from schedules.zones import ZONES_JOIN


def describe(campaign: Campaign, settings: Settings) -> None:
    """Print a definition with its warnings."""
    output.pairs(rows(campaign, settings))
    for hours in filter(None, (campaign.calling_hours, campaign.preset)):
        for note in CallingHours.parse(hours).over_midnight:
            output.say(f"note: {note}")
    for preset in campaign.presets:
        if warning := _other_zone(campaign, preset):
            output.say(f"warning: {warning}")
    if campaign.presets:
        output.say(NOT_LEGAL_ADVICE)


def _other_zone(campaign: Campaign, preset: Preset) -> str:
    if preset.zone is None and campaign.zone_from == "campaign":
        own = "the called person's own time: --zone-from number, or a column"
        return f"{preset.name} means {own}; all share {campaign.time_zone} now"
    if preset.zone not in (None, campaign.time_zone):
        return f"{preset.name} means {preset.zone}, and the campaign's zone is {campaign.time_zone}"
    return ""


def zone(campaign: Campaign) -> str:
    """Name the zone in which a person reads the times of a campaign."""
    return campaign.time_zone.split(ZONES_JOIN)[0]


def rows(campaign: Campaign, settings: Settings) -> list[tuple[str, str]]:
    """List a definition for a person, one (name, value) a line."""
    account = settings.accounts.get(campaign.account)
    found = [
        ("account", _account(campaign, account)),
        (
            "calls",
            f"{_side(campaign, 'from')}, then {_side(campaign, 'to')}{_caller_ids(campaign)}",
        ),
        ("protected", f"the customer, {campaign.customer}: do-not-call, gap and caps count there"),
        ("hours", _hours(campaign, account)),
        ("runs", _runs(campaign)),
        ("at once", _at_once(campaign, account)),
    ]
    if campaign.purpose:
        found.insert(3, ("purpose", campaign.purpose))
    if campaign.holidays:
        found.insert(-2, ("holidays", campaign.holidays))
    if speed := _speed(campaign):
        found.append(("speed", speed))
    found.append(("tries", _tries(campaign, settings.jobs.max_tries)))
    return found


def _account(campaign: Campaign, account: Account | None) -> str:
    if account is None:
        return f"{campaign.account}, which is not in the settings here"
    return f"{account.name}, {account.mode} mode: {account.rings}"


def _side(campaign: Campaign, side: str) -> str:
    kind = "" if f"{side}Type" in campaign.columns else campaign.call.get(f"{side}Type", "Number")
    what = "" if kind in ("", "Number") else f"{kind} "
    if side in campaign.columns:
        return f'{what}in the column "{campaign.columns[side]}"'
    written = str(campaign.call.get(side, "")).split(",")
    return what + ",".join(written if what else map(_masked, written))


def _masked(written: str) -> str:
    try:
        return mask(canonical(written, landlines=True))
    except ValueError:
        return mask(written)


def _caller_ids(campaign: Campaign) -> str:
    many = len(campaign.caller_ids)
    return f"; {counted(many, 'caller id')} in turn" if many else ""


def _hours(campaign: Campaign, account: Account | None) -> str:
    own = campaign.calling_hours
    if campaign.preset:
        own = campaign.preset if own == "always" else f"{own} and {campaign.preset}"
    match campaign.zone_from:
        case "campaign":
            where = campaign.time_zone
        case "number":
            where = "the zone of each contact's number"
        case _:
            where = f'the zone in the column "{campaign.zone_column}"'
    if account is None:
        return f"{own} in {where}"
    also = f"{account.calling_hours} in {account.time_zone}"
    return f"{own} in {where}; the account's apply too: {also}"


def _runs(campaign: Campaign) -> str:
    starts = f"from {local(campaign.starts, zone(campaign))} " if campaign.starts else ""
    return f"{starts}until {local(campaign.ends, zone(campaign))}: no call starts after that"


def _at_once(campaign: Campaign, account: Account | None) -> str:
    kind = str(campaign.call.get("fromType", "Number"))
    each = campaign.agent_limit(kind)
    usual = "" if campaign.live_per_agent is not None else " (the default)"
    many = agents_in(campaign)
    if each:
        of = f" of {many}" if many > 1 else ""
        said = f"{counted(each, 'call')} for each{of} in from{usual}"
    elif campaign.live_per_agent is None:
        said = "any number of calls for a Group, whose size is not known here (the default)"
    else:
        said = "any number of calls"
    if campaign.max_live_calls:
        said += f", {campaign.max_live_calls} in all"
    if account is None:
        return said
    return f"{said}; a call counts as going on for up to {_length(campaign, account)}"


def _length(campaign: Campaign, account: Account) -> str:
    longest = rough(call_length(campaign, account.assumed_call))
    if "timeLimit" in {*campaign.call, *campaign.columns}:
        return f"{longest}, its rings and its timeLimit"
    return f"{longest}, its rings and assumed_call ({format_duration(account.assumed_call)})"


def _speed(campaign: Campaign) -> str:
    parts = []
    if campaign.calls_per_second:
        parts.append(f"{pace(campaign.calls_per_second)} of its own")
    if campaign.max_posting:
        parts.append(f"{counted(campaign.max_posting, 'request')} on the wire")
    if campaign.weight > 1:
        parts.append(f"weight {campaign.weight}")
    return ", ".join(parts)


def _tries(campaign: Campaign, usual: int) -> str:
    said = [f"at most {campaign.max_tries or usual} for each contact"]
    said += [f"{rough(delay)} after {kind}" for kind, delay in campaign.delays.items()]
    if campaign.not_same_day:
        said.append(f"after {', '.join(campaign.not_same_day)} not again that day")
    return "; ".join(said)
