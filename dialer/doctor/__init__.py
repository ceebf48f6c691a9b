"""
What is wrong with an installation, each finding with its next step.

The judges are pure and take what was read; `examine` reads it. A finding that
says `fail` is one with which calls could be lost, doubled or never made.

    finding.py        what a finding is
    installation.py   judges packages, accounts and workers
    server.py         judges the store's server and clocks
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import packages_distributions

from dialer.doctor.finding import Finding, Level
from dialer.doctor.installation import folders, judge_accounts, judge_packages, judge_workers
from dialer.doctor.server import judge_clock, judge_memory, judge_server
from dialer.errors import DialerError, StoreRefused
from dialer.runtime import Addresses
from dialer.settings import Settings, without_login
from dialer.store.bells import Bells
from dialer.store.connection import through_master
from dialer.store.health import reach, read_health
from dialer.store.keys import LAYOUT
from dialer.store.server import Server, connect

__all__ = [
    "Finding",
    "Level",
    "examine",
    "judge_accounts",
    "judge_clock",
    "judge_memory",
    "judge_packages",
    "judge_server",
    "judge_workers",
]

Clock = Callable[[], datetime]
_START = ("start the server, or correct", "correct")  # the latter when it did answer


def examine(settings: Settings, where: Addresses, clock: Clock) -> Iterator[Finding]:
    """
    Look at everything and yield what was found, good and bad, in a fixed order.

    Args:
        settings: Those of this process.
        where: The store and the broker.
        clock: Reads this machine's clock, aware.
    """
    yield Finding(Level.OK, "settings", f"valid, fingerprint {settings.fingerprint()}")
    yield from judge_packages(packages_distributions(), folders())
    yield from judge_accounts(settings.accounts)
    yield from _examine_store(settings, where, clock)
    yield from _examine_broker(where)


def _examine_store(settings: Settings, where: Addresses, clock: Clock) -> Iterator[Finding]:
    address = without_login(where.redis_url)
    try:
        health, wall = read_health(where.redis_url), clock()
    except DialerError as error:
        step = f"{_START[isinstance(error, StoreRefused)]} redis_url"
        yield Finding(Level.FAIL, "store", f"{address}: {error}", step)
        return
    yield Finding(Level.OK, "store", f"{address} answers{through_master(where.redis_url)}")
    yield from judge_server(health, trusted=settings.durability == "trusted")
    yield from judge_memory(health, full_at=settings.jobs.full_at)
    yield judge_clock(wall - health.time)
    if health.layout in ("", LAYOUT):
        server = Server(connect(where.redis_url))
        try:
            workers = Bells(server).live(health.time)
        finally:
            server.close()
        yield from judge_workers(workers, settings.fingerprint())


def _examine_broker(where: Addresses) -> Iterator[Finding]:
    address = without_login(where.broker_url)
    try:
        reach(where.broker_url)
    except DialerError as error:
        step = f"{_START[isinstance(error, StoreRefused)]} broker_url"
        yield Finding(Level.FAIL, "broker", f"{address}: {error}", step)
    else:
        yield Finding(Level.OK, "broker", f"{address} answers{through_master(where.broker_url)}")
