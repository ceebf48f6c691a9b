"""Reader of the facts that `dialer.diagnosis.explain` reasons about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from dialer.diagnosis.explain import AccountFacts, CampaignFacts, Explanation, Facts, explain
from dialer.domain.account.account import Route, peers_of
from dialer.domain.call.agents import crew_written
from dialer.domain.call.call import ClickToCall
from dialer.domain.call.customer import Allowed
from dialer.domain.campaign.agents import WHOM, whom_in
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Place
from dialer.domain.campaign.contact_hours import contact_calendar
from dialer.domain.campaign.contact_job import new_turn, prospective
from dialer.domain.job.job import Job
from dialer.domain.job.lane import Lane
from dialer.errors import InvalidCall
from dialer.store import Store

#: How far ahead hours are looked up, at least and, for a campaign until its end, at most.
_AHEAD, _FAR_AHEAD = timedelta(days=8), timedelta(days=92)
#: Hours after a deadline that are looked up, to see the opening behind it.
_BEYOND = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Explainer:
    """
    Explains jobs as they stand in the store, by the settings of this process.

    Attributes:
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
        Explain the contacts of all campaigns that have this number (E.164) and are no jobs yet.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        find, names = self.store.contacts.find, self.store.campaigns.names()
        waiting = [self.contact(name, row) for name in names if (row := find(name, number))]
        return [explained for explained in waiting if explained]

    def contact(self, campaign: str, row: int) -> Explanation | None:
        """
        Explain a contact by its number in the list; None when there is none that is no job yet.

        Raises:
            StoreUnavailable, StoreRefused: The facts could not be read.
        """
        place = self.store.contacts.place(campaign, row)
        return explain(self._contact(campaign, place)) if place and not place.fed else None

    def facts(self, job: Job, place: Place | None = None) -> Facts:
        """
        Read the facts that decide whether *job* may be rung now.

        The parts are read one after the other: on a busy system they are from
        moments a few milliseconds apart. *place* is that of a contact which will
        become the job; None for a job that is there.
        """
        store, now = self.store, self.store.now()
        account = self.account(job, now)
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
            customer=None if place else self._customer(job),
            pool_until=store.accounts.pool_sleeps_until(job.account, job.pool),
            ahead=store.ahead_of(job, listed=place is not None, same_hours=closed),
            workers=store.doorbells.live(now),
            lease=self.lease,
            quarantine=self.quarantine,
            campaign=self._campaign(job, place),
            fullness=store.fullness(),
            peers=self.peers(job.account),
            second=second_of(job),
        )

    def peers(self, account: str) -> Sequence[str]:
        """Accounts that share an account's user id, and so its agents; itself among them."""
        route = self.routes.get(account)
        return peers_of(self.routes, route) if route else [account]

    def _contact(self, name: str, place: Place) -> Facts:
        """Read the facts about a contact, as about the job it will become."""
        store = self.store
        campaign, progress = store.campaigns.get(name), store.campaigns.progress(name)
        route = self.routes.get(campaign.account)
        mode = progress.mode or (route.mode if route else "live")
        turn = new_turn(CallFactory(campaign), place.contact, place.group.number, mode)
        facts = self.facts(prospective(turn, progress.created, campaign.ends), place)
        if not route:
            return facts
        asked = [(turn.protected, turn.rings)]
        (customer,) = store.customers.allow_contacts(
            campaign.account, asked, route.customer, campaign.customer_rules
        )
        # Do-not-call has a reason of its own.
        return replace(facts, customer=None if customer.rule == "do_not_call" else customer)

    def _before_same_agents(self, campaign: Campaign, place: Place) -> int:
        """Count the contacts before one that wait for no other agents than it."""
        if WHOM.isdisjoint(campaign.columns):
            return place.before
        read = whom_in(campaign)
        crew = set(crew_written(*read(place.contact.values)))
        rows = self.store.contacts.rows(campaign.name, place.group)
        before = islice(rows, place.group.fed, place.group.fed + place.before)
        return sum(crew.issuperset(crew_written(*read(one.values))) for one in before)

    def _campaign(self, job: Job, place: Place | None) -> CampaignFacts | None:
        if not job.campaign:
            return None
        campaigns = self.store.campaigns
        campaign, progress = campaigns.get(job.campaign), campaigns.progress(job.campaign)
        steps = campaigns.steps(job.campaign)
        lane = Lane.parse(job.lane)
        return CampaignFacts(
            name=campaign.name,
            state=progress.state,
            decided=steps[-1] if steps else None,
            starts=campaign.starts,
            ends=campaign.ends,
            calls_per_second=campaign.calls_per_second,
            standing=campaigns.standing(
                campaign.name, job.account, pool=lane.pool, peers=self.peers(job.account)
            ),
            row=place.contact.row if place else 0,
            before=place.before if place else 0,
            before_same_agents=self._before_same_agents(campaign, place) if place else 0,
            hours_known=self.store.feeding.hours_known(campaign.name, lane.group),
            behind=bool(job.events) and job.version != progress.version,
        )

    def _customer(self, job: Job) -> Allowed | None:
        route = self.routes.get(job.account)
        return self.store.customers.allow(job.id, route.customer) if route else None

    def account(self, job: Job, now: datetime) -> AccountFacts | None:
        """Read the facts of a job's account; None where the settings here do not name it."""
        name, route = job.account, self.routes.get(job.account)
        if route is None:
            return None
        calendar, known = route.hours.calendar, now + _AHEAD
        if job.campaign:
            known = max(known, min(job.not_after + _BEYOND, now + _FAR_AHEAD))
            zones = self.store.contacts.zones(job.campaign, Lane.parse(job.lane).group)
            campaign = self.store.campaigns.get(job.campaign)
            calendar = contact_calendar(calendar, campaign, zones)
        return AccountFacts(
            mode=route.mode,
            standing=self.store.accounts.standing(name, route.limits),
            windows=tuple(calendar.windows(now, known)),
            known=known,
            why_closed=tuple(calendar.why_closed(now)),
            zone=route.hours.calendar.rules[0].zone,
        )


def second_of(job: Job) -> str:
    """Whom the `to` of a job rings, as the last part of a lane; "" for numbers."""
    try:
        return ClickToCall.from_content(job.content).also
    except InvalidCall:
        return ""
