"""Snapshots: a campaign at one moment, how far it is and whether it may ring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.diagnosis.facts_reader import Explainer
from dialer.diagnosis.status import standing
from dialer.domain.account.account import Route
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact_hours import contact_calendar
from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.domain.campaign.progress import Progress
from dialer.domain.campaign.stops import stops
from dialer.domain.holds.hold import Hold
from dialer.domain.job.job import State
from dialer.planning.preflight import rehearsal
from dialer.store import Store
from schedules.errors import HoursError
from schedules.zones import ZONES_JOIN

_HOUR = timedelta(hours=1)
_APART = "the workers have other settings than those here, and theirs count: dialer doctor"


@dataclass(frozen=True, slots=True)
class ZoneHours:
    """
    The hours of the contacts that share their zones, which are joined by "+".

    They never change without a *next_change*; *reasons* say why they are closed now.
    """

    zones: str
    contacts: int
    open: bool
    next_change: datetime | None
    reasons: Sequence[str]

    @property
    def zone(self) -> str:
        """The zone in which a person reads their times."""
        return self.zones.split(ZONES_JOIN)[0]


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """
    A campaign at one moment.

    Attributes:
        now: The store's time.
        campaign: Its definition.
        progress: Its counts and its state.
        holds: Those that stop it or some of its calls.
        history: Outcomes of its attempts, by hours.
        notes: Easily overlooked: that it rings nobody, or that settings do not count.
        hours: By groups of zones; empty where they were not asked for, or its account is not in
            the settings.
    """

    now: datetime
    campaign: Campaign
    progress: Progress
    holds: Sequence[Hold]
    history: Sequence[HourCounts]
    notes: Sequence[str]
    hours: Sequence[ZoneHours]

    @property
    def standing(self) -> str:
        """Its state for a person: the operator's word, finished, ended or starts."""
        return standing(self.progress, self.campaign.starts, self.now)

    @property
    def over(self) -> bool:
        """Whether nothing of it will ever be rung, as it is defined now."""
        return self.standing in ("cancelled", "ended")

    @property
    def foreseeable(self) -> bool:
        """Whether it runs, or will, and its hours are known: then its finish can be foretold."""
        return self.standing in ("running", "starts") and bool(self.hours and self.progress.open)

    @property
    def to_go(self) -> int:
        """Contacts that may still be rung."""
        return 0 if self.over else self.progress.open

    @property
    def counts(self) -> Mapping[str, int]:
        """Counts of its contacts by place; they add up to the list."""
        counts = {str(state): self.progress.counts[state] for state in State}
        return {"waiting": self.progress.waiting, **counts}

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


def take(
    store: Store, explainer: Explainer, name: str, fingerprint: str, *, hours: bool
) -> CampaignSnapshot:
    """Take a snapshot of a campaign; *fingerprint* is that of the settings here."""
    progress, campaign = store.campaigns.progress(name), store.campaigns.get(name)
    now, route = store.now(), explainer.routes.get(campaign.account)
    peers = explainer.peers(campaign.account)
    notes = list(rehearsal(campaign, progress, route.mode)) if route and progress.open else []
    if store.doorbells.apart(fingerprint):
        notes.insert(0, _APART)
    return CampaignSnapshot(
        now=now,
        campaign=campaign,
        progress=progress,
        holds=[hold for hold in store.holds.all() if stops(hold, campaign, peers)],
        history=store.campaigns.history(name),
        notes=notes,
        hours=_hours(store, campaign, progress, route, now) if hours and route else (),
    )


def _hours(
    store: Store, campaign: Campaign, progress: Progress, route: Route, now: datetime
) -> list[ZoneHours]:
    groups = [(one.zones, one.rows) for one in store.contacts.groups(campaign.name)]
    found = []
    for zones, contacts in groups or [("", progress.rows)]:
        try:
            calendar = contact_calendar(route.hours.calendar, campaign, zones)
            is_open, change = calendar.is_open(now), calendar.next_change(now)
            why = calendar.why_closed(now)
        except HoursError as error:
            # Unknown hours are closed.
            is_open, change, why = False, None, [str(error)]
        found.append(ZoneHours(zones or campaign.time_zone, contacts, is_open, change, why))
    return found
