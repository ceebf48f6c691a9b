"""The account check: settings that do not fit the jobs that wait."""

from dataclasses import dataclass

from dialer.domain.holds.owners import MISSING, MODE
from dialer.domain.holds.scope import account_scope
from dialer.store import Store


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """
    Holds the accounts that have waiting jobs and are in no settings.

    It also releases the accounts that `begin` has held because jobs that shall ring
    waited and the settings said developer, once the settings say live again.

    Attributes:
        accounts: The accounts in the settings of this process; *live* are those in live mode.
        fingerprint: Of the settings of this process.
    """

    store: Store
    accounts: frozenset[str]
    fingerprint: str
    live: frozenset[str] = frozenset()

    def look(self) -> None:
        """
        Set a hold of owner `missing` for each such account, and release it when it is back.

        While any live worker has other settings nothing is set: it may know the account.
        Any number of processes may look at once.

        Raises:
            StoreUnavailable, StoreRefused: The next look goes on.
        """
        held, known = self._held(MISSING), self.store.account_index
        for account in sorted(held & self.accounts):
            self._reconcile(account, MISSING, over="it is in the settings again")
        for account in sorted(self._held(MODE) & self.live):
            self._reconcile(account, MODE, over="its mode is live again")
        for account in sorted((known.names() | held) - self.accounts):
            waits = known.waits(account)
            if waits is False:
                self._reconcile(account, MISSING, over="it has no job left that waits")
            elif waits and (account in held or self._speaks_for_all()):
                reason = (
                    f"account missing: jobs of {account} wait, and no settings name it; write"
                    f" [accounts.{account}] back into dialer.toml, or cancel its jobs"
                )
                self._reconcile(account, MISSING, reason)

    def _held(self, owner: str) -> set[str]:
        holds = (hold for hold in self.store.holds.all() if hold.owner == owner)
        return {hold.scope.removeprefix("account:") for hold in holds}

    def _speaks_for_all(self) -> bool:
        workers = self.store.doorbells.live(self.store.now())
        return all(worker.settings == self.fingerprint for worker in workers)

    def _reconcile(self, account: str, owner: str, reason: str = "", *, over: str = "") -> None:
        self.store.holds.reconcile(
            account_scope(account), owner=owner, reason=reason, over=over, who=owner
        )
