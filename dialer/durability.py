"""
A server that was safe when we started and is no longer: changed while it runs, or failed over.
"""

from dataclasses import dataclass

from dialer.errors import StoreUnsafe
from dialer.owners import DURABILITY
from dialer.store import Store
from dialer.store.fitness import check_durability
from dialer.store.holds import EVERYTHING


@dataclass(frozen=True, slots=True)
class Durability:
    """
    Holds everything while the server may forget what it acknowledged.

    Where the settings vouch for the server nothing is asked; a hold from before is released.

    Attributes:
        store: The store.
        trusted: Whether the settings of this process say `durability = "trusted"`.
    """

    store: Store
    trusted: bool = False

    def look(self) -> None:
        """
        Set the hold, with the settings that are wrong as its reason, or release it.

        A hold that stands for the same reason is left alone, so that its age
        is that of the trouble. Any number of processes may look at once.

        Raises:
            StoreUnavailable, StoreRefused: It is not known how the server is,
                so nothing was set or released; the next look goes on.
        """
        reason, holds = self._unsafe(), self.store.holds
        standing = [
            hold for hold in holds.all() if hold.scope == EVERYTHING and hold.owner == DURABILITY
        ]
        if reason and not any(hold.reason == reason for hold in standing):
            holds.set(EVERYTHING, owner=DURABILITY, who="tick", reason=reason)
        elif standing and not reason:
            why = "the server keeps what it acknowledges again"
            if self.trusted:
                why = "durability is trusted now"
            holds.release(EVERYTHING, owner=DURABILITY, who="tick", reason=why)

    def _unsafe(self) -> str:
        if self.trusted:
            return ""
        try:
            check_durability(self.store.server)
        except StoreUnsafe as error:
            return error.reason
        return ""
