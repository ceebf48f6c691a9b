"""One worker process, wired together."""

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from dialer.bootstrap.accounts import routes_of
from dialer.bootstrap.feeder import feeder_of
from dialer.bootstrap.store import store_of
from dialer.client import Client
from dialer.dialing.calling import DialRules, load
from dialer.dialing.dispatch import Dispatcher
from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.dialing.reach import Reach
from dialer.dialing.threads import Threads
from dialer.domain.account.account import Route
from dialer.domain.doorbell import PacerRules
from dialer.domain.fleet import CLOCK_TOLERANCE
from dialer.maintenance.account_check import AccountCheck
from dialer.maintenance.durability_check import DurabilityCheck
from dialer.maintenance.upkeep import Upkeep
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.high_water_mark import HighWaterMark, place_of


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The parts of one worker process, under a *name* that no other process has."""

    settings: Settings
    routes: Mapping[str, Route]
    store: Store
    client: Client
    threads: Threads
    dispatcher: Dispatcher
    upkeep: Upkeep
    name: str

    @property
    def bell_expires(self) -> timedelta:
        """Expiry of a doorbell: by then every pacer, whatever its clock, has given it up."""
        return self.settings.pacer.bell_timeout + 2 * CLOCK_TOLERANCE

    def pacer(
        self, send: Callable[[str, str, int], None], capacity: int, takes: Callable[[], bool]
    ) -> Pacer:
        """
        Make the pacer.

        Args:
            send: Sends one doorbell (account, bell, the calls it stands for).
            capacity: Calls that the pool carries at once.
            takes: True while the pool takes doorbells.
        """
        rules = self.settings.pacer
        self.threads.most = capacity
        record = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "settings": self.settings.fingerprint(),
        }
        return Pacer(
            bells=self.store.doorbells,
            routes=self.routes,
            # A doorbell is on its way for a little; all that it stands for can be granted then.
            rules=PacerRules(
                rules.horizon,
                rules.lookahead / 5,
                rules.bell_timeout,
                spread=rules.lookahead * 4 / 5,
            ),
            worker=WorkerIdentity(name=self.name, record=record, takes=takes),
            send=send,
            upkeep=self.upkeep,
            ways=Reach(
                self.client,
                self.store.holds,
                self.routes,
                threads=self.threads,
                horizon=rules.horizon,
            ),
        )


def worker_parts(settings: Settings) -> WorkerParts:
    """
    Wire one worker process together.

    Raises:
        SettingsError: An account has no token.
        StoreUnavailable, StoreRefused: As `store_of`.
    """
    routes, store = routes_of(settings, with_token=True), store_of(settings)
    # In containers host and number are often the same.
    load()
    name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    wire = settings.wire
    client = Client(connect_timeout=wire.connect_timeout, deadline=wire.deadline, reuse=wire.reuse)
    threads = Threads(settings.worker.concurrency)
    return WorkerParts(
        settings=settings,
        routes=routes,
        store=store,
        client=client,
        threads=threads,
        dispatcher=_dispatcher(settings, store, client, threads, routes),
        upkeep=_upkeep(settings, store, routes),
        name=name,
    )


def _upkeep(settings: Settings, store: Store, routes: Mapping[str, Route]) -> Upkeep:
    high_water_mark = HighWaterMark(store, place_of(settings.redis_url))
    high_water_mark.look()
    live = frozenset(name for name, one in settings.accounts.items() if one.mode == "live")
    accounts = AccountCheck(store, frozenset(settings.accounts), settings.fingerprint(), live)
    durability = DurabilityCheck(store, trusted=settings.durability == "trusted")
    return Upkeep(
        store,
        period=settings.beat.tick,
        retention=settings.jobs.retention,
        key_retention=settings.jobs.key_retention,
        first=(store.maintenance.notice, high_water_mark.look),
        looks=(accounts.look, durability.look),
        settings=settings.fingerprint(),
        feed=feeder_of(settings, store, routes).tick,
        assumed=max(route.limits.assumed_call for route in routes.values()),
    )


def _dispatcher(
    settings: Settings,
    store: Store,
    client: Client,
    threads: Threads,
    routes: Mapping[str, Route],
) -> Dispatcher:
    return Dispatcher(
        attempts=store.attempts,
        client=client,
        routes=routes,
        rules=DialRules(
            lease=settings.jobs.lease,
            lookahead=settings.pacer.lookahead,
            start_by=settings.wire.start_by,
            max_tries=settings.jobs.max_tries,
            backoffs=settings.retry.backoffs,
            settings=settings.fingerprint(),
        ),
        threads=threads,
        rng=Random(),  # noqa: S311 - jitter, not a secret
    )
