"""
OperationsService: the use cases of the system as a whole.

    holds.py         stop calls, and let them go on
    suppression.py   the do-not-call lists
    hours.py         may a person be called there and then?
    installation.py  checks of it, also where no store answers
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from dialer.diagnosis.facts_reader import Explainer
from dialer.diagnosis.status import AccountView, Overview, accounts, overview
from dialer.domain.campaign.progress import Progress
from dialer.domain.doorbell import WaitingDoorbells
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.job.job import Job, State
from dialer.errors import DialerError, InvalidRequest, StoreUnsafe
from dialer.maintenance import recovery
from dialer.services.operations.holds import HoldService
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.accounts import STORABLE
from dialer.store.redis.server_health import read_doorbells

if TYPE_CHECKING:
    from dialer.services.operations.suppression import SuppressionService


@dataclass(frozen=True, slots=True)
class Recovered:
    """
    A recovery that has begun: everything is held.

    Attributes:
        copy: The last moment that the store remembers; None for an empty one.
        suspects: Jobs that wait here and may have been dialled since; read lazily.
        campaigns: Those whose waiting contacts may have been dialled since; read lazily.
        doubts: Jobs that were in doubt already.
    """

    copy: datetime | None
    suspects: Iterator[Job]
    campaigns: Iterator[Progress]
    doubts: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """
    Whether work can be handed in, and whether it would be made.

    Attributes:
        fullness: Used share of the store's memory.
        held: Whether everything is held.
        apart: Whether the workers dial by other settings than those here.
    """

    fullness: float
    held: bool
    apart: bool


@dataclass(frozen=True)
class OperationsService:
    """The use cases of holds, the do-not-call list, accounts and the system's state."""

    store: Store
    settings: Settings
    who: str
    explainer: Explainer
    broker_url: str

    @property
    def holds(self) -> HoldService:
        """Stops: set one, release one, list them."""
        return HoldService(self.store, self.settings, self.who, self.why_unsafe)

    @property
    def suppression(self) -> "SuppressionService":
        """The do-not-call lists."""
        from dialer.services.operations.suppression import (  # noqa: PLC0415 - it reads files
            SuppressionService,
        )

        return SuppressionService(self.store, self.settings, self.who)

    def accounts(self) -> Sequence[AccountView]:
        """List the accounts by name: limits, how much of them is used, calling hours."""
        return accounts(self.explainer, self.store.now(), self.store.holds.all())

    def set_limits(self, account: str, limits: Mapping[str, float]) -> None:
        """
        Store limits of an account, by their names in the settings: they win at once everywhere.

        Raises:
            InvalidRequest: It is none of `STORABLE`, or there is none at all; nothing was stored.
            SettingsError: There is no such account, or a limit breaks a rule of the settings.
        """
        self.settings.account(account)
        if not limits or not set(limits) <= set(STORABLE):
            raise InvalidRequest(
                "limits", f"give one or more of {', '.join(STORABLE)}, and no other"
            )
        Settings.parse({"accounts": {account: {"user_id": "unused", **limits}}})
        self.store.accounts.store(account, dict(limits))

    def change_limits(self, account: str, changes: Mapping[str, object]) -> None:
        """
        Store some limits of an account, and take those that are None back to the settings.

        Raises:
            InvalidRequest, SettingsError: As `set_limits`; nothing was changed.
        """
        kept = {name: value for name, value in changes.items() if value is not None}
        if wrong := [name for name, one in kept.items() if not _is_number(one)]:
            raise InvalidRequest(wrong[0], "must be a number")
        if kept or not set(changes) <= set(STORABLE) or not changes:
            self.set_limits(account, cast("Mapping[str, float]", kept))
        if gone := [name for name in changes if name not in kept]:
            self.store.accounts.clear(account, gone)

    def clear_limits(self, account: str) -> None:
        """Forget the stored limits of an account, also of one that no settings name any more."""
        self.store.accounts.clear(account)

    def status(self) -> Overview:
        """Look at everything once, also while the broker does not answer."""
        return overview(self.explainer, self._doorbells())

    def readiness(self) -> Readiness:
        """
        Look whether work can be handed in.

        Raises:
            StoreUnavailable: The store does not answer.
            StoreRefused: It is full, or may forget what it acknowledges.
        """
        if self.settings.durability != "trusted":
            self.store.check_durability()
        self.store.server.refuse_when_full("calls", "ask again")
        return Readiness(
            self.store.fullness(),
            any(hold.scope == EVERYTHING for hold in self.store.holds.all()),
            bool(self.store.doorbells.apart(self.settings.fingerprint())),
        )

    def why_unsafe(self) -> str:
        """Explain how the server may forget what it acknowledged; "" for a safe or trusted one."""
        try:
            if self.settings.durability != "trusted":
                self.store.check_durability()
        except StoreUnsafe as error:
            return str(error)
        return ""

    def recover(self) -> Recovered:
        """
        Hold everything after a restore, and find the jobs that may have been dialled since.

        Raises:
            StoreUnavailable, StoreRefused: Do it again; what was held stays held.
        """
        begun = recovery.recover(self.store, who=self.who)
        counts = self.store.jobs.counts()
        return Recovered(
            copy=begun.copy,
            suspects=recovery.suspects(self.store, begun),
            campaigns=recovery.unfinished(self.store, begun),
            doubts=counts[State.DIALING] + counts[State.UNCONFIRMED],
        )

    def _doorbells(self) -> WaitingDoorbells | None:
        try:
            return read_doorbells(self.broker_url)
        except DialerError:
            return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
