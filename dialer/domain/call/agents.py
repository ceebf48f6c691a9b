"""Agents rung first, by name or digest, as the last part of a lane: the pool."""

import hashlib
from collections.abc import Iterable

from dialer.domain.call.call import ClickToCall
from dialer.domain.call.number import canonical_or_same


def pool_of(call: ClickToCall) -> str:
    """Return a call's pool; plain numbers stand under a digest, so that none is in a key."""
    return call.pool or numbers_pool(call.from_)


def numbers_pool(numbers: Iterable[str]) -> str:
    """Return the pool of plain numbers (E.164) that are rung first."""
    return NUMBERS + ",".join(sorted(map(digest_of, numbers)))


def digest_of(number: str) -> str:
    """Return the digest that stands for a plain number (E.164)."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def crew_of(pool: str) -> list[str]:
    """List the agents of a pool one by one, as prologue.lua: "agent:12", "agent:13"."""
    kind, _, rest = pool.partition(":")
    return [f"{kind}:{one}" for one in rest.split("/")[0].split(",")] if kind else []


def crew_written(whom: str, kind: str) -> list[str]:
    """List the agents of a row one by one, as `from` and `fromType` stand there."""
    kind = kind.lower()
    ones = {one.strip() for one in whom.split(",")}
    return sorted(f"{kind}:{canonical_or_same(one) if kind == 'number' else one}" for one in ones)


#: How the last part of a lane begins where plain numbers are rung first: their calls are
#: counted like those of agents, but they share no clock.
NUMBERS = "number:"


#: How people say which agents of a pool are rung; "na" means whoever they are.
_LOGINS = {
    "web=yes": "logged in on the web",
    "web=no": "logged out on the web",
    "call=yes": "logged in by phone",
    "call=no": "logged out by phone",
}


def whom(pool: str) -> str:
    """Write a pool as people do: "agents 12 and 13, logged in on the web"."""
    if not pool or pool.startswith(NUMBERS):
        return "plain numbers"
    kind, _, rest = pool.partition(":")
    ids, *logins = rest.split("/")
    *others, last = ids.split(",")
    named = f"{kind}s {', '.join(others)} and {last}" if others else f"{kind} {last}"
    return ", ".join([named, *(_LOGINS[one] for one in logins if one in _LOGINS)])
