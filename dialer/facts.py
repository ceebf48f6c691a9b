"""
Reads the facts that `dialer.explain` reasons about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.errors import JobNotFound
from dialer.explain import AccountFacts, Explanation, Facts, explain
from dialer.job import Job
from dialer.order import id_of_key
from dialer.route import Route
from dialer.store import Store
from dialer.store.customers import Allowed

#: As far ahead as workers tell the store (`dialer.hours`); beyond it everything is closed.
_AHEAD = timedelta(days=8)


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

    def facts(self, job: Job) -> Facts:
        """
        Read what decides whether *job* may be rung now.

        The parts are read one after the other: on a busy system they are from
        moments a few milliseconds apart.
        """
        store, now = self.store, self.store.server.time()
        return Facts(
            job=job,
            now=now,
            holds=store.holds.all(),
            suppressed=[
                entry
                for number in job.protected
                for entry in store.suppression.find(number, job.account)
            ],
            account=self._account(job.account, now),
            customer=self._customer(job),
            pool_until=store.accounts.pool_sleeps_until(job.account, job.pool),
            ahead=store.jobs.ahead(job),
            workers=store.bells.live(now),
            lease=self.lease,
            quarantine=self.quarantine,
        )

    def _customer(self, job: Job) -> Allowed | None:
        route = self.routes.get(job.account)
        return self.store.customers.allow(job.id, route.customer) if route else None

    def _account(self, name: str, now: datetime) -> AccountFacts | None:
        route = self.routes.get(name)
        if route is None:
            return None
        calendar = route.hours.calendar
        return AccountFacts(
            mode=route.mode,
            standing=self.store.accounts.standing(name, route.limits, now=now),
            windows=tuple(calendar.windows(now, now + _AHEAD)),
            why_closed=tuple(calendar.why_closed(now)),
            zone=calendar.rules[0].zone,
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
