"""
CampaignService: the use cases of a campaign and its list.

    definition.py  a definition, made of changes and the one before
    snapshot.py    a campaign at one moment: how far it is, and whether it may ring
    contacts.py    one contact, looked at, moved to a time, taken out
    source.py      a list of contacts as it is handed in
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, get_args

from dialer.diagnosis.facts_reader import Explainer
from dialer.domain.call.parameters import Problem
from dialer.domain.campaign.campaign import Campaign, CampaignState
from dialer.domain.campaign.progress import Progress
from dialer.domain.job.job import State
from dialer.errors import CampaignChanged, CampaignNotFound, InvalidRequest, StoreUnsafe
from dialer.feeding.feeder import Feeder
from dialer.feeding.importing import ImportResult, Reporter, Watch, import_list
from dialer.lists import Format
from dialer.planning.forecast import Forecast, forecast
from dialer.planning.forecast_inputs import Outlook
from dialer.planning.preflight import Preflight, not_rung, preflight
from dialer.services.campaigns.definition import merged, read, refuse_what_is_fixed
from dialer.services.campaigns.snapshot import CampaignSnapshot, take
from dialer.services.campaigns.source import Source, opened
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.campaigns import Verb
from dialer.store.redis.failures import sound
from dialer.store.refusals import refusal
from dialer.text.masking import mask

__all__ = ["CampaignService", "ImportResult", "Verb"]

#: How often a change is made anew because another one came first.
_TRIES = 5
#: Of more dead letters than these the codes are not counted.
_DEAD = 2000
#: Simulated runs of the rest of a campaign, for one forecast.
_RUNS = 200


@dataclass(frozen=True, slots=True)
class CampaignService:
    """
    The use cases of campaigns and their lists.

    Fields are those of `dialer.domain.campaign.campaign.Campaign`, by name. Each method raises
    StoreUnavailable and StoreRefused as the store says, and all that take a name
    CampaignNotFound. The feeder works at once, where else the next tick would.
    """

    store: Store
    settings: Settings
    who: str
    explainer: Explainer
    feeder: Feeder

    def define(
        self, name: str, fields: Mapping[str, Any], *, unread: Sequence[Problem] = ()
    ) -> CampaignSnapshot:
        """
        Define a campaign; it is a draft and rings nobody. The same definition again is no error.

        Args:
            name: 1 to 40 of a-z, 0-9 and _.
            fields: The others come from the account and the defaults.
            unread: Problems that the caller met, as (field, rule); refused with the rest.

        Raises:
            InvalidCampaign: A rule is broken; nothing was defined, and all broken rules are named.
            CampaignRefused: Another campaign has this name.
        """
        given = merged({}, {**fields, "name": name})
        campaign = read(given, self.settings, self.store.now(), unread)
        if given.get("ends") is None:
            campaign = self._as_it_was(campaign)
        self.store.campaigns.create(campaign, who=self.who)
        return self.look(name, hours=False)

    def edit(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        whole: Collection[str] = (),
        unread: Sequence[Problem] = (),
        revision: str | None = None,
    ) -> CampaignSnapshot:
        """
        Change the fields that are given, and none that is changed elsewhere at the same time.

        When it returns no call starts by the old definition. Jobs that wait are made anew by
        the new one: at once, or where that breaks off with the next tick.

        Args:
            name: The campaign's.
            changes: By field; None takes one back to its default. Tables are merged by name.
            whole: Tables that are replaced, not merged.
            unread: As in `define`.
            revision: That of `Progress` which the caller has seen; None for any.

        Raises:
            InvalidCampaign: A rule is broken; CampaignFixed: contacts were read by a field that
                was to change. Nothing was changed.
            CampaignRefused: It was cancelled, or belongs to another account.
            CampaignChanged: Others change it all the time; nothing was changed.
        """
        for left in reversed(range(_TRIES)):
            # In this order: a definition that is newer than its record is refused.
            progress, before = self.store.campaigns.progress(name), self.store.campaigns.get(name)
            if revision not in (None, progress.revision):
                raise CampaignChanged(f"campaign {name} is at revision {progress.revision} now")
            fields = merged(before.model_dump(), {**changes, "name": name}, whole)
            after = read(fields, self.settings, self.store.now(), unread)
            refuse_what_is_fixed(before, after, progress.rows)
            try:
                self.store.campaigns.replace(after, who=self.who, version=progress.version)
                break
            except CampaignChanged:
                if not left or revision is not None:
                    raise
        with suppress(StoreUnsafe):  # an unsafe store gets no more work; closed until it is mended
            if self.settings.durability != "trusted":
                self.store.check_durability()
            self.feeder.look(name)
        return self.look(name, hours=False)

    def steer(self, verb: Verb, name: str, *, reason: str = "") -> bool:
        """
        Start, pause, resume or cancel; when a stop returns, no call of it starts.

        The reason is kept with its numbers masked.

        Returns:
            False when it was so already.

        Raises:
            InvalidRequest: There is no such verb.
            CampaignRefused: It is not in a state for that; nothing was changed.
        """
        if verb not in get_args(Verb):
            raise InvalidRequest(
                "verb", f"must be one of {', '.join(get_args(Verb))}, not {verb!r}"
            )
        changed = self.store.campaigns.steer(verb, name, who=self.who, reason=mask(reason or ""))
        if verb != "pause":
            # The list stays where it is: only jobs that were fed are touched.
            self.feeder.look(name)
        return changed

    def progress(self, name: str) -> Progress:
        """Read how far a campaign is, also of one whose definition is damaged."""
        return self.store.campaigns.progress(name)

    def look(self, name: str, *, hours: bool = True) -> CampaignSnapshot:
        """Look at a campaign; working out its *hours* takes the longest."""
        return take(self.store, self.explainer, name, self.settings.fingerprint(), hours=hours)

    def every(self) -> list[CampaignSnapshot]:
        """Look at all campaigns, oldest first, without their hours; a damaged one is left out."""
        names = self.store.campaigns.names()
        return list(sound(partial(self.look, name, hours=False) for name in names))

    def add(
        self,
        name: str,
        source: Source,
        *,
        report: Reporter = lambda _: None,
        form: Format | None = None,
        watch: Watch | None = None,
    ) -> ImportResult:
        """
        Add a list of contacts, as `dialer.feeding.importing.import_list` does; twice adds nobody.

        Args:
            name: The campaign's; where it runs, its new contacts are fed at once.
            source: The list, of any length.
            report: Called once for each row that is not taken.
            form: "csv" or "jsonl"; None to look at the first line.
            watch: Called now and then, and at the end.

        Raises:
            ListError: The list cannot be read or lacks a column; nothing was added.
            CampaignRefused: It takes no contacts, or none that were read like these any more;
                those added before stay.
        """
        campaign = self.store.campaigns.get(name)
        with opened(source) as stream:
            result = import_list(
                stream,
                campaign,
                self.store.contacts,
                report,
                allowed_extra=self.settings.account(campaign.account).extra_params,
                form=form,
                progress=watch,
            )
        if self.store.campaigns.progress(name).state is CampaignState.RUNNING:
            self.feeder.look(name)
        return result

    def forget(self, name: str) -> int:
        """
        Forget the list of a campaign that is over; its definition and its counts stay.

        Returns:
            How many contacts there were; 0 when it was done before.

        Raises:
            CampaignRefused: It is not over, or a job of it is open.
        """
        if (seen := self.look(name, hours=False)).over and not seen.progress.forgotten:
            # Jobs that still wait in its lanes are taken out first.
            self.feeder.look(name)
        return self.store.contacts.forget(name, who=self.who)

    def preflight(self, seen: CampaignSnapshot) -> Preflight:
        """
        Say how many contacts will be rung, and why the others will not; it changes nothing.

        Raises:
            SettingsError: Its account is not in the settings.
            CampaignRefused: It is over.
        """
        account = self.settings.account(seen.campaign.account).name
        route, peers = self.explainer.routes[account], self.explainer.peers(account)
        start_by = self.settings.wire.start_by
        return preflight(self.store, seen.campaign, route, seen.now, start_by=start_by, peers=peers)

    def not_rung(self, seen: CampaignSnapshot) -> Mapping[str, int]:
        """Count the contacts that a campaign did not ring before it was over, by first reason."""
        route = self.explainer.routes.get(seen.campaign.account)
        if route is None or not seen.over or seen.progress.forgotten:
            return {}
        start_by = self.settings.wire.start_by
        return not_rung(self.store, seen.campaign, route, seen.progress, start_by=start_by)

    def dead_by_code(self, seen: CampaignSnapshot) -> Mapping[str, int]:
        """Count the dead by code, "" for none; nothing where there are too many to read."""
        if seen.progress.counts[State.DEAD] > _DEAD:
            return {}
        jobs = self.store.jobs.select(State.DEAD, campaign=seen.progress.name)
        return dict(Counter(job.code for job in jobs).most_common())

    def forecast(self, seen: CampaignSnapshot, seed: int | None = None) -> Forecast:
        """
        Say when a campaign will probably be done, by what its hours so far saw.

        Without a seed its dice follow from the campaign, and time goes by whole minutes: within
        one it changes only if the campaign moves on.

        Raises:
            SettingsError: Its account is not in the settings.
            CampaignRefused: It has no contacts, or is over.
        """
        settings, progress = self.settings, seen.progress
        settings.account(seen.campaign.account)
        if not progress.rows or seen.over:
            raise refusal(progress.name, "forecast", seen.standing if progress.rows else "empty")
        rng = Random(f"{progress.name} {progress.created}" if seed is None else seed)  # noqa: S311 - dice, not secrets
        tries, backoffs = settings.jobs.max_tries, settings.retry.backoffs
        outlook = Outlook(self.store, self.explainer.routes, tries, backoffs)
        now = seen.now.replace(second=0, microsecond=0)
        load, history = outlook.of(seen.campaign, progress, now)
        return forecast(load, history, rng, _RUNS)

    def _as_it_was(self, campaign: Campaign) -> Campaign:
        """Return the definition of before where it differs only in the end, which was not given."""
        try:
            before = self.store.campaigns.get(campaign.name)
        except (CampaignNotFound, ValueError):  # or damaged: it is another one
            return campaign
        alike = before.model_copy(update={"ends": campaign.ends}) == campaign
        return before if alike else campaign
