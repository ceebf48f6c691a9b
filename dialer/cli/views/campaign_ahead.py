"""Preflight and forecast of a campaign, as they are shown."""

from typing import Any

from dialer.cli import output
from dialer.cli.views.campaign_summary import zone
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.job.ids import ContactJobId
from dialer.planning.forecast import Forecast, describe
from dialer.planning.preflight import Preflight
from dialer.services.campaigns.snapshot import CampaignSnapshot
from dialer.text.moment import about, local
from dialer.text.plural import agreeing, counted

#: Reason of a contact that will not be rung -> its meaning.
_MEANING = {
    "invalid": "the call breaks a rule; it would be refused unsent",
    "do_not_call": "on a do-not-call list",
    "cap": "one such call may ring more often than a customer may be rung",
    "customer": "called too recently or too often, until the end",
    "hours": "calling hours leave no moment before the end",
    "time": "the rate does not reach them before the end",
}


def show_preflight(seen: CampaignSnapshot, found: Preflight, *, json: bool) -> None:
    """Print how many contacts will be rung, why the others will not, and the next step."""
    name, progress = seen.campaign.name, seen.progress
    if json:
        output.emit(
            {
                "campaign": name,
                "contacts": found.rows,
                "will_ring": found.will_ring,
                "reasons": dict(found.reasons),
                "examples": {reason: list(rows) for reason, rows in found.examples.items()},
                "warnings": list(found.warnings),
                "first": found.first,
            }
        )
        return
    first = f", the first at {local(found.first, zone(seen.campaign))}" if found.first else ""
    many = counted(found.rows, "contact")
    output.say(f"of {many} {found.will_ring} will be rung{first}")
    _tell_reasons(name, found)
    for warning in found.warnings:
        output.say(f"warning: {warning}")
    if progress.fed:
        are = agreeing(progress.fed, "is a job", "are jobs")
        output.say(f"{progress.fed} more {are} already: dialer campaign show {name}")
    if progress.state is CampaignState.DRAFT:
        step = "start" if found.rows else "import"
        output.say(f"next: dialer campaign {step} {name}{'' if found.rows else ' FILE'}")


def _tell_reasons(name: str, found: Preflight) -> None:
    one = ""
    for reason, count in found.reasons.items():
        ids = [str(ContactJobId(name, row)) for row in found.examples.get(reason, ())]
        more = ", …" if count > len(ids) else ""
        output.say(f"  {count} {reason}: {_MEANING.get(reason, reason)}: {', '.join(ids)}{more}")
        one = one or next(iter(ids), "")
    if one:
        output.say(f"  whom one of them rings, and why not: dialer explain {one}")


def show_forecast(seen: CampaignSnapshot, found: Forecast, *, json: bool) -> None:
    """Print when a campaign will probably be done."""
    name = seen.campaign.name
    if json:
        output.emit({"campaign": name, **forecast_fields(found)})
        return
    if seen.standing != "running":
        output.say(f"campaign {name} is {seen.standing}: this is how it would go from now on")
    for line in describe(found, zone(seen.campaign), seen.now):
        output.say(line)


def forecast_fields(found: Forecast) -> dict[str, Any]:
    """List the fields of a forecast for a program."""
    counts = ("placed", "dead", "unconfirmed", "unreached")
    return {
        "p10": found.p10,
        "p50": found.p50,
        "p90": found.p90,
        "done": round(found.done, 3),
        **{name: round(getattr(found, name), 1) for name in counts},
        "assumptions": list(found.assumptions),
    }


def finish(seen: CampaignSnapshot, found: Forecast) -> str:
    """Write for a person when a campaign that runs will be done."""
    p10, p50, p90 = (
        about(moment, zone(seen.campaign), seen.now) if moment else "not before its end"
        for moment in (found.p10, found.p50, found.p90)
    )
    return f"{p50}; eight times in ten between {p10} and {p90}"
