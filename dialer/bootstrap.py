"""
Settings in, a working system out: the only place that knows every concrete class.
"""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from dialer.client import Client, Endpoint
from dialer.customer import CustomerRules
from dialer.dispatch import DialRules, Dispatcher
from dialer.durability import Durability
from dialer.feeder import Feeder
from dialer.hours import OpeningHours
from dialer.pacer import Crew, Pacer
from dialer.roster import Roster
from dialer.route import Route
from dialer.runtime import addresses
from dialer.settings import Account, Settings
from dialer.store import Store, open_store
from dialer.store.bells import PacerRules
from dialer.store.dialling import BreakerRules
from dialer.store.eras import Eras
from dialer.tidemark import Tidemark
from dialer.upkeep import Upkeep
from schedules.calendar import Calendar
from schedules.presets import PRESETS
from schedules.rule import Rule


def breaker_rules(settings: Settings) -> BreakerRules:
    """
    Read when an account's breaker opens.
    """
    breaker = settings.breaker
    return BreakerRules(
        faults_in_row=breaker.faults_in_row,
        share=breaker.share,
        of_last=breaker.of_last,
        first_probe=breaker.first_probe,
        factor=breaker.factor,
        cap=breaker.cap,
    )


def store_of(settings: Settings, *, even_unsafe: bool = False) -> Store:
    """
    Connect to the store that the settings name.

    Args:
        settings: They name it.
        even_unsafe: Also when it is unsafe: for whoever only looks, or stops something.

    Raises:
        SettingsError: They name none.
        StoreUnavailable: It does not answer.
        StoreRefused: It is not safe to use; the text says what to change.
    """
    store = open_store(
        addresses(settings.redis_url, settings.broker_url).redis_url,
        durability="trusted" if even_unsafe else settings.durability,
        breaker=breaker_rules(settings),
        full_at=settings.jobs.full_at,
    )
    # As early as the first job: a copy that was taken before has no era to be known by.
    Eras(store.server).begin()
    return store


def route_of(account: Account, customer: CustomerRules, *, with_token: bool) -> Route:
    """
    Make an account ready to be dialled through, or only to be looked at.

    Args:
        account: The account.
        customer: How often one customer may be called; a preset may add to it.
        with_token: Whether calls are to be placed.

    Raises:
        SettingsError: *with_token*, and the account has none.
    """
    endpoint = None
    if with_token:
        endpoint = Endpoint(account.base_url, account.user_id, account.endpoint_token())
    return Route(
        account=account.name,
        mode=account.mode,
        limits=account.limits,
        hours=OpeningHours(calendar_of(account)),
        user_id=account.user_id,
        endpoint=endpoint,
        extra_params=frozenset(account.extra_params),
        customer=_with_preset(customer, account),
        correlation_param=account.correlation_param,
    )


def routes_of(settings: Settings, *, with_token: bool) -> dict[str, Route]:
    """
    Make every account of the settings ready, as `route_of` does.
    """
    return {
        name: route_of(account, settings.customer.rules, with_token=with_token)
        for name, account in settings.accounts.items()
    }


def feeder_of(settings: Settings, store: Store) -> Feeder:
    """
    Make a feeder for a process that places no calls itself.

    It looks at a campaign as soon as somebody there has changed it.
    """
    return _feeder(settings, store, routes_of(settings, with_token=False))


def _feeder(settings: Settings, store: Store, routes: Mapping[str, Route]) -> Feeder:
    return Feeder(
        store,
        routes,
        period=settings.beat.tick,
        retention=settings.jobs.retention,
        settings=settings.fingerprint(),
    )


def _with_preset(customer: CustomerRules, account: Account) -> CustomerRules:
    """Add what the preset of the account's calling hours says of the same customer."""
    preset = PRESETS.get(account.calling_hours)
    if preset is None or preset.cap is None:
        return customer
    return CustomerRules(customer.gap, (*customer.caps, preset.cap))


def calendar_of(account: Account) -> Calendar:
    """
    Read when an account may dial.
    """
    return Calendar(
        (Rule.parse(account.calling_hours, zone=account.time_zone, holidays=account.holidays),)
    )


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """
    What one worker process runs.

    Attributes:
        store: The store.
        dispatcher: Answers doorbells.
        upkeep: Answers beat's ticks.
        pacer: Makes the pacer for a way to send doorbells.
    """

    store: Store
    dispatcher: Dispatcher
    upkeep: Upkeep
    pacer: Callable[[Callable[[str, str], None]], Pacer]


def worker_parts(settings: Settings) -> WorkerParts:
    """
    Wire one worker process together.

    Raises:
        SettingsError: An account has no token.
        StoreUnavailable, StoreRefused: As `store_of`.
    """
    routes = routes_of(settings, with_token=True)
    store = store_of(settings)
    tidemark = Tidemark(store)
    tidemark.look()
    live = frozenset(name for name, one in settings.accounts.items() if one.mode == "live")
    roster = Roster(store, frozenset(settings.accounts), settings.fingerprint(), live)
    durability = Durability(store, trusted=settings.durability == "trusted")
    upkeep = Upkeep(
        store,
        period=settings.beat.tick,
        retention=settings.jobs.retention,
        key_retention=settings.jobs.key_retention,
        first=(tidemark.look,),
        looks=(roster.look, durability.look),
        settings=settings.fingerprint(),
        feeder=_feeder(settings, store, routes),
    )
    dispatcher = Dispatcher(
        dialling=store.dialling,
        client=Client(
            connect_timeout=settings.wire.connect_timeout, deadline=settings.wire.deadline
        ),
        routes=routes,
        rules=DialRules(
            lease=settings.jobs.lease,
            lookahead=settings.pacer.lookahead,
            start_by=settings.wire.start_by,
            max_tries=settings.jobs.max_tries,
            backoffs=settings.retry.backoffs,
            settings=settings.fingerprint(),
        ),
        rng=Random(),  # noqa: S311 - jitter, not a secret
    )

    def pacer(ring: Callable[[str, str], None]) -> Pacer:
        return _pacer(settings, store, routes, upkeep, ring)

    return WorkerParts(store=store, dispatcher=dispatcher, upkeep=upkeep, pacer=pacer)


def _pacer(
    settings: Settings,
    store: Store,
    routes: Mapping[str, Route],
    upkeep: Upkeep,
    ring: Callable[[str, str], None],
) -> Pacer:
    host, pid = socket.gethostname(), os.getpid()
    return Pacer(
        bells=store.bells,
        routes=routes,
        rules=PacerRules(
            horizon=settings.pacer.horizon,
            # The rest of what `begin` allows is for clocks and threads that wake a little early.
            lead=settings.pacer.lookahead * 3 / 4,
            patience=settings.pacer.bell_timeout,
        ),
        crew=Crew(
            name=f"{host}:{pid}",
            record={
                "host": host,
                "pid": pid,
                "capacity": settings.worker.concurrency,
                "settings": settings.fingerprint(),
            },
            capacity=settings.worker.concurrency,
        ),
        ring=ring,
        upkeep=upkeep,
    )
