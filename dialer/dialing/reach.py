"""
The way to the API, as one worker finds it.

Connections are made ahead of the calls that need them. Where none can be made the worker takes
no calls of that account, tells why, and goes on by itself: no job is moved for it, and no try
is used.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from dialer.client import Client, Endpoint, Pool, Trouble
from dialer.dialing.threads import Threads
from dialer.domain.account.account import Route
from dialer.domain.doorbell import Plan
from dialer.domain.holds.scope import account_scope
from dialer.store.holds import Holds
from dialer.store.redis.notation import stamp

log = logging.getLogger("dialer.reach")

#: Between two lines on an account that cannot be reached.
_QUIET = 60.0
#: A slot that is so near is made ready for, however fast a connection is made.
_NEAR = timedelta(milliseconds=100)


class Reach:
    """
    Keeps connections open for the accounts of one worker process.

    Args:
        routes: Those of them without an endpoint are not looked at.
        threads: Where the process makes its calls.
        horizon: How far ahead doorbells are planned.
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        client: Client,
        holds: Holds,
        routes: Mapping[str, Route],
        *,
        threads: Threads,
        horizon: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._holds = client, holds
        self._routes, self._threads, self._horizon = routes, threads, horizon
        self._now, self._monotonic = now, monotonic
        self._told: dict[str, float] = {}
        self._held: dict[str, Trouble] = {}

    @property
    def threads(self) -> int:
        """Calls that the process carries at once, over all accounts."""
        return self._threads.most

    def capacity(self, account: str) -> int:
        """
        Count the calls of an account that this process can start now.

        As many as it has threads for and connections that stand; one where none stands yet,
        which is made when a doorbell comes, and none where the way is shut.
        """
        pool = self._pool(account)
        if pool is None or pool.trouble:
            return 0
        return min(self._threads.free(account), max(1, pool.standing()))

    def connect_time(self, account: str) -> timedelta:
        """How long before a call its connection must be begun; zero until it is known."""
        pool = self._pool(account)
        return timedelta(seconds=pool.connect_time if pool else 0)

    def unreachable(self) -> dict[str, dict[str, object]]:
        """Describe the accounts that cannot be reached, for this worker's record."""
        return {
            account: {"since_us": stamp(trouble.since), "why": trouble.why}
            for account in self._routes
            if (trouble := self._trouble(account))
        }

    def prepare(self, account: str, plan: Plan) -> None:
        """
        Make connections for the calls that *plan* is about, and tell of those that fail.

        Raises:
            StoreUnavailable: A bad certificate holds the account the next time.
        """
        pool = self._pool(account)
        if pool is None:
            return
        self._threads.want(account, work=plan.room > 0)
        pool.want(account, self._wanted(account, pool, plan))
        trouble = pool.trouble
        self._tell(account, trouble)
        if trouble and trouble.certificate:
            self._stop(account, trouble)

    def _wanted(self, account: str, pool: Pool, plan: Plan) -> int:
        near = max(_NEAR, timedelta(seconds=pool.connect_time))
        soon = bool(plan.bells) or (plan.look_again is not None and plan.look_again <= near)
        # Where this worker is the only one and cannot connect, nothing could start now.
        if not soon or not (plan.room or pool.trouble):
            return 0
        limits = self._routes[account].limits
        ahead = pool.busy_time + self._horizon.total_seconds()
        free = self.threads - pool.wanted_but(account)
        wanted = math.ceil(limits.calls_per_second * ahead / plan.workers)
        return max(1, min(wanted, limits.max_posting, free))

    def _tell(self, account: str, trouble: Trouble | None) -> None:
        now = self._monotonic()
        if trouble is None:
            if self._told.pop(account, None) is not None:
                log.info("account %s can be reached again", account)
        elif now - self._told.get(account, -math.inf) >= _QUIET:
            self._told[account] = now
            log.warning(
                "account %s cannot be reached since %s: %s; this worker takes none of its calls,"
                " and tries on",
                account,
                trouble.since.isoformat(timespec="seconds"),
                trouble.why,
            )

    def _stop(self, account: str, trouble: Trouble) -> None:
        """Hold an account whose certificate is bad: it does not mend itself. Once a trouble."""
        if self._held.get(account) == trouble:
            return
        reason = (
            f"whoever answers at its base_url is not to be trusted, {trouble.why}; nothing was sent"
        )
        self._holds.set(account_scope(account), owner="api", who="api", reason=reason)
        self._held[account] = trouble

    def _trouble(self, account: str) -> Trouble | None:
        pool = self._pool(account)
        return pool.trouble if pool else None

    def _pool(self, account: str) -> Pool | None:
        endpoint: Endpoint | None = self._routes[account].endpoint
        return self._client.pool(endpoint) if endpoint else None
