"""
Accounts whose settings do not fit the jobs that wait: taken out, renamed, or no longer live.
"""

from dataclasses import dataclass

from dialer.owners import MISSING, MODE
from dialer.store import Store
from dialer.store.census import Census
from dialer.store.holds import account_scope


@dataclass(frozen=True, slots=True)
class Roster:
    """
    Holds the accounts that have waiting jobs and are in nobody's settings.

    It also releases those that `begin` has held because jobs that shall ring waited
    and the settings said developer, once the settings say live again.

    Attributes:
        store: The store.
        accounts: The accounts in the settings of this process.
        fingerprint: Of the settings of this process.
        live: Those of the accounts whose mode is live.
    """

    store: Store
    accounts: frozenset[str]
    fingerprint: str
    live: frozenset[str] = frozenset()

    def look(self) -> None:
        """
        Set a hold of owner `missing` for each such account, and release it when it is back.

        Those of owner `mode` are only released here, where the account is live again.

        It is for processes with the settings that live workers dial with (`Upkeep`).
        While any live worker has others nothing is set: it may know the account.
        Any number of processes may look at once.

        Raises:
            StoreUnavailable, StoreRefused: The next look goes on.
        """
        held = self._held(MISSING)
        for account in sorted(held & self.accounts):
            self._release(account, MISSING, "it is in the settings again")
        for account in sorted(self._held(MODE) & self.live):
            self._release(account, MODE, "its mode is live again")
        known = Census(self.store.server)
        for account in sorted((known.names() | held) - self.accounts):
            waits = known.waits(account)
            if account in held and waits is False:
                self._release(account, MISSING, "it has no job left that waits")
            elif account not in held and waits and self._speaks_for_all():
                self._hold(account)

    def _held(self, owner: str) -> set[str]:
        holds = (hold for hold in self.store.holds.all() if hold.owner == owner)
        return {hold.scope.removeprefix("account:") for hold in holds}

    def _speaks_for_all(self) -> bool:
        workers = self.store.bells.live(self.store.server.time())
        return all(worker.settings == self.fingerprint for worker in workers)

    def _hold(self, account: str) -> None:
        reason = (
            f"account missing: jobs of {account} wait, and no settings name it; write"
            f" [accounts.{account}] back into dialer.toml, or cancel its jobs"
        )
        self.store.holds.set(account_scope(account), owner=MISSING, who=MISSING, reason=reason)

    def _release(self, account: str, owner: str, why: str) -> None:
        self.store.holds.release(account_scope(account), owner=owner, who="tick", reason=why)
