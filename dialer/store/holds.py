"""
Holds: what is stopped, by whom, since when and why.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from dialer.store.server import Server, instant, one_line, translated

#: In a row of the history, behind its time.
_WORDS = 5
#: The scope that stops everything.
EVERYTHING = "all"


def account_scope(account: str) -> str:
    """
    Name the scope that stops one account.
    """
    return f"account:{account}"


def campaign_scope(campaign: str) -> str:
    """
    Name the scope that stops one campaign.
    """
    return f"campaign:{campaign}"


def pool_scope(account: str, pool: str) -> str:
    """
    Name the scope that stops the calls which ring one pool first.

    Args:
        account: Whose calls.
        pool: As it stands in a job's lane: "agent:12,13/web=na/call=na".
    """
    return f"pool:{account}/{pool}"


@dataclass(frozen=True, slots=True)
class Hold:
    """
    One owner's stop on one scope.

    Attributes:
        scope: "all", "account:<name>", "campaign:<name>" or "pool:<account>/<pool>".
        owner: Whose it is: a name that a person gave, or one of `dialer.owners.MACHINES`.
        who: The person or part that set it.
        reason: Why.
        since: When it was set, or set again for another reason.
    """

    scope: str
    owner: str
    who: str
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """
    One setting or release of a hold, as it stays on record.

    Attributes:
        at: When.
        verb: "set" or "release".
        scope: What was held, as in `Hold`.
        owner: Whose hold.
        who: The person or part that did it.
        reason: Why; empty when nobody said. The whole row where it
            cannot be read; all else is empty then.
    """

    at: datetime | None
    verb: str
    scope: str
    owner: str
    who: str
    reason: str


class Holds:
    """
    Sets, releases and lists holds.

    Args:
        server: Where they are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def set(self, scope: str, *, owner: str, who: str, reason: str) -> None:
        """
        Stop *scope*; when this returns no further `begin` passes.

        Setting a hold that the owner has already set renews who, reason and time; where
        who and reason are the same, nothing.
        """
        words = one_line(who), one_line(reason)
        seq, _, _ = self._server.run("hold", "set", scope, owner, *words)
        self._server.witness(seq)

    def release(self, scope: str, *, owner: str, who: str, reason: str = "") -> tuple[bool, int]:
        """
        Take one owner's hold off *scope*; it is open when no owner is left.

        Returns:
            Whether the owner had a hold, and how many owners are left.
        """
        words = one_line(who), one_line(reason)
        seq, left, changed = self._server.run("hold", "release", scope, owner, *words)
        self._server.witness(seq)
        return int(changed) == 1, int(left)

    def all(self) -> list[Hold]:
        """
        List every hold, by scope and owner.
        """
        client, keys = self._server.client, self._server.keys
        with translated():
            scopes = sorted(client.smembers(keys.holds))
            found = [(scope, client.hgetall(keys.hold(scope))) for scope in scopes]
        return [
            _hold(scope, owner, value)
            for scope, owners in found
            for owner, value in sorted(owners.items())
        ]

    def history(self) -> list[HoldEvent]:
        """
        List what was set and released lately, oldest first; the last 500 are kept.
        """
        with translated():
            rows = self._server.client.lrange(self._server.keys.holdings, 0, -1)
        return [_event(row) for row in rows]


def _event(row: str) -> HoldEvent:
    at, *words = row.split("\t")
    if len(words) != _WORDS or not at.isdecimal():
        return HoldEvent(None, "", "", "", "", " ".join(row.split()))
    return HoldEvent(instant(at), *words)


def _hold(scope: str, owner: str, value: str) -> Hold:
    record = json.loads(value)
    return Hold(scope, owner, record["who"], record["reason"], instant(record["at_us"]))
