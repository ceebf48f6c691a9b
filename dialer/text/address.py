"""
Addresses of Redis: one server, or the Sentinels that know which one it is.

    redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]
    rediss://…[?ssl_ca_certs=FILE&ssl_certfile=FILE&ssl_keyfile=FILE]
    sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT[/DATABASE]?service=NAME
    rediss+sentinel://…  the same over TLS, to the Sentinels as well

Store and broker are written alike. The login is the servers'; the Sentinels
have their own, `sentinel_user` and `sentinel_password`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

#: What may be said of TLS, in redis-py's names. That the server must prove who it is may not be
#: switched off: whoever it really is would be handed the password.
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_CHECK_HOST = "ssl_check_hostname"
_SENTINEL_ONLY = ("service", "sentinel_user", "sentinel_password")
_PLAIN_PORT = 6379
_SCHEMES = {
    "redis": (False, False),
    "rediss": (True, False),
    "sentinel": (False, True),
    "rediss+sentinel": (True, True),
}
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:@,]+)(?::(?P<port>[0-9]{1,5}))?")
_NO_ADDRESS = "must be an address like redis://127.0.0.1:6379/0"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """
    One parsed address; its repr holds no login.

    Attributes:
        hosts: Host and port of the server, or of each Sentinel; a name or an IP.
        user: For the servers; "" for the default user.
        password: For the servers; "" for none.
        service: The Sentinels' name of the master; "" for an address without Sentinel.
        secure: Whether TLS is spoken.
        tls: Files and rules of TLS, by redis-py's names.
    """

    hosts: tuple[tuple[str, int], ...]
    database: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    service: str = ""
    sentinel_user: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)
    secure: bool = False
    tls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> "Address":
        """
        Parse an address.

        Raises:
            ValueError: It breaks a rule; the text never quotes it, as it may hold a password.
        """
        parts = _split(url)
        if parts is None or parts.scheme not in _SCHEMES:
            raise ValueError(_NO_ADDRESS)
        secure, sentinel = _SCHEMES[parts.scheme]
        login, _, places = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        hosts = _hosts(places, sentinel=sentinel)
        said = _query(parts, secure=secure, sentinel=sentinel)
        address = cls(
            hosts=hosts,
            database=_database(parts.path),
            user=unquote(user),
            password=unquote(password),
            service=said.pop("service", ""),
            sentinel_user=said.pop("sentinel_user", ""),
            sentinel_password=said.pop("sentinel_password", ""),
            secure=secure,
            tls=said,
        )
        if sentinel and not address.service:
            raise ValueError(
                "must name the master that the Sentinels watch, with ?service=NAME at its end"
            )
        return address

    def __str__(self) -> str:
        """Return the address without login and TLS, fit to be shown and compared."""
        scheme = next(
            name for name, kind in _SCHEMES.items() if kind == (self.secure, bool(self.service))
        )
        # Sorted: machines that list the same Sentinels in another order mean the same.
        places = ",".join(written(*place) for place in sorted(self.hosts))
        query = f"?service={quote(self.service)}" if self.service else ""
        return f"{scheme}://{places}/{self.database}{query}"


def written(host: str, port: int) -> str:
    """Write a host and its port as in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(url: str) -> SplitResult | None:
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # its reasons quote the address
        return None
    return parts if parts.netloc else None


def _hosts(text: str, *, sentinel: bool) -> tuple[tuple[str, int], ...]:
    found = []
    places = text.split(",") if sentinel else [text]
    for place in places:
        match = _HOST.fullmatch(place)
        if not match:
            raise ValueError(_NO_ADDRESS)
        if sentinel and not match["port"]:
            raise ValueError(
                "must give each Sentinel its port, like sentinel://10.0.0.1:26379,10.0.0.2:26379/0"
            )
        port = int(match["port"] or _PLAIN_PORT)
        if not 0 < port <= _HIGHEST_PORT:
            raise ValueError(_NO_ADDRESS)
        found.append((unquote(match["host"].strip("[]")).lower(), port))
    if len(set(found)) < len(found):
        raise ValueError("names the same Sentinel twice")
    return tuple(found)


def _database(path: str) -> int:
    number = path.strip("/") or "0"
    if not (number.isascii() and number.isdecimal()):
        raise ValueError("must end with the number of the database, like /0")
    return int(number)


def _query(parts: SplitResult, *, secure: bool, sentinel: bool) -> dict[str, str]:
    if parts.fragment:
        raise ValueError("must end with the number of the database, without ? or #")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    said = dict(pairs)
    _check_names(said, secure=secure, sentinel=sentinel)
    if len(said) < len(pairs):
        raise ValueError("says the same thing twice after its ?")
    empty = sorted(name for name, value in said.items() if not value)
    if empty:
        raise ValueError(f"{empty[0]} is empty; give it a value or leave it out")
    if said.get(_CHECK_HOST, "true") not in {"true", "false"}:
        raise ValueError(f"{_CHECK_HOST} must be true or false")
    if ("ssl_certfile" in said) != ("ssl_keyfile" in said):
        raise ValueError("needs ssl_certfile and ssl_keyfile together, or neither")
    return said


def _check_names(said: Mapping[str, str], *, secure: bool, sentinel: bool) -> None:
    known = (*(_SENTINEL_ONLY if sentinel else ()), *((*TLS_FILES, _CHECK_HOST) if secure else ()))
    strange = sorted(set(said) - set(known))
    if not strange:
        return
    if strange[0] in (*TLS_FILES, _CHECK_HOST):
        scheme = "rediss+sentinel" if sentinel else "rediss"
        raise ValueError(f"has TLS settings; write {scheme}:// in front, or leave them out")
    if strange[0] in _SENTINEL_ONLY:
        raise ValueError("names a service of Sentinel; write sentinel:// in front")
    if not known:
        raise ValueError("must end with the number of the database, without ? or #")
    raise ValueError(f"may say only {', '.join(known)} after its ?")
