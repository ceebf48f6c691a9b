"""Keys of the HTTP service in the store."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dialer.domain.api_key import ApiKey, ApiScope
from dialer.errors import StoreDamaged
from dialer.store.redis.failures import readable
from dialer.store.redis.notation import instant, micros, stamp
from dialer.store.redis.server import Noun

#: A key that is not valid any more is listed for so long.
_KEEP: Final = timedelta(days=90)


class ApiKeys(Noun):
    """Records of keys; a secret is in none of them."""

    def create(self, key: ApiKey) -> bool:
        """Write a new key down; False where a valid one has its name."""
        ask = {
            "verb": "create",
            "prefix": key.prefix,
            "name": key.name,
            "record": json.dumps(_record(key)),
            "keep_us": micros(_KEEP),
        }
        (word,) = self._server.run("api_key", ask)
        return word == "created"

    def revoke(self, prefix: str) -> bool:
        """End a key; False where it was revoked before, or is not there."""
        ask = {"verb": "revoke", "prefix": prefix, "name": "", "record": "", "keep_us": 0}
        (word,) = self._server.run("api_key", ask)
        return word == "revoked"

    def all(self) -> list[ApiKey]:
        """Every key, valid or not, oldest first; one that cannot be read opens nothing."""
        records = self._client.hgetall(self._keys.api_keys)
        used = self._client.hgetall(self._keys.api_keys_used)
        found = []
        for prefix, text in records.items():
            try:
                with readable(f"the API key {prefix}"):
                    found.append(_key(prefix, json.loads(text), used.get(prefix)))
            except StoreDamaged:
                continue
        return sorted(found, key=lambda one: (one.created, one.prefix))

    def note_use(self, prefix: str) -> None:
        """Write down that a key was used now."""
        self._client.hset(self._keys.api_keys_used, prefix, stamp(self._server.time()))

    def signing_secret(self, fresh: str) -> str:
        """Secret with which all processes sign their cursors: *fresh* where there is none yet."""
        self._client.set(self._keys.api_signing, fresh, nx=True)
        return str(self._client.get(self._keys.api_signing))


def _record(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "digest": key.digest,
        "scopes": sorted(key.scopes),
        "accounts": "" if key.accounts is None else ",".join(sorted(key.accounts)),
        "reveal": int(key.reveal),
        # Text: Lua's numbers would not come out as they went in.
        "created_us": str(stamp(key.created)),
        "expires_us": str(stamp(key.expires)) if key.expires else "",
        "revoked_us": "",
    }


def _key(prefix: str, record: Mapping[str, Any], used: str | None) -> ApiKey:
    created = instant(record["created_us"])
    if created is None:
        raise ValueError("has no time")
    accounts = record["accounts"]
    return ApiKey(
        prefix=prefix,
        name=record["name"],
        digest=record["digest"],
        scopes=frozenset(map(ApiScope, record["scopes"])),
        accounts=frozenset(accounts.split(",")) if accounts else None,
        reveal=record["reveal"] == 1,
        created=created,
        expires=instant(record["expires_us"] or None),
        revoked=instant(record["revoked_us"] or None),
        last_used=instant(used),
    )
