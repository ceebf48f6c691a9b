"""Addresses as settings: Redis, the broker."""

from typing import Annotated
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator

from dialer.text.address import Address


def _redis_url(url: str) -> str:
    Address.parse(url)
    return url


#: An address with a login perhaps; keep it out of sight.
RedisUrl = Annotated[str, AfterValidator(_redis_url)]


def split_address(url: str) -> SplitResult | None:
    """
    Parts of an address with a host; None for anything else.

    The reasons that `urlsplit` gives quote the address, with the password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # checked only when it is asked for
    except ValueError:
        return None
    return parts if parts.hostname and port != 0 and url.isprintable() and " " not in url else None


def next_database(url: str) -> str:
    """The same server, one database further: the broker's until it has its own."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{Address.parse(url).database + 1}"))


def without_login(url: str) -> str:
    """Address fit to be shown and compared: no user, no password, no files."""
    return str(Address.parse(url))
