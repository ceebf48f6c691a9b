"""
Reads the facts that `dialer.explain` reasons about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from dialer.campaign import Campaign
from dialer.crew import WHOM, crew_written, whom_in
from dialer.errors import JobNotFound
from dialer.explain import AccountFacts, CampaignFacts, Explanation, Facts, explain
from dialer.job import Job
from dialer.order import id_of_key
from dialer.route import Route
from dialer.store import Store
from dialer.store.ahead import ahead_of
from dialer.store.contacts import Place
from dialer.store.customers import Allowed
from dialer.turn import new_turn, prospective

#: How far ahead hours are looked up, at least and, for a campaign until its end, at most.
_AHEAD, _FAR_AHEAD = timedelta(days=8), timedelta(days=92)
#: Hours after a deadline that are looked up, to see what comes behind it.
_BEYOND = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Explainer:
    """
    Explains jobs as they stand in the store, by the settings of this process.

    Attributes:
        store: The store.
        routes: The accounts by name.
        lease: How long an attempt is a worker's.
        quarantine: How long after an attempt it may not be rung again.
    """

    store: Store
    routes: Mapping[str, Route]
    lease: timedelta
    quarantine: timedelta

    def job(self, job: Job) -> Explanation:
        """
        Explain one job.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        return explain(self.facts(job))

    def contacts(self, number: str) -> list[Explanation]:
        """
        Explain the contacts of all campaigns that are this customer and no jobs yet.

        Args:
            number: E.164.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        rows = [
            (name, self.store.contacts.find(name, number)) for name in self.store.campaigns.names()
        ]
        waiting = [self.contact(name, row) for name, row in rows if row]
        return [explained for explained in waiting if explained]

    def contact(self, campaign: str, row: int) -> Explanation | None:
        """
        Explain a contact by its number in the list; None when there is none that is no job yet.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        place = self.store.contacts.place(campaign, row)
        return explain(self._contact(campaign, place)) if place and not place.fed else None

    def facts(self, job: Job) -> Facts:
        """
        Read what decides whether *job* may be rung now.

        The parts are read one after the other: on a busy system they are from
        moments a few milliseconds apart.
        """
        store, now = self.store, self.store.server.time()
        account = self._account(job, now)
        closed = account is not None and not any(a <= now < b for a, b in account.windows)
        return Facts(
            job=job,
            now=now,
            holds=store.holds.all(),
            suppressed=[
                entry
                for number in job.protected
                for entry in store.suppression.find(number, job.account)
            ],
            account=account,
            customer=self._customer(job),
            pool_until=store.accounts.pool_sleeps_until(job.account, job.pool),
            ahead=ahead_of(store.server, job, listed=not job.events, same_hours=closed),
            workers=store.bells.live(now),
            lease=self.lease,
            quarantine=self.quarantine,
            campaign=self._campaign(job, now),
            fullness=store.server.fullness(),
        )

    def _contact(self, name: str, place: Place) -> Facts:
        """Read what decides about a contact, as about the job it will become."""
        store = self.store
        campaign, progress = store.campaigns.get(name), store.campaigns.progress(name)
        route = self.routes.get(campaign.account)
        mode = progress.mode or (route.mode if route else "live")
        job = prospective(campaign, place, mode, progress.created)
        facts = self.facts(job)
        customer = None
        if route:
            rings = new_turn(campaign, place.contact, place.group.number, mode).rings
            asked = [(job.protected, rings)]
            (customer,) = store.customers.allow_contacts(
                campaign.account, asked, route.customer, campaign.customer_rules
            )
            if customer.rule == "do_not_call":
                customer = None  # it has a reason of its own
        known = facts.campaign
        if known:
            known = replace(
                known,
                row=place.contact.row,
                before=place.before,
                before_crew=self._before_crew(campaign, place),
            )
        return replace(facts, campaign=known, customer=customer)

    def _before_crew(self, campaign: Campaign, place: Place) -> int:
        """Count the contacts before one that ring nobody first but whom it rings first."""
        if WHOM.isdisjoint(campaign.columns):
            return place.before
        read = whom_in(campaign)
        crew = set(crew_written(*read(place.contact.values)))
        rows = self.store.contacts.rows(campaign.name, place.group)
        before = islice(rows, place.group.fed, place.group.fed + place.before)
        return sum(crew.issuperset(crew_written(*read(one.values))) for one in before)

    def _campaign(self, job: Job, now: datetime) -> CampaignFacts | None:
        if not job.campaign:
            return None
        campaigns = self.store.campaigns
        campaign, progress = campaigns.get(job.campaign), campaigns.progress(job.campaign)
        steps = campaigns.steps(job.campaign)
        _, _, group, pool = job.lane.split("/", 3)
        return CampaignFacts(
            name=campaign.name,
            state=progress.state,
            decided=steps[-1] if steps else None,
            starts=campaign.starts,
            ends=campaign.ends,
            calls_per_second=campaign.calls_per_second,
            standing=campaigns.standing(campaign.name, job.account, now, pool=pool),
            row=0,
            before=0,
            before_crew=0,
            hours_known=self.store.feeding.hours_known(campaign.name, group),
        )

    def _customer(self, job: Job) -> Allowed | None:
        route = self.routes.get(job.account)
        return self.store.customers.allow(job.id, route.customer) if route else None

    def _account(self, job: Job, now: datetime) -> AccountFacts | None:
        name, route = job.account, self.routes.get(job.account)
        if route is None:
            return None
        calendar, known = route.hours.calendar, now + _AHEAD
        if job.campaign:
            known = max(known, min(job.not_after + _BEYOND, now + _FAR_AHEAD))
            zones = self.store.contacts.zones(job.campaign, job.lane.split("/", 3)[2])
            calendar &= self.store.campaigns.get(job.campaign).calendar(zones)
        return AccountFacts(
            mode=route.mode,
            standing=self.store.accounts.standing(name, route.limits, now=now),
            windows=tuple(calendar.windows(now, known)),
            known=known,
            why_closed=tuple(calendar.why_closed(now)),
            zone=route.hours.calendar.rules[0].zone,
        )


def find_by_key(store: Store, account: str, key: str) -> Job:
    """
    Find the job that a producer's key names.

    Raises:
        JobNotFound: The account has none with this key, in either mode.
    """
    for mode in ("live", "developer"):
        try:
            return store.jobs.get(id_of_key(account, mode, key))
        except JobNotFound:
            continue
    raise JobNotFound(f'no job of account {account} has the key "{key}"')
