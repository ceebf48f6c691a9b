"""Scopes of holds, and how they are written."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple, Self

from dialer.domain.call.agents import NUMBERS, crew_of, digest_of
from dialer.domain.call.number import read_number
from dialer.errors import InvalidRequest

#: The scope that stops everything.
EVERYTHING: Final = "all"
_NAME = re.compile(r"[a-z0-9_]{1,40}")
#: Agents or groups, as a job's lane names them or without login filters, and plain numbers by
#: their digests.
_POOL = re.compile(
    r"(?P<kind>agent|group):(?P<ids>[0-9]+(?:,[0-9]+)*)"
    r"(?P<logins>/web=(?:yes|no|na)/call=(?:yes|no|na))?|number:[0-9a-f]{16}(?:,[0-9a-f]{16})*"
)


class Scope(NamedTuple):
    """
    The extent of a hold: "all", "account:<name>", "campaign:<name>" or "pool:<account>/<one>".

    Attributes:
        kind: The word before the colon.
        name: Which account or campaign; of a pool the account. "" for everything.
        one: The agent, group or number that a pool means: "agent:12", "group:5",
            "number:<digest>".
    """

    kind: str
    name: str = ""
    one: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a scope that the store holds; `read_scope` reads what a person wrote."""
        kind, _, name = text.partition(":")
        account, _, one = name.partition("/")
        return cls(kind, account, one)

    @property
    def what(self) -> str:
        """The part behind the colon."""
        return f"{self.name}/{self.one}" if self.kind == "pool" else self.name

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}" if self.name else self.kind


def account_scope(account: str) -> str:
    """Name the scope that stops one account."""
    return str(Scope("account", account))


def campaign_scope(campaign: str) -> str:
    """Name the scope that stops one campaign."""
    return str(Scope("campaign", campaign))


def pool_scope(account: str, one: str) -> str:
    """
    Name the scope that stops all calls to one agent, group or number (`Scope.one`).

    It holds for *account*, and for all that share its user id.
    """
    return str(Scope("pool", account, one))


def pool_scopes(accounts: Iterable[str], pool: str) -> set[str]:
    """
    Name the scopes of which each stops a call that rings a pool; as lanes.lua.

    Args:
        accounts: Its account, and those that share its user id.
        pool: As it stands in a job's lane: "agent:12,13/web=na/call=na". That was
            the name of one hold, before each was that of one agent.
    """
    ones = [*crew_of(pool), pool] if pool else []
    return {pool_scope(account, one) for account in accounts for one in ones}


def scopes_of(scope: str) -> list[str]:
    """Name the scopes that a hold on *scope* is set on: each agent of a pool by itself."""
    read = Scope.parse(scope)
    return [pool_scope(read.name, one) for one in crew_of(read.one)] if read.one else [scope]


def read_scope(written: str) -> str:
    """
    Read what a hold stops: a scope that means nothing would stop nothing, and say that it does.

    Raises:
        InvalidRequest, InvalidCall: It means nothing.
    """
    kind, _, what = written.partition(":")
    if kind == "pool":
        return read_pool(what, "scope")
    if written == EVERYTHING or (kind in ("account", "campaign") and _NAME.fullmatch(what)):
        return written
    rule = f'"{written}" stops nothing; write all, account:NAME, campaign:NAME or pool:ACCOUNT/WHOM'
    raise InvalidRequest("scope", rule)


def read_pool(written: str, field: str = "pool") -> str:
    """
    Read the pool of a hold: "default/agent:12,13", "default/group:21" or "default/number:NUMBER".

    A number may be named by its digest too.

    Raises:
        InvalidRequest, InvalidCall: It names nobody; the error names *field*.
    """
    account, _, pool = written.partition("/")
    match = _POOL.fullmatch(pool)
    if match is None and pool.startswith(NUMBERS):
        number = read_number(pool.removeprefix(NUMBERS), field)
        return pool_scope(account, NUMBERS + digest_of(number))
    if match is None:
        rule = f'"{written}" names nobody; write default/agent:12,13 or default/group:21'
        raise InvalidRequest(field, rule)
    if match["ids"] and not match["logins"]:
        ids = sorted(set(match["ids"].split(",")), key=lambda one: (len(one), one))
        pool = f"{match['kind']}:{','.join(ids)}"
    return pool_scope(account, pool)
