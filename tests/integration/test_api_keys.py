"""Keys of the HTTP service: made, listed, ended; what they cost in time tells nothing."""

import hmac
import json
from datetime import timedelta

import pytest

from dialer.bootstrap.dialer import Dialer
from dialer.errors import InvalidRequest, KeyRefused
from dialer.services.api_keys.ring import KeyRing


def test_a_key_is_shown_once_and_stored_as_a_hash(cli):
    """What the command prints opens; neither the list nor the store holds it."""
    made = cli("key", "create", "shop", "--scope", "enqueue", "--expires", "90d", "--json").record
    assert list(made) == ["id", "name", "key", "scopes", "accounts", "reveal", "expires"]
    secret = made["key"].rpartition("_")[2]
    listed = cli("key", "list", "--json").record
    assert (listed["id"], listed["name"], listed["last_used"]) == (made["id"], "shop", None)
    client = cli.store.server.client
    stored = [client.dump(key) for key in client.scan_iter("*apikeys*")]
    assert secret not in json.dumps(listed) + str(client.hgetall("{dialer}:apikeys"))
    assert stored


def test_a_name_is_one_valid_keys_alone(cli):
    """Revoked, its name is free; both stay in the list."""
    assert cli("key", "create", "shop", "--scope", "read").status == 0
    assert cli("key", "create", "shop", "--scope", "read").status == 1
    assert cli("key", "revoke", "shop").status == 0
    assert cli("key", "create", "shop", "--scope", "read").status == 0
    assert [one["state"] for one in cli("key", "list", "--json").records] == ["revoked", "valid"]
    assert cli("key", "revoke", "nobody").status == 1


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ((), "scope"),
        (("--scope", "everything"), "scope"),
        (("--scope", "read", "--account", "nobody"), "accounts.nobody"),
        (("--scope", "read", "--expires", "soon"), "--expires"),
    ],
)
def test_what_a_key_must_be_is_said(cli, options, rule):
    """With the field at fault; nothing is made."""
    ran = cli("key", "create", "shop", *options)
    assert ran.status in (1, 2)
    assert rule in ran.err
    assert cli("key", "list", "--json").records == []


def test_a_whole_key_in_a_command_is_not_repeated(cli):
    """Whoever pastes it instead of its name does not find it in the terminal's history twice."""
    key = f"dlr_abcdefgh_{'x' * 43}"
    assert key not in cli("key", "revoke", key).err


def test_a_ring_knows_keys_and_their_end(cli):
    """Valid, then over, then revoked: within the two seconds in which the book is read again."""
    now = [0.0]
    dialer = Dialer.from_settings(who="test")
    ring = KeyRing(dialer.store, lambda: now[0])
    key, written = dialer.api_keys.create("shop", ["read"], expires=timedelta(seconds=60))
    ring.refresh()
    assert ring.check(written) == key
    assert ring.check(written[:-1]) is None
    assert ring.fresh
    now[0] += 2
    assert not ring.fresh
    dialer.api_keys.revoke("shop")
    ring.refresh()
    assert ring.check(written) is None
    _, other = dialer.api_keys.create("other", ["read"], expires=timedelta(seconds=60))
    now[0] += 2
    ring.refresh()
    assert ring.check(other)
    now[0] += 61
    assert ring.check(other) is None


def test_a_key_that_is_wrong_unknown_or_revoked_is_looked_at_alike(cli, monkeypatch):
    """The same steps for each, whatever the key: one lookup, one digest, one comparison."""
    dialer = Dialer.from_settings(who="test")
    ring = KeyRing(dialer.store)
    _, good = dialer.api_keys.create("shop", ["read"])
    _, revoked = dialer.api_keys.create("gone", ["read"])
    dialer.api_keys.revoke("gone")
    ring.refresh()
    seen: list[tuple[str, str]] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: seen.append(both) or compare(*both))
    keys = [good[:-3] + "xyz", "dlr_zzzzzzzz_" + "a" * 43, revoked, "nonsense"]
    assert [ring.check(one) for one in keys] == [None] * 4
    assert [tuple(map(len, both)) for both in seen] == [(64, 64)] * 4


def test_rules_hold_from_python_too(cli):
    """As for the command."""
    keys = Dialer.from_settings(who="test").api_keys
    with pytest.raises(InvalidRequest, match="name"):
        keys.create("No Name", ["read"])
    keys.create("shop", ["read"])
    with pytest.raises(KeyRefused):
        keys.create("shop", ["read"])
