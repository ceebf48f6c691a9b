"""
Accounts that were taken out of the settings, or renamed, while jobs of theirs waited.
"""

from dataclasses import dataclass

from dialer.store import Store
from dialer.store.holds import account_scope
from dialer.store.roster import Roster as Known

#: The owner of the holds that are set and released here.
OWNER = "missing"


@dataclass(frozen=True, slots=True)
class Roster:
    """
    Holds the accounts that have waiting jobs and are in nobody's settings.

    Attributes:
        store: The store.
        accounts: The accounts in the settings of this process.
        fingerprint: Of the settings of this process.
    """

    store: Store
    accounts: frozenset[str]
    fingerprint: str

    def look(self) -> None:
        """
        Set a hold of owner `missing` for each such account, and release it when it is back.

        While live workers have other settings than this process nothing is
        set: one of them may know the account. Any number of processes may
        look at once.

        Raises:
            StoreUnavailable, StoreRefused: The next look goes on.
        """
        held = {
            hold.scope.removeprefix("account:")
            for hold in self.store.holds.all()
            if hold.owner == OWNER
        }
        for account in sorted(held & self.accounts):
            self._release(account, "it is in the settings again")
        known = Known(self.store.server)
        for account in sorted((known.names() | held) - self.accounts):
            waits = known.waits(account)
            if account in held and waits is False:
                self._release(account, "it has no job left that waits")
            elif account not in held and waits and self._speaks_for_all():
                self._hold(account)

    def _speaks_for_all(self) -> bool:
        workers = self.store.bells.live(self.store.server.time())
        return all(worker.settings == self.fingerprint for worker in workers)

    def _hold(self, account: str) -> None:
        reason = (
            f"account missing: jobs of {account} wait, and no settings name it; write"
            f" [accounts.{account}] back into dialer.toml, or cancel its jobs"
        )
        self.store.holds.set(account_scope(account), owner=OWNER, who=OWNER, reason=reason)

    def _release(self, account: str, why: str) -> None:
        self.store.holds.release(account_scope(account), owner=OWNER, who=OWNER, reason=why)
