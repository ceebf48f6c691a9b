"""`dialer campaign list`, `show`, `preflight`, `forecast`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import typer
from rich.console import Group, RenderableType

from dialer.cli import output
from dialer.cli.campaign.options import Name
from dialer.cli.options import Json
from dialer.cli.session import session
from dialer.cli.views import campaign_page as view
from dialer.cli.views.campaign_ahead import show_forecast, show_preflight
from dialer.cli.views.campaign_summary import rows as definition
from dialer.cli.views.campaign_summary import zone
from dialer.cli.views.watch import Watch, watched
from dialer.errors import DialerError
from dialer.planning.forecast import Forecast
from dialer.services.campaigns import CampaignService
from dialer.services.campaigns.snapshot import CampaignSnapshot
from dialer.text.moment import local
from dialer.text.plural import counted

#: How old an expected finish may be that is shown again.
_FRESH = timedelta(seconds=30)


@dataclass
class Finish:
    """The expected finish of a campaign that runs, kept for a while: finding it takes time."""

    _found: Forecast | None = None
    _made: datetime | None = None

    def of(self, campaigns: CampaignService, seen: CampaignSnapshot) -> Forecast | None:
        """Return it; None where it is not running."""
        if not seen.foreseeable:
            return None
        if self._made is None or not self._made <= seen.now < self._made + _FRESH:
            self._found, self._made = campaigns.forecast(seen), seen.now
        return self._found


def list_campaigns(*, json: Json = False) -> None:
    """List the campaigns, oldest first."""
    with session() as opened:
        view.show_list(opened.campaigns.every(), opened.look(json=json))


def show(name: Name, *, watch: Watch = False, json: Json = False) -> None:
    """Show one campaign: how far it is, its hours, holds and expected finish."""
    finish = Finish()
    if watched(partial(page, name, finish), watch=watch, json=json):
        return
    with session() as opened:
        campaigns = opened.campaigns
        if json:
            seen = campaigns.look(name)
            output.emit(view.fields(seen, campaigns.not_rung(seen), finish.of(campaigns, seen)))
            return
        seen, lines = _look(campaigns, name, finish)
        output.pairs(lines)
        output.say()
        output.pairs(definition(seen.campaign, opened.settings))


def _look(
    campaigns: CampaignService, name: str, finish: Finish
) -> tuple[CampaignSnapshot, list[tuple[str, str]]]:
    seen = campaigns.look(name)
    dead, unrung = campaigns.dead_by_code(seen), campaigns.not_rung(seen)
    return seen, view.lines(seen, dead, unrung, finish.of(campaigns, seen))


def page(name: str, finish: Finish) -> RenderableType:
    """Draw a campaign, or why it cannot be: a server that is restarted comes back."""
    try:
        with session() as opened:
            seen, lines = _look(opened.campaigns, name, finish)
    except DialerError as error:
        return output.text(str(error))
    now = local(seen.now, zone(seen.campaign))
    return Group(output.grid(lines), output.text(), output.text(now))


def preflight(name: Name, *, json: Json = False) -> None:
    """Say how many contacts will be rung, and why the others will not; changes nothing."""
    with session() as opened:
        seen = opened.campaigns.look(name, hours=False)
        waiting = counted(seen.progress.waiting, "contact")
        with output.console(stderr=True).status(f"looking at {waiting}"):
            found = opened.campaigns.preflight(seen)
    show_preflight(seen, found, json=json)


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
        seen = opened.campaigns.look(name, hours=False)
        found = opened.campaigns.forecast(seen, seed)
    show_forecast(seen, found, json=json)
