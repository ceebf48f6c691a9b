"""
Settings and store, opened for the length of one command.
"""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dialer.bootstrap import route_of, store_of
from dialer.cli import output
from dialer.errors import StoreRefused, StoreUnavailable, StoreUnsafe
from dialer.facts import Explainer
from dialer.job import Job
from dialer.moment import local
from dialer.producer import Dialer
from dialer.runtime import addresses
from dialer.settings import Settings
from dialer.settings.addresses import without_login
from dialer.store import Store
from dialer.store.fitness import check_durability
from dialer.store.health import reach


@dataclass(frozen=True)
class Session:
    """
    What a command works with.

    Attributes:
        settings: The settings.
        store: The store, connected.
        now: The store's time when the command began; all ages are counted to it.
        unsafe: Why the server may forget what it acknowledges; "" where it
            does not, or the settings vouch for it.
    """

    settings: Settings
    store: Store
    now: datetime
    unsafe: str = ""

    @cached_property
    def explainer(self) -> Explainer:
        """Explains jobs, and knows the accounts."""
        return Explainer(
            store=self.store,
            routes={
                name: route_of(account, self.settings.customer.rules, with_token=False)
                for name, account in self.settings.accounts.items()
            },
            lease=self.settings.jobs.lease,
            quarantine=self.settings.jobs.quarantine,
        )

    @cached_property
    def producer(self) -> Dialer:
        """Enqueues calls in the name of whoever runs the command."""
        return Dialer(self.store, self.settings, who=who_runs())

    def zone(self, account: str) -> str:
        """The zone in which a person reads times of an account; UTC for an unknown one."""
        known = self.settings.accounts.get(account)
        return known.time_zone if known else "UTC"

    def at(self, moment: datetime, job: Job) -> str:
        """Write a moment of a job for a person."""
        return local(moment, self.zone(job.account))


@contextmanager
def session(
    *, makes_work: bool = False, warn: Callable[[str], None] = output.complain
) -> Iterator[Session]:
    """
    Read the settings and connect to the store they name.

    A server that may forget is refused to whoever makes work. Whoever looks,
    or stops something, is warned: that is when it is needed most.

    Args:
        makes_work: Whether jobs are made, or set going again.
        warn: Told of a server that may forget; a sentence.

    Raises:
        SettingsError: A setting breaks a rule, or no store is named.
        StoreUnavailable: The store does not answer.
        StoreRefused: It has another layout, is too old, or refuses the login.
        StoreUnsafe: It may forget, and *makes_work*.
    """
    settings = Settings.load()
    _greet(addresses(settings.redis_url, settings.broker_url).redis_url)
    store = store_of(settings, even_unsafe=not makes_work)
    try:
        unsafe = "" if makes_work else _why_unsafe(settings, store)
        if unsafe:
            warn(f"warning: {unsafe}")
        yield Session(settings, store, store.server.time(), unsafe)
    finally:
        store.server.close()


def _why_unsafe(settings: Settings, store: Store) -> str:
    try:
        if settings.durability != "trusted":
            check_durability(store.server)
    except StoreUnsafe as error:
        return str(error)
    return ""


def _greet(url: str) -> None:
    # A person waits: one short question first, before the patience that workers have.
    try:
        reach(url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} at {without_login(url)}") from None
    except StoreRefused as error:
        raise StoreRefused(f"redis_url {without_login(url)}: {error}") from None


def who_runs() -> str:
    """
    Name whoever runs the command, for records.
    """
    try:
        return f"{getpass.getuser()}@cli"
    except (OSError, KeyError):  # a container's user may have no name
        return "cli"
