"""
KeyService: the keys of the HTTP service.

    ring.py   checks keys that requests carry
"""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dialer.domain.api_key import ApiKey, ApiScope
from dialer.errors import InvalidRequest, KeyNotFound, KeyRefused
from dialer.services.api_keys.ring import KEY_FORM, digest_of
from dialer.settings import Settings
from dialer.store import Store
from dialer.text.duration import LONGEST

__all__ = ["KeyService"]

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,38}[a-z0-9])?")
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX_LENGTH: Final = 8
#: More than 256 bits: 43 letters of 62.
_SECRET_LENGTH: Final = 43


@dataclass(frozen=True, slots=True)
class KeyService:
    """Creates, lists and revokes keys; a key itself is seen once, when it is created."""

    store: Store
    settings: Settings

    def create(
        self,
        name: str,
        scopes: Collection[str],
        *,
        accounts: Collection[str] | None = None,
        reveal: bool = False,
        expires: timedelta | None = None,
    ) -> tuple[ApiKey, str]:
        """
        Create a key.

        Args:
            name: 1 to 40 of a-z, 0-9, dots, hyphens and _; on record in what it does.
            scopes: Of `ApiScope`, by name; at least one.
            accounts: The accounts it is bound to; None for all, also those to come.
            reveal: Whether it reads numbers unmasked.
            expires: After so long it opens nothing; None for never.

        Returns:
            Its record, and the whole key: nobody can read it again.

        Raises:
            InvalidRequest: A rule is broken; nothing was created.
            SettingsError: There is no such account.
            KeyRefused: A valid key has this name.
        """
        if not _NAME.fullmatch(name):
            rule = "must be 1 to 40 of a-z, 0-9, dots, hyphens and _, such as web-shop"
            raise InvalidRequest("name", rule)
        if accounts is not None:
            for account in accounts:
                self.settings.account(account)
        if expires is not None and not timedelta() < expires <= LONGEST:
            raise InvalidRequest("expires", f"must be more than 0 and at most {LONGEST.days}d")
        now, prefix = self.store.now(), _random(_PREFIX_LENGTH)
        written = f"dlr_{prefix}_{_random(_SECRET_LENGTH)}"
        key = ApiKey(
            prefix=prefix,
            name=name,
            digest=digest_of(written),
            scopes=_read_scopes(scopes),
            accounts=frozenset(accounts) if accounts is not None else None,
            reveal=reveal,
            created=now,
            expires=now + expires if expires is not None else None,
        )
        if not self.store.api_keys.create(key):
            raise KeyRefused(f'a valid key is named "{name}" already: dialer key revoke {name}')
        return key, written

    def all(self) -> list[ApiKey]:
        """List the keys, oldest first; those that are valid no more stay for 90 days."""
        return self.store.api_keys.all()

    def revoke(self, which: str) -> ApiKey:
        """
        End a key, by its id or its name; within 5 s it opens nothing anywhere.

        Revoking it again is no error.

        Raises:
            KeyNotFound: There is none of this id or name.
        """
        now, keys = self.store.now(), self.all()
        named = [key for key in keys if key.prefix == which]
        # Of those of one name the valid one is meant, or else the last.
        named += sorted((key for key in keys if key.name == which), key=lambda key: -key.valid(now))
        if not named:
            # Whoever pastes a whole key shall not find it in a log.
            shown = "that" if KEY_FORM.fullmatch(which) else f'"{which}"'
            raise KeyNotFound(f"no key has the name or id {shown}; dialer key list")
        self.store.api_keys.revoke(named[0].prefix)
        return named[0]

    def signing_secret(self) -> str:
        """Read the secret that signs what clients carry from answer to request."""
        return self.store.api_keys.signing_secret(secrets.token_hex(32))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _read_scopes(scopes: Collection[str]) -> frozenset[ApiScope]:
    known = ", ".join(ApiScope)
    if not scopes:
        raise InvalidRequest("scope", f"is missing; give one or more of {known}")
    try:
        return frozenset(map(ApiScope, scopes))
    except ValueError:
        wrong = next(one for one in scopes if one not in set(ApiScope))
        raise InvalidRequest("scope", f'must be one of {known}, not "{wrong}"') from None
