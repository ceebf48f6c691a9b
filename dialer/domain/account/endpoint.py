"""An account's address and credentials."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

#: What this package writes into the query itself; a caller may not.
_OURS = ("user_id", "token", "mode")

_MODES = ("developer", "live")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One account's address and credentials, checked when made.

    Attributes:
        base_url: The whole address, https unless its host is loopback, without query,
            fragment or credentials; the "?" at the end of the vendor's page is taken off.
        token: The campaign's token; never part of the repr.

    Raises:
        ValueError: A field breaks its rule. The text names both and never
            quotes the value, which may hold a secret.
    """

    base_url: str
    user_id: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.removesuffix("?"))
        _check_base_url(self.base_url)
        for name in ("user_id", "token"):
            value = getattr(self, name)
            if not value or not value.isprintable() or any(map(str.isspace, value)):
                raise ValueError(f"{name}: must be text without blanks, and not empty")

    def query(self, params: Mapping[str, str], *, mode: str) -> dict[str, str]:
        """
        Return the query parameters, in the vendor's order.

        Args:
            params: The call under its wire names.
            mode: "live" or "developer". Always sent: the API takes its absence for "live".

        Raises:
            ValueError: Another mode, or a parameter that is ours to write.

        Source:
            Sarv.com, "Click to Call API", v2: user_id, token, from, to first.
        """
        if mode not in _MODES:
            raise ValueError('mode: must be "developer" or "live"')
        for name in _OURS:
            if name in params:
                raise ValueError(f"{name}: must not be among the call's own parameters")
        return {"user_id": self.user_id, "token": self.token, **params, "mode": str(mode)}


def _check_base_url(base_url: str) -> None:
    if not base_url.isascii() or not base_url.isprintable() or " " in base_url:
        raise ValueError("base_url: must be printable ASCII without blanks")
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Not chained: the original text quotes the address.
        raise ValueError("base_url: must be an address such as https://host/path") from None
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError("base_url: must begin with https:// and a host")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("base_url: must be https; plain http is for loopback addresses only")
    _check_bare(base_url, parts)


def _check_bare(base_url: str, parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise ValueError("base_url: must not hold credentials; user_id and token have their fields")
    if "?" in base_url or "#" in base_url:
        raise ValueError("base_url: must not hold a query or a fragment")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
