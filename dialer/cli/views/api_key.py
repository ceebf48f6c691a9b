"""Keys of the HTTP service as they are shown."""

from collections.abc import Sequence

from dialer.cli import output
from dialer.cli.views.listing import Column, Listing, Look
from dialer.domain.api_key import ApiKey
from dialer.text.plural import counted


def _state(key: ApiKey, look: Look) -> str:
    if key.revoked:
        return "revoked"
    return "valid" if key.valid(look.now) else "expired"


KEYS: Listing[ApiKey] = Listing(
    (
        Column("id", "prefix", "id"),
        Column("name", head="name"),
        Column("state", _state, "state"),
        Column(
            "scopes",
            lambda key, _: sorted(key.scopes),
            "scopes",
            lambda key, _: " ".join(sorted(key.scopes)),
        ),
        Column(
            "accounts",
            lambda key, _: None if key.accounts is None else sorted(key.accounts),
            "accounts",
            lambda key, _: "all" if key.accounts is None else " ".join(sorted(key.accounts)),
        ),
        Column("reveal", head="reveal", cell=lambda key, _: "yes" if key.reveal else "no"),
        Column("expires", head="expires", cell=lambda key, look: look.at(key.expires) or "never"),
        Column("created"),
        Column("revoked"),
        Column("last_used", head="last used", cell=lambda key, look: look.at(key.last_used)),
    )
)


def show_keys(keys: Sequence[ApiKey], look: Look) -> None:
    """List keys, for people with how to end one."""
    KEYS.show(keys, look)
    if not look.json:
        output.say(f"{counted(len(keys), 'key')}. To end one: dialer key revoke NAME")
