"""
The store: the only part that knows a Redis key.

`layout` is the data dictionary, `lua/` holds the scripts that make every move
one atomic step, and each other module is one noun's view of the same server.
"""

from dataclasses import dataclass
from datetime import timedelta

from dialer.store.accounts import Accounts
from dialer.store.bells import Bells
from dialer.store.campaigns import Campaigns
from dialer.store.contacts import Contacts
from dialer.store.customers import Customers
from dialer.store.desk import Desk
from dialer.store.dialling import BreakerRules, Dialling
from dialer.store.feeding import Feeding
from dialer.store.fitness import check
from dialer.store.holds import Holds
from dialer.store.jobs import Jobs
from dialer.store.rounds import Rounds
from dialer.store.server import Server, connect
from dialer.store.suppression import Suppression

__all__ = ["Store", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    """
    Everything the store can do, by noun.
    """

    server: Server
    jobs: Jobs
    dialling: Dialling
    rounds: Rounds
    bells: Bells
    holds: Holds
    desk: Desk
    accounts: Accounts
    suppression: Suppression
    customers: Customers
    campaigns: Campaigns
    contacts: Contacts
    feeding: Feeding

    @classmethod
    def on(cls, server: Server, breaker: BreakerRules, *, full_at: float = 0.8) -> "Store":
        """
        Put the parts together on one server.
        """
        return cls(
            server=server,
            jobs=Jobs(server, full_at=full_at),
            dialling=Dialling(server, breaker),
            rounds=Rounds(server, breaker),
            bells=Bells(server),
            holds=Holds(server),
            desk=Desk(server),
            accounts=Accounts(server),
            suppression=Suppression(server),
            customers=Customers(server),
            campaigns=Campaigns(server),
            contacts=Contacts(server, full_at=full_at),
            feeding=Feeding(server, full_at=full_at),
        )


def open_store(
    url: str,
    *,
    durability: str,
    breaker: BreakerRules,
    full_at: float,
    timeout: timedelta = timedelta(seconds=5),
) -> Store:
    """
    Connect to the store and refuse one that could forget.

    Args:
        url: The address of Redis.
        durability: "checked" or "trusted".
        breaker: When faults stop an account.
        full_at: Share of `maxmemory` from which new jobs are refused.
        timeout: The longest wait for one reply.

    Raises:
        StoreUnavailable: Redis did not answer.
        StoreRefused: Redis is not safe to use; the text says what to change.
    """
    server = Server(connect(url, timeout=timeout))
    check(server, durability=durability)
    return Store.on(server, breaker, full_at=full_at)
