"""The durability check: a server that was safe when we started, and is no longer."""

from dataclasses import dataclass

from dialer.domain.holds.owners import DURABILITY
from dialer.domain.holds.scope import EVERYTHING
from dialer.errors import StoreUnsafe
from dialer.store import Store


@dataclass(frozen=True, slots=True)
class DurabilityCheck:
    """
    Holds everything while the server may forget what it acknowledged.

    Where durability is "trusted" nothing is asked, and a hold from before is released.
    """

    store: Store
    trusted: bool = False

    def look(self) -> None:
        """
        Set the hold, with the settings that are wrong as its reason, or release it.

        Raises:
            StoreUnavailable, StoreRefused: Nothing was set or released; the next look goes on.
        """
        again = "the server keeps what it acknowledges again"
        over = "durability is trusted now" if self.trusted else again
        holds = self.store.holds
        holds.reconcile(EVERYTHING, owner=DURABILITY, reason=self._unsafe(), over=over)

    def _unsafe(self) -> str:
        if self.trusted:
            return ""
        try:
            self.store.check_durability()
        except StoreUnsafe as error:
            return error.reason
        return ""
