"""
Addresses as URLs: Redis, the broker, the endpoint.
"""

from typing import Annotated
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator


def _redis_url(url: str) -> str:
    parts = split_address(url)
    if parts is None or parts.scheme not in {"redis", "rediss"}:
        raise ValueError("must be an address like redis://127.0.0.1:6379/0")
    if parts.query or parts.fragment:
        raise ValueError("must end with the number of the database, without ? or #")
    database(url)
    return url


#: An address with a login perhaps; keep it out of sight.
RedisUrl = Annotated[str, AfterValidator(_redis_url)]


def split_address(url: str) -> SplitResult | None:
    """
    The parts of an address with a host; None for anything else.

    The reasons that `urlsplit` gives quote the address, with the password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # checked only when it is asked for
    except ValueError:
        return None
    return parts if parts.hostname and port != 0 and url.isprintable() and " " not in url else None


def database(url: str) -> int:
    """
    The number of the database in an address; 0 when it names none.

    Raises:
        ValueError: What follows the host is no number.
    """
    number = urlsplit(url).path.strip("/") or "0"
    if not (number.isascii() and number.isdecimal()):
        raise ValueError("must end with the number of the database, like /0")
    return int(number)


def next_database(url: str) -> str:
    """The same server, one database further: where the broker lives until it has its own."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database(url) + 1}"))


def without_login(url: str) -> str:
    """The address alone, fit to be shown and compared: no user, no password."""
    parts = urlsplit(url)
    place = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or 6379
    return f"{parts.scheme}://{place}:{port}/{database(url)}"
