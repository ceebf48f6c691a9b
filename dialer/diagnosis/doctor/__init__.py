"""
The doctor: findings about an installation, each with its next step.

The judges are pure and take what was read; `examine` reads it. A finding that
says `fail` is one with which calls could be lost, doubled or never made.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import packages_distributions

from dialer.diagnosis.doctor.data import NOT_HELD, judge_damage, judge_holds
from dialer.diagnosis.doctor.finding import Finding, Level
from dialer.diagnosis.doctor.installation import (
    folders,
    judge_accounts,
    judge_http,
    judge_packages,
    judge_proxy,
    judge_secrets,
    judge_workers,
)
from dialer.diagnosis.doctor.server import (
    judge_clock,
    judge_doorbells,
    judge_memory,
    judge_server,
    judge_step,
)
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.server import FULL, Health
from dialer.errors import DialerError, StoreRefused
from dialer.machine.run_directory import Addresses
from dialer.settings import Settings, without_login
from dialer.settings.discovery import addresses
from dialer.store import Store
from dialer.store.high_water_mark import HighWaterMark, place_of
from dialer.store.redis.connection import connect, through_master
from dialer.store.redis.epochs import recent
from dialer.store.redis.schema import LAYOUT
from dialer.store.redis.server import Server
from dialer.store.redis.server_health import read_doorbells, read_health

__all__ = ["Finding", "Level", "examine", "judge_proxy", "judge_secrets"]

Clock = Callable[[], datetime]


def examine(settings: Settings, clock: Clock, *, repair: bool = False) -> Iterator[Finding]:
    """
    Look at everything and yield the findings, good and bad, in a fixed order.

    With *repair*, indexes and books are made anew from the records, where everything is held.
    """
    yield Finding(Level.OK, "settings", f"valid, fingerprint {settings.fingerprint()}")
    yield from judge_packages(packages_distributions(), folders())
    yield from judge_accounts(settings.accounts)
    yield from judge_http(settings.api)
    try:
        where = addresses(settings.redis_url, settings.broker_url)
    except DialerError as error:
        text, _, step = str(error).partition("; ")
        yield Finding(Level.FAIL, "store", text, step)
        return
    yield from _examine_store(settings, where, clock, repair=repair)
    yield from _examine_broker(where)


def _examine_store(
    settings: Settings, where: Addresses, clock: Clock, *, repair: bool
) -> Iterator[Finding]:
    try:
        health, wall = read_health(where.redis_url), clock()
    except DialerError as error:
        yield _no_store(where, error)
        return
    yield Finding(Level.OK, "store", _answers(where.redis_url))
    yield from judge_server(health, trusted=settings.durability == "trusted")
    yield from judge_memory(health, full_at=settings.jobs.full_at)
    yield judge_clock(wall - health.time)
    if health.layout in ("", LAYOUT):
        try:
            yield from _examine_data(settings, where, health, repair=repair)
        except DialerError as error:
            yield _no_store(where, error)


def _examine_data(
    settings: Settings, where: Addresses, health: Health, *, repair: bool
) -> Iterator[Finding]:
    store = Store.on(Server(connect(where.redis_url)), settings.breaker)
    rules = settings.customer.rules
    try:
        holds, workers = store.holds.all(), store.doorbells.live(health.time)
        step = recent(store.epochs.read().step, health.time)
        lost = HighWaterMark(store, place_of(settings.redis_url)).doubt()
        since = store.customers.counted_from(rules, health.time)
        yield from judge_step(step, health.time)
        if lost:
            yield Finding(Level.FAIL, "memory_lost", lost, "see owner witness in ops/runbook.md")
        yield from judge_holds(holds)
        if words := rules.counted_in_words(since):
            yield Finding(
                Level.WARN, "cap", words, "nothing to do: it is whole when its period is over"
            )
        if workers or health.share < FULL:
            yield from judge_workers(workers, settings.fingerprint())
        if repair and not any(hold.scope == EVERYTHING for hold in holds):
            yield NOT_HELD
            repair = False
        yield from judge_damage(store.damage.look(mend=repair), repaired=repair)
    finally:
        store.close()


def _examine_broker(where: Addresses) -> Iterator[Finding]:
    try:
        doorbells = read_doorbells(where.broker_url)
    except DialerError as error:
        text, step = _no_answer(where.broker_url, error)
        yield Finding(Level.FAIL, "broker", text, f"{step} broker_url")
    else:
        yield Finding(Level.OK, "broker", _answers(where.broker_url))
        yield judge_doorbells(doorbells)


def _no_store(where: Addresses, error: DialerError) -> Finding:
    text, step = _no_answer(where.redis_url, error)
    return Finding(Level.FAIL, "store", text, f"{step} redis_url")


def _no_answer(url: str, error: DialerError) -> tuple[str, str]:
    step = "correct" if isinstance(error, StoreRefused) else "start the server, or correct"
    return f"{without_login(url)}: {error}", step


def _answers(url: str) -> str:
    return f"{without_login(url)} answers{through_master(url)}"
