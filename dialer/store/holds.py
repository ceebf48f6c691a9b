"""Holds: what is stopped, by whom, since when and why."""

import json

from dialer.domain.holds.hold import Hold, HoldEvent
from dialer.domain.holds.owners import DAMAGED, MACHINES
from dialer.domain.holds.scope import EVERYTHING, account_scope, scopes_of
from dialer.errors import StoreDamaged
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import instant, one_line
from dialer.store.redis.server import Noun

#: Fields of a history row after the time.
_WORDS = 5
#: First word of a note of damage by which begin.lua names an account that it cannot judge.
_STOPPED = "account "
#: Notes of damage that are looked through for those, more than there are accounts.
_NOTES = 1000
#: Letters of a reason: an automatic one says what was seen and what to do about it.
_REASON = 400


class Holds(Noun):
    """Holds and their history."""

    def set(self, scope: str, *, owner: str, who: str, reason: str) -> None:
        """
        Stop *scope*, each part of a pool by itself; when this returns no call of it starts.

        An automatic hold stops every `begin`, and waits for nothing. Setting a hold again
        renews who, reason and time; the same who and reason changes nothing.
        """
        for one in scopes_of(scope):
            self._change("set", one, owner, who, reason)
        if owner not in MACHINES:
            self._server.await_leaving()

    def release(self, scope: str, *, owner: str, who: str, reason: str = "") -> tuple[bool, int]:
        """
        Take one owner's hold off *scope*; it is open when no owner is left.

        Returns:
            Whether the owner had a hold, and how many owners are left.
        """
        had, owners = False, 0
        for one in dict.fromkeys([*scopes_of(scope), scope]):
            left, changed = self._change("release", one, owner, who, reason)
            had, owners = had or int(changed) == 1, owners + int(left)
        return had, owners

    def reconcile(
        self, scope: str, *, owner: str, reason: str, over: str, who: str = "tick"
    ) -> None:
        """
        Let an automatic hold stand exactly while its *reason* is not "".

        One that stands for the same reason is left alone, so that its age is that of the trouble.
        *over* goes on record with its release. Any number of processes may do it at once.
        """
        standing = self.of(scope, owner)
        if reason and all(hold.reason != reason for hold in standing):
            self.set(scope, owner=owner, who=who, reason=reason)
        elif standing and not reason:
            self.release(scope, owner=owner, who="tick", reason=over)

    def of(self, scope: str, owner: str) -> list[Hold]:
        """Holds of one owner on one scope; one at most."""
        return [hold for hold in self.all() if (hold.scope, hold.owner) == (scope, owner)]

    def _change(self, verb: str, scope: str, owner: str, who: str, reason: str) -> list[str]:
        words = {"who": one_line(who), "reason": one_line(reason, longest=_REASON)}
        return self._server.run("hold", {"verb": verb, "scope": scope, "owner": owner, **words})

    def all(self) -> list[Hold]:
        """
        Every hold, by scope and owner; also accounts that are stopped because of damage.

        One that cannot be read holds all the same. Its owner is `damaged` where its
        record is gone.
        """
        holds = [hold for scope in sorted(self._scopes()) for hold in self._of(scope)]
        return holds + [
            Hold(account_scope(name.removeprefix(_STOPPED)), DAMAGED, "store", why, instant(at))
            for name, at, why in self._damage()
            if name.startswith(_STOPPED)
        ]

    def _scopes(self) -> frozenset[str]:
        client, keys = self._client, self._keys
        try:
            return frozenset(client.smembers(keys.holds))
        except StoreDamaged:  # then the one that stops everything must still be seen
            return frozenset([EVERYTHING] if client.exists(keys.hold(EVERYTHING)) else [])

    def _of(self, scope: str) -> list[Hold]:
        try:
            owners = self._client.hgetall(self._keys.hold(scope))
        except StoreDamaged as error:
            return [Hold(scope, DAMAGED, "store", str(error), None)]
        if not owners:
            why = "the record of this hold is gone: nobody knows whose it was"
            return [Hold(scope, DAMAGED, "store", why, None)]
        return [_hold(scope, owner, value) for owner, value in sorted(owners.items())]

    def _damage(self) -> list[tuple[str, str, str]]:
        try:
            notes = self._client.hscan(self._keys.damaged, count=_NOTES)[1]
        except StoreDamaged:
            return []
        return [(name, *note.partition(" ")[::2]) for name, note in sorted(notes.items())]

    def history(self) -> list[HoldEvent]:
        """What was set and released lately, oldest first; the last 500 are kept."""
        try:
            rows = self._client.lrange(self._keys.holdings, 0, -1)
        except StoreDamaged as error:
            return [HoldEvent(None, "", "", "", "", str(error))]
        return [_event(row) for row in rows]


def _event(row: str) -> HoldEvent:
    at, *words = row.split("\t")
    if len(words) != _WORDS or not at.isdecimal():
        return HoldEvent(None, "", "", "", "", " ".join(row.split()))
    return HoldEvent(instant(at), *words)


def _hold(scope: str, owner: str, value: str) -> Hold:
    try:
        with readable(f"hold:{scope}"):
            record = json.loads(value)
            since = instant(record["at_us"])
            return Hold(scope, owner, str(record["who"]), str(record["reason"]), since)
    except StoreDamaged as error:
        return Hold(scope, owner, "", str(error), None)
