"""API keys: who may ask the HTTP service for what."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApiScope(StrEnum):
    """What a key may be used for; none includes another."""

    #: Every question: jobs, campaigns, explanations, numbers.
    READ = "read"
    #: Make calls, and read or cancel what this key made.
    ENQUEUE = "enqueue"
    #: Cancel, redrive, resolve; campaigns, holds, do-not-call lists.
    OPERATE = "operate"
    #: Keys and accounts.
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """
    One key as it is stored; its secret is not.

    Attributes:
        prefix: The part of the key that is no secret; also its id.
        name: Of whoever uses it; on record in what they do.
        digest: SHA-256 of the whole key, hex.
        accounts: The accounts it is bound to; None for all.
        reveal: Whether it reads numbers unmasked.
        expires: None for never.
        revoked: None while it is not.
        last_used: To the minute; None for never.
    """

    prefix: str
    name: str
    digest: str
    scopes: frozenset[ApiScope]
    accounts: frozenset[str] | None
    reveal: bool
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    last_used: datetime | None = None

    def valid(self, now: datetime) -> bool:
        """Say whether it may be used."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def may_use(self, account: str) -> bool:
        """Say whether an account exists for it."""
        return self.accounts is None or account in self.accounts

    def may(self, any_of: Collection[ApiScope]) -> bool:
        """Say whether it has one of these scopes."""
        return not self.scopes.isdisjoint(any_of)
