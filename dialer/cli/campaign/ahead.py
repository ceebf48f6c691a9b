"""
`dialer campaign preflight`, `dialer campaign forecast`: what is going to happen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Annotated, Any

import typer
from rich.console import Console

from dialer.bootstrap import routes_of
from dialer.campaign import CampaignState
from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.campaign.sight import Sight, look
from dialer.cli.campaign.summary import zone
from dialer.cli.opening import Session, session
from dialer.cli.options import Json
from dialer.forecast import Forecast, describe
from dialer.forecast import forecast as run_forecast
from dialer.moment import about, local
from dialer.outlook import Outlook
from dialer.preflight import Preflight
from dialer.preflight import preflight as run_preflight
from dialer.store.campaigns import refusal
from dialer.turn import job_id

#: Reason of a contact that will not be rung -> what it means.
_MEANING = {
    "invalid": "the call breaks a rule; it would be refused unsent",
    "do_not_call": "on a do-not-call list",
    "cap": "one such call may ring more often than a customer may be rung",
    "customer": "called too recently or too often, until the end",
    "hours": "calling hours leave no moment before the end",
    "time": "the rate does not reach them before the end",
}
#: How old an expected finish may be that is shown again.
_FRESH = timedelta(seconds=30)
_RUNS = 200


def preflight(name: Name, *, json: Json = False) -> None:
    """Say how many contacts will be rung, and why the others will not; changes nothing."""
    with session() as opened:
        campaign = opened.store.campaigns.get(name)
        opened.settings.account(campaign.account)
        route = opened.explainer.routes[campaign.account]
        progress = opened.store.campaigns.progress(name)
        start_by = opened.settings.wire.start_by
        waiting = output.counted(progress.waiting, "contact")
        with Console(stderr=True).status(f"looking at {waiting}"):
            found = run_preflight(opened.store, campaign, route, opened.now, start_by=start_by)
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
    _tell(name, found, zone(campaign))
    if progress.fed:
        are = output.agreeing(progress.fed, "is a job", "are jobs")
        output.say(f"{progress.fed} more {are} already: dialer campaign show {name}")
    if progress.state is CampaignState.DRAFT:
        step = "start" if found.rows else "import"
        output.say(f"next: dialer campaign {step} {name}{'' if found.rows else ' FILE'}")


def _tell(name: str, found: Preflight, where: str) -> None:
    first = f", the first at {local(found.first, where)}" if found.first else ""
    many = output.counted(found.rows, "contact")
    output.say(f"of {many} {found.will_ring} will be rung{first}")
    one = ""
    for reason, count in found.reasons.items():
        ids = [job_id(name, row) for row in found.examples.get(reason, ())]
        more = ", …" if count > len(ids) else ""
        output.say(f"  {count} {reason}: {_MEANING.get(reason, reason)}: {', '.join(ids)}{more}")
        one = one or next(iter(ids), "")
    if one:
        output.say(f"  whom one of them rings, and why not: dialer explain {one}")
    for warning in found.warnings:
        output.say(f"warning: {warning}")


def forecast(
    name: Name,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Other dice than the campaign's own.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Say when it will probably be done, by what its hours so far saw."""
    with session() as opened:
        seen = look(opened, name)
        opened.settings.account(seen.campaign.account)
        if not seen.progress.rows:
            raise refusal(name, "forecast", "empty")
        if seen.standing in ("cancelled", "ended"):
            raise refusal(name, "forecast", seen.standing)
        found = _forecast(opened, seen, seed)
    if json:
        output.emit({"campaign": name, **_fields(found)})
        return
    if seen.standing != "running":
        output.say(f"campaign {name} is {seen.standing}: this is how it would go from now on")
    for line in describe(found, zone(seen.campaign), seen.now):
        output.say(line)


def _forecast(opened: Session, seen: Sight, seed: int | None = None) -> Forecast:
    """
    Forecast a campaign: the one way for all commands, so that all say the same of it.

    Without a seed its dice follow from what it is, and time goes by whole
    minutes: within one it changes only if the campaign moves on.
    """
    settings, progress = opened.settings, seen.progress
    rng = Random(f"{progress.name} {progress.created}" if seed is None else seed)  # noqa: S311 - dice, not secrets
    outlook = Outlook(
        opened.store,
        routes_of(settings, with_token=False),
        settings.jobs.max_tries,
        settings.retry.backoffs,
    )
    now = seen.now.replace(second=0, microsecond=0)
    load, history = outlook.of(seen.campaign, progress, now)
    return run_forecast(load, history, rng, _RUNS)


def _fields(found: Forecast) -> dict[str, Any]:
    return {
        "p10": found.p10,
        "p50": found.p50,
        "p90": found.p90,
        "done": round(found.done, 3),
        "placed": round(found.placed, 1),
        "dead": round(found.dead, 1),
        "unconfirmed": round(found.unconfirmed, 1),
        "unreached": round(found.unreached, 1),
        "assumptions": list(found.assumptions),
    }


@dataclass
class Finish:
    """
    The expected finish of a campaign that runs; kept for a while, as it takes its time to find.
    """

    _found: Forecast | None = None
    _made: datetime | None = None

    def fields(self, opened: Session, seen: Sight) -> dict[str, Any] | None:
        """List it for a program; None where it is not running."""
        found = self._look(opened, seen)
        return _fields(found) if found else None

    def sentence(self, opened: Session, seen: Sight) -> str:
        """Write it for a person; "" where it is not running."""
        found = self._look(opened, seen)
        if found is None:
            return ""
        where = zone(seen.campaign)

        def at(moment: datetime | None) -> str:
            return about(moment, where, seen.now) if moment else "not before its end"

        return f"{at(found.p50)}; eight times in ten between {at(found.p10)} and {at(found.p90)}"

    def _look(self, opened: Session, seen: Sight) -> Forecast | None:
        if seen.standing not in ("running", "starts") or not seen.doors or not seen.progress.open:
            return None
        if self._made is None or not self._made <= seen.now < self._made + _FRESH:
            self._found = _forecast(opened, seen)
            self._made = seen.now
        return self._found
