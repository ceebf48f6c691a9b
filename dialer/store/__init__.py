"""
The store: the only part that knows a Redis key.

`redis/schema.py` is the data dictionary, `lua/` holds the scripts that make every move one
atomic step, and each other module is one noun's view of the same server, loaded when it is
first asked for.
"""

from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from dialer.domain.account.breaker import BreakerRules
from dialer.domain.job.job import Job
from dialer.store.redis.connection import connect
from dialer.store.redis.server import Server
from dialer.store.redis.server_check import check, check_durability, other_layout

if TYPE_CHECKING:
    from dialer.domain.job.lane import Ahead
    from dialer.store.account_index import AccountIndex
    from dialer.store.accounts import Accounts
    from dialer.store.api_keys import ApiKeys
    from dialer.store.attempts import Attempts
    from dialer.store.campaigns import Campaigns
    from dialer.store.contacts import Contacts
    from dialer.store.customers import Customers
    from dialer.store.doorbells import Doorbells
    from dialer.store.feeding import Feeding
    from dialer.store.holds import Holds
    from dialer.store.imports import Imports
    from dialer.store.jobs import Jobs
    from dialer.store.maintenance import Maintenance
    from dialer.store.operator import Operator
    from dialer.store.redis.damage import Damage
    from dialer.store.redis.epochs import Epochs
    from dialer.store.suppression import Suppression

__all__ = ["Store", "open_store"]

#: Module and class of each noun.
_NOUNS: Final = {
    "account_index": "account_index:AccountIndex",
    "accounts": "accounts:Accounts",
    "api_keys": "api_keys:ApiKeys",
    "attempts": "attempts:Attempts",
    "campaigns": "campaigns:Campaigns",
    "contacts": "contacts:Contacts",
    "customers": "customers:Customers",
    "damage": "redis.damage:Damage",
    "doorbells": "doorbells:Doorbells",
    "epochs": "redis.epochs:Epochs",
    "feeding": "feeding:Feeding",
    "holds": "holds:Holds",
    "imports": "imports:Imports",
    "jobs": "jobs:Jobs",
    "maintenance": "maintenance:Maintenance",
    "operator": "operator:Operator",
    "suppression": "suppression:Suppression",
}
#: Those that ask when faults stop an account.
_TELL_BREAKER: Final = ("attempts", "maintenance")


class Store:
    """The store's parts by noun, on one server; *breaker* says when faults stop an account."""

    jobs: "Jobs"
    attempts: "Attempts"
    maintenance: "Maintenance"
    doorbells: "Doorbells"
    holds: "Holds"
    operator: "Operator"
    accounts: "Accounts"
    suppression: "Suppression"
    customers: "Customers"
    campaigns: "Campaigns"
    contacts: "Contacts"
    feeding: "Feeding"
    epochs: "Epochs"
    account_index: "AccountIndex"
    damage: "Damage"
    api_keys: "ApiKeys"
    imports: "Imports"

    def __init__(self, server: Server, breaker: BreakerRules) -> None:
        self.server = server
        self._breaker = breaker

    @classmethod
    def on(cls, server: Server, breaker: BreakerRules) -> "Store":
        """All parts on one server; *breaker* says when faults stop an account."""
        return cls(server, breaker)

    def __getattr__(self, noun: str) -> Any:
        if noun not in _NOUNS:
            raise AttributeError(f"{type(self).__name__!r} has no part {noun!r}")
        module, _, name = _NOUNS[noun].partition(":")
        made = getattr(import_module(f"dialer.store.{module}"), name)
        rules = (self._breaker,) if noun in _TELL_BREAKER else ()
        # Two threads that ask at once make two of them, of which one stays: they keep nothing.
        return vars(self).setdefault(noun, made(self.server, *rules))

    def now(self) -> datetime:
        """Time of the server, as `Server.time`."""
        return self.server.time()

    def fullness(self) -> float:
        """Used share of `maxmemory`, 0.0 without a limit."""
        return self.server.fullness()

    def ahead_of(self, job: Job, *, listed: bool = False, same_hours: bool = False) -> "Ahead":
        """Ready jobs that come before one, as `dialer.store.queue_position`."""
        from dialer.store.queue_position import ahead_of  # noqa: PLC0415 - as the nouns

        return ahead_of(self.server, job, listed=listed, same_hours=same_hours)

    def await_leaving(self) -> None:
        """Wait until no granted call can still leave, as `Server.await_leaving`."""
        self.server.await_leaving()

    def check_durability(self) -> None:
        """Refuse a server that may forget what it acknowledges, as `redis/server_check.py`."""
        check_durability(self.server)

    def other_layout(self) -> str:
        """Other layout of the data, as `redis/server_check.py` says it; "" for ours."""
        return other_layout(self.server)

    def close(self) -> None:
        """Close every connection."""
        self.server.close()


def open_store(
    url: str,
    *,
    durability: str,
    breaker: BreakerRules,
    full_at: float,
    any_layout: bool = False,
    timeout: timedelta = timedelta(seconds=5),
) -> Store:
    """
    Connect to the store and refuse one that could forget.

    *durability* is "checked" or "trusted". From *full_at* of `maxmemory` on new jobs are refused.
    With *any_layout* another version may have written the data: only to set a hold.

    Raises:
        StoreUnavailable: Redis did not answer.
        StoreRefused: Redis is not safe to use; the text says what to change.
    """
    server = Server(connect(url, timeout=timeout), full_at=full_at)
    check(server, durability=durability, any_layout=any_layout)
    return Store.on(server, breaker)
