"""The Python face of the system: everything that may be asked of it, in one object."""

import getpass
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

from dialer.bootstrap.accounts import routes_of
from dialer.bootstrap.store import store_of
from dialer.diagnosis.facts_reader import Explainer
from dialer.domain.job.ids import campaign_of
from dialer.services.calls import CallService
from dialer.services.operations import OperationsService
from dialer.services.operations.holds import HoldChange
from dialer.settings import Settings
from dialer.settings.discovery import addresses
from dialer.store import Store

if TYPE_CHECKING:
    from dialer.feeding.feeder import Feeder
    from dialer.services.api_keys import KeyService
    from dialer.services.campaigns import CampaignService
    from dialer.services.campaigns.contacts import ContactService
    from dialer.services.campaigns.imports import ImportService


class Dialer(CallService):
    """
    Hands calls over, looks at them, and stops them.

        dialer = Dialer.from_settings()
        receipt = dialer.enqueue(ClickToCall(from_="9000000001", to="9000000002"), key="order-17")
        for job in dialer.jobs(JobFilter(state="dead", campaign="diwali")):
            print(job.id, job.code, job.reason)

    Warning: a job that is `placed` was taken by the provider, and no more: whether anybody
    answered it does not say. One that is `unconfirmed` may have rung; no machine rings it again.

    Every method raises StoreUnavailable when the store does not answer, and may be called
    again then: what was done is done once, but for `allow_duplicates`. All is done in the name
    of *who*, or of the user of this process.
    """

    def __init__(self, store: Store, settings: Settings, *, who: str = "") -> None:
        routes, jobs = routes_of(settings, with_token=False), settings.jobs
        explainer = Explainer(store, routes, lease=jobs.lease, quarantine=jobs.quarantine)
        super().__init__(store, settings, who or user_at("python"), explainer, self._look_at_jobs)

    @classmethod
    def from_settings(cls, settings: Settings | None = None, *, who: str = "") -> Self:
        """
        Connect as `dialer.toml` and the `DIALER_…` variables say.

        Args:
            settings: Others than those.
            who: As for `Dialer`.

        Raises:
            SettingsError: A setting breaks a rule, or no store is named.
            StoreUnavailable: The store does not answer.
            StoreRefused: The store is not safe to use.
        """
        settings = settings or Settings.load()
        return cls(store_of(settings), settings, who=who)

    def named(self, who: str, accounts: Collection[str] | None = None) -> "Dialer":
        """Return the same in the name of another, for whom only these *accounts* exist."""
        settings = self.settings if accounts is None else self.settings.only(accounts)
        twin = Dialer.__new__(Dialer)
        CallService.__init__(twin, self.store, settings, who, self.explainer, self._look_at_jobs)
        return twin

    def close(self) -> None:
        """End the connection to the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def now(self) -> datetime:
        """Ask for the store's time, to which every age is counted."""
        return self.store.now()

    @cached_property
    def campaigns(self) -> "CampaignService":
        """The use cases of campaigns and their lists."""
        from dialer.services.campaigns import CampaignService  # noqa: PLC0415 - most programs have none

        return CampaignService(self.store, self.settings, self.who, self.explainer, self._feeder)

    @cached_property
    def _feeder(self) -> "Feeder":
        from dialer.bootstrap.feeder import feeder_of  # noqa: PLC0415 - most programs move no campaign

        return feeder_of(self.settings, self.store, self.explainer.routes)

    def _look_at_jobs(self, ids: Iterable[str]) -> None:
        # Only jobs of campaigns have a feeder to look at them.
        if any(map(campaign_of, ids := list(ids))):
            self._feeder.look_at_jobs(ids)

    @cached_property
    def contacts(self) -> "ContactService":
        """Single contacts of campaigns."""
        from dialer.services.campaigns.contacts import ContactService  # noqa: PLC0415 - most programs need none

        return ContactService(self.campaigns)

    @cached_property
    def imports(self) -> "ImportService":
        """Lists that are handed in as streams."""
        from dialer.services.campaigns.imports import ImportService  # noqa: PLC0415 - most programs have none

        return ImportService(self.campaigns, self.store)

    @cached_property
    def api_keys(self) -> "KeyService":
        """The keys of the HTTP service."""
        from dialer.services.api_keys import KeyService  # noqa: PLC0415 - most programs have none

        return KeyService(self.store, self.settings)

    @cached_property
    def operations(self) -> OperationsService:
        """The use cases of the system as a whole."""
        broker = addresses(self.settings.redis_url, self.settings.broker_url).broker_url
        return OperationsService(self.store, self.settings, self.who, self.explainer, broker)

    def hold(
        self, scope: str, *, reason: str | None = None, owner: str | None = None
    ) -> HoldChange:
        """
        Stop calls; when this returns no call of the scope starts.

        Args:
            scope: "all", "account:NAME", "campaign:NAME", or "pool:ACCOUNT/agent:12".
            reason: On record.
            owner: Each owner's hold is released by itself; None for your own.

        Raises:
            InvalidRequest, SettingsError, CampaignNotFound: There is nothing of that name.
        """
        return self.operations.holds.set(scope, reason=reason, owner=owner)

    def release(self, scope: str, *, owner: str | None = None, reason: str = "") -> HoldChange:
        """
        Take one owner's hold off; calls go on when no owner is left.

        Raises:
            HoldRefused: It would be back at once, or must not end like that; it stands.
        """
        return self.operations.holds.release(scope, owner=owner, reason=reason)

    def suppress(self, numbers: Iterable[str], *, reason: str, account: str | None = None) -> int:
        """
        Put numbers on the do-not-call list; when this returns no call to them starts.

        With an *account* only for calls through that one.

        Returns:
            How many were not on it before.

        Raises:
            InvalidCall: One of them is no number; nothing was changed.
            SettingsError: There is no such account.
        """
        return self.operations.suppression.add(numbers, reason=reason, account=account)


def user_at(door: str) -> str:
    """Name the user of this process, for records: "asha@cli"."""
    try:
        return f"{getpass.getuser()}@{door}"
    except (OSError, KeyError):  # a container's user may have no name
        return door
