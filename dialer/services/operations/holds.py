"""Holds: set, release, list."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialer.domain.holds.hold import Hold, HoldEvent
from dialer.domain.holds.owners import DURABILITY, MACHINES, OPERATOR, End, name_problem
from dialer.domain.holds.scope import EVERYTHING, Scope, read_scope, scopes_of
from dialer.errors import HoldRefused, InvalidRequest
from dialer.settings import Settings
from dialer.store import Store

#: In the place of a reason that nobody gave.
UNEXPLAINED = "no reason was given"


@dataclass(frozen=True, slots=True)
class HoldChange:
    """
    A hold that was set or released.

    Attributes:
        scope: As `dialer.domain.holds.scope` writes it.
        owner: A person's or a part of the system's.
        done: False where there was none to release.
        taken: Holds that were taken off, of a pool one for each whom it rings.
        rest: The other holds that stop the scope; after a release, or something of it.
    """

    scope: str
    owner: str
    done: bool
    taken: Sequence[Hold]
    rest: Sequence[Hold]


@dataclass(frozen=True, slots=True)
class HoldService:
    """Sets, releases and lists holds; *why_unsafe* is that of `OperationsService`."""

    store: Store
    settings: Settings
    who: str
    why_unsafe: Callable[[], str]

    def all(self) -> list[Hold]:
        """List every hold, by scope and owner."""
        return self.store.holds.all()

    def history(self) -> list[HoldEvent]:
        """List who held and released what, oldest first; the last 500 are kept."""
        return self.store.holds.history()

    def set(self, scope: str, *, reason: str | None = None, owner: str | None = None) -> HoldChange:
        """
        Stop a scope; when this returns no call of it starts.

        Args:
            scope: "all", "account:NAME", "campaign:NAME", or "pool:ACCOUNT/agent:12" as
                `read_scope` takes it; a pool is held whatever is asked of its agents' login.
            reason: On record; a stop is never refused for want of one.
            owner: Each owner's hold is released by itself. None for the caller's own hold on
                the scope, or else a new one.

        Raises:
            InvalidRequest, InvalidCall: The scope means nothing, or the owner is no name
                that a person may give; nothing is held.
            SettingsError, CampaignNotFound: There is no such account or campaign.
            StoreUnavailable: Do it again; perhaps it is held.
        """
        if owner is not None and (rule := name_problem(owner)):
            raise InvalidRequest("owner", rule)
        scope = self._known(scope.partition("/web=")[0])
        standing = self._on(scope)
        owner = owner or self._own(standing) or self._free_name(standing)
        self.store.holds.set(scope, owner=owner, who=self.who, reason=reason or UNEXPLAINED)
        rest = [hold for hold in standing if hold.owner != owner]
        return HoldChange(scope, owner, done=True, taken=(), rest=rest)

    def release(self, scope: str, *, owner: str | None = None, reason: str = "") -> HoldChange:
        """
        Take one owner's hold off; calls go on when no owner is left.

        Without an owner it is the hold of the caller.

        Raises:
            InvalidRequest, InvalidCall: The scope means nothing, and there is no hold on it.
            HoldRefused: It would be set again at once, or must not end like that; it stands.
        """
        standing = self._on(scope)
        if not standing:
            scope = read_scope(scope)
            standing = self._on(scope)
        owner = owner or self._own(standing) or OPERATOR
        self._refuse_in_vain(scope, owner)
        done, _ = self.store.holds.release(scope, owner=owner, who=self.who, reason=reason)
        taken = [hold for hold in standing if done and hold.owner == owner]
        rest = [hold for hold in self.store.holds.all() if _stops(hold.scope, scope)]
        return HoldChange(scope, owner, done, taken, rest)

    def _on(self, scope: str) -> list[Hold]:
        return [hold for hold in self.store.holds.all() if hold.scope in scopes_of(scope)]

    def _own(self, standing: list[Hold]) -> str:
        """Owner of the hold that the caller set; "" for none."""
        found = (hold.owner for hold in standing if hold.who == self.who)
        theirs = [owner for owner in found if owner not in MACHINES]
        return OPERATOR if OPERATOR in theirs else next(iter(theirs), "")

    def _free_name(self, standing: list[Hold]) -> str:
        """`operator`, or where that is taken a name made of the caller's."""
        taken = {hold.owner for hold in standing}
        own = re.sub(r"[^a-z0-9_-]+", "-", self.who.casefold()).strip("-") or OPERATOR
        names = [OPERATOR, own, *(f"{own}-{nth}" for nth in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken and not name_problem(name))

    def _refuse_in_vain(self, scope: str, owner: str) -> None:
        """Refuse to release a hold that would be back at once: calls would go out until then."""
        why = ""
        if owner == DURABILITY and scope == EVERYTHING and self.why_unsafe():
            why = "the next tick would hold everything again"
        elif owner in MACHINES and MACHINES[owner].end is End.RECOVERY:
            why = f"calls that were made already might be made again: {MACHINES[owner].step}"
        if why:
            raise HoldRefused(f"nothing was changed: {why}")

    def _known(self, written: str) -> str:
        """Read a scope; what it stops must be there."""
        scope = read_scope(written)
        kind, name, _ = Scope.parse(scope)
        if kind == "campaign":
            self.store.campaigns.progress(name)
        elif kind != EVERYTHING:
            self.settings.account(name)
        return scope


def _stops(scope: str, what: str) -> bool:
    """Whether a hold on one scope keeps something of another from going on."""
    return what == EVERYTHING or scope in (*scopes_of(what), EVERYTHING)
