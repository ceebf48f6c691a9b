"""
What is wrong with an installation, each finding with its next step.

The judges are pure and take what was read; `examine` reads it. A finding that
says `fail` is one with which calls could be lost, doubled or never made.

    finding.py        what a finding is
    holds.py          judges what the system has stopped by itself
    installation.py   judges packages, accounts and workers
    server.py         judges the store's server and clocks
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import packages_distributions

from dialer.doctor.finding import Finding, Level
from dialer.doctor.holds import judge_holds
from dialer.doctor.installation import folders, judge_accounts, judge_packages, judge_workers
from dialer.doctor.server import judge_clock, judge_memory, judge_server
from dialer.errors import DialerError, StoreRefused
from dialer.runtime import Addresses, addresses
from dialer.settings import Settings, without_login
from dialer.store.bells import Bells
from dialer.store.connection import through_master
from dialer.store.health import Health, reach, read_health
from dialer.store.holds import Holds
from dialer.store.layout import LAYOUT
from dialer.store.server import FULL, Server, connect

__all__ = [
    "Finding",
    "Level",
    "examine",
    "judge_accounts",
    "judge_clock",
    "judge_holds",
    "judge_memory",
    "judge_packages",
    "judge_server",
    "judge_workers",
]

Clock = Callable[[], datetime]
_START = ("start the server, or correct", "correct")  # the latter when it did answer


def examine(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """
    Look at everything and yield what was found, good and bad, in a fixed order.

    Args:
        settings: Those of this process; they say where the store and the broker are.
        clock: Reads this machine's clock, aware.
    """
    yield Finding(Level.OK, "settings", f"valid, fingerprint {settings.fingerprint()}")
    yield from judge_packages(packages_distributions(), folders())
    yield from judge_accounts(settings.accounts)
    try:
        where = addresses(settings.redis_url, settings.broker_url)
    except DialerError as error:
        text, _, step = str(error).partition("; ")
        yield Finding(Level.FAIL, "store", text, step)
        return
    yield from _examine_store(settings, where, clock)
    yield from _examine_broker(where)


def _examine_store(settings: Settings, where: Addresses, clock: Clock) -> Iterator[Finding]:
    try:
        health, wall = read_health(where.redis_url), clock()
    except DialerError as error:
        yield _no_store(where, error)
        return
    address = without_login(where.redis_url)
    yield Finding(Level.OK, "store", f"{address} answers{through_master(where.redis_url)}")
    yield from judge_server(health, trusted=settings.durability == "trusted")
    yield from judge_memory(health, full_at=settings.jobs.full_at)
    yield judge_clock(wall - health.time)
    if health.layout in ("", LAYOUT):
        try:
            yield from _examine_data(settings, where, health)
        except DialerError as error:
            yield _no_store(where, error)


def _examine_data(settings: Settings, where: Addresses, health: Health) -> Iterator[Finding]:
    server = Server(connect(where.redis_url))
    try:
        holds, workers = Holds(server).all(), Bells(server).live(health.time)
    finally:
        server.close()
    yield from judge_holds(holds)
    if workers or health.share < FULL:
        yield from judge_workers(workers, settings.fingerprint())


def _no_store(where: Addresses, error: DialerError) -> Finding:
    step = f"{_START[isinstance(error, StoreRefused)]} redis_url"
    return Finding(Level.FAIL, "store", f"{without_login(where.redis_url)}: {error}", step)


def _examine_broker(where: Addresses) -> Iterator[Finding]:
    address = without_login(where.broker_url)
    try:
        reach(where.broker_url)
    except DialerError as error:
        step = f"{_START[isinstance(error, StoreRefused)]} broker_url"
        yield Finding(Level.FAIL, "broker", f"{address}: {error}", step)
    else:
        yield Finding(Level.OK, "broker", f"{address} answers{through_master(where.broker_url)}")
