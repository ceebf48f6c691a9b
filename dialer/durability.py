"""
A server that was safe when we started and is no longer: changed while it runs, or failed over.
"""

from dataclasses import dataclass

from dialer.errors import StoreRefused
from dialer.store import Store
from dialer.store.fitness import check_durability
from dialer.store.holds import EVERYTHING

#: The owner of the hold that is set and released here.
OWNER = "durability"


@dataclass(frozen=True, slots=True)
class Durability:
    """
    Holds everything while the server may forget what it acknowledges.

    Attributes:
        store: The store.
    """

    store: Store

    def look(self) -> None:
        """
        Set the hold, with the settings that are wrong as its reason, or release it.

        Any number of processes may look at once.

        Raises:
            StoreUnavailable, StoreRefused: The next look goes on.
        """
        holds = self.store.holds
        held = any((hold.scope, hold.owner) == (EVERYTHING, OWNER) for hold in holds.all())
        try:
            check_durability(self.store.server)
        except StoreRefused as error:
            holds.set(EVERYTHING, owner=OWNER, who="tick", reason=str(error))
        else:
            if held:
                reason = "the server keeps what it acknowledges again"
                holds.release(EVERYTHING, owner=OWNER, who="tick", reason=reason)
