"""
What is known of a campaign at one moment: how far it is, and whether it may ring.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.bootstrap import calendar_of
from dialer.campaign import ZONES_JOIN, Campaign
from dialer.cli.campaign.summary import zone
from dialer.cli.hold import command, label, named
from dialer.cli.opening import Session
from dialer.cli.shape import words
from dialer.crew import POOL, sample_call
from dialer.explain import set_by
from dialer.hourcounts import HourCounts
from dialer.job import NUMBERS, State
from dialer.moment import local
from dialer.overview import standing
from dialer.store.holds import EVERYTHING, Hold, account_scope, campaign_scope, pool_scope
from dialer.store.progress import Progress
from schedules.errors import HoursError

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Doors:
    """
    The hours of the contacts that share their zones.

    Attributes:
        zones: Joined by "+".
        contacts: How many there are.
        open: Whether they may be rung now.
        change: When that changes; None for never.
        why: Why they may not be; empty when they may.
    """

    zones: str
    contacts: int
    open: bool
    change: datetime | None
    why: Sequence[str]

    @property
    def zone(self) -> str:
        """The zone in which a person reads their times."""
        return self.zones.split(ZONES_JOIN)[0]

    def __str__(self) -> str:
        """Write it for a person: "open until 2026-11-24 21:00:00 IST"."""
        state = "open" if self.open else "closed"
        return (
            f"{state} until {local(self.change, self.zone)}" if self.change else f"always {state}"
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """
    A campaign at one moment.

    Attributes:
        now: The store's time.
        campaign: Its definition.
        progress: How far it is.
        holds: Those that stop it or some of its calls.
        doors: Its hours, by groups of zones.
        history: What became of its attempts, by hours.
    """

    now: datetime
    campaign: Campaign
    progress: Progress
    holds: Sequence[Hold]
    doors: Sequence[Doors]
    history: Sequence[HourCounts]

    @property
    def standing(self) -> str:
        """Its state as a person sees it: the operator's word, finished, ended or starts."""
        return standing(self.progress, self.campaign.starts, self.now)

    @property
    def over(self) -> bool:
        """Whether nothing of it will ever be rung, as it is defined now."""
        return self.standing in ("cancelled", "ended")

    @property
    def to_go(self) -> int:
        """Contacts that may still be rung."""
        return 0 if self.over else self.progress.open

    @property
    def last_hour(self) -> int | None:
        """
        Attempts of the last sixty minutes, about: the hours that are counted are whole ones.

        None once its list was forgotten, and its hours with it.
        """
        if self.progress.forgotten:
            return None
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        starts = {one.hour: one.starts for one in self.history}
        earlier = starts.get(hour - _HOUR, 0) * (1 - (self.now - hour) / _HOUR)
        return starts.get(hour, 0) + round(earlier)

    def progress_by_name(self) -> dict[str, int]:
        """Where its contacts are; the counts add up to the list."""
        counts = {str(state): self.progress.counts[state] for state in State}
        return {"waiting": self.progress.waiting, **counts}

    def prospect(self) -> str:
        """Say in one clause when its contacts may be rung."""
        starts = self.campaign.starts
        if starts and starts > self.now:
            return f"nobody is rung before {local(starts, zone(self.campaign))}"
        if not self.doors:
            return f"its account {self.campaign.account} is not in the settings here"
        if len(self.doors) == 1:
            return f"its hours are {self.doors[0]}"
        able = sum(door.contacts for door in self.doors if door.open)
        return f"its hours are open for {able} of {self.progress.rows} contacts now"

    def held(self) -> list[str]:
        """Say who holds it, and how each hold is released."""
        lines = []
        for hold in self.holds:
            said = f"{named(hold.scope)} is held by {set_by(hold)}: {hold.reason}"
            lines += [words(said, reveal=False), f"{label(hold.owner)}: {command(hold)}"]
        return lines


def look(opened: Session, name: str, *, hours: bool = True) -> Sight:
    """
    Look at a campaign.

    Args:
        opened: Settings and store.
        name: The campaign.
        hours: Whether to work out its hours, which takes the longest.

    Raises:
        CampaignNotFound: There is none with this name.
    """
    store = opened.store
    progress, campaign = store.campaigns.progress(name), store.campaigns.get(name)
    now = store.server.time()
    return Sight(
        now=now,
        campaign=campaign,
        progress=progress,
        holds=[hold for hold in store.holds.all() if _concerns(hold, campaign)],
        doors=_doors(opened, campaign, progress, now) if hours else (),
        history=store.campaigns.history(name),
    )


def _concerns(hold: Hold, campaign: Campaign) -> bool:
    scopes = {EVERYTHING, account_scope(campaign.account), campaign_scope(campaign.name)}
    return hold.scope in scopes or hold.scope.startswith(
        pool_scope(campaign.account, _pool(campaign))
    )


def _pool(campaign: Campaign) -> str:
    """Return how the pools of its calls begin."""
    call = sample_call(campaign)
    if call is None or not POOL.isdisjoint(campaign.columns):
        # Which pools its rows name is not known without reading them.
        return ""
    return call.pool or NUMBERS


def _doors(opened: Session, campaign: Campaign, progress: Progress, now: datetime) -> list[Doors]:
    account = opened.settings.accounts.get(campaign.account)
    if account is None:
        return []
    groups = [(one.zones, one.rows) for one in opened.store.contacts.groups(campaign.name)]
    doors = []
    for zones, contacts in groups or [("", progress.rows)]:
        try:
            calendar = calendar_of(account) & campaign.calendar(zones)
            is_open, change = calendar.is_open(now), calendar.next_change(now)
            why = calendar.why_closed(now)
        except HoursError as error:
            # What nobody can know is closed.
            is_open, change, why = False, None, [str(error)]
        doors.append(Doors(zones or campaign.time_zone, contacts, is_open, change, why))
    return doors
