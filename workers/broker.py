"""The broker's address as Celery wants it: one notation for us, three places for kombu."""

import ssl
from typing import Any
from urllib.parse import quote

from dialer.domain.doorbell import KEY_PREFIX
from dialer.text.address import Address, written

#: Patience with the broker; kombu repeats nothing on a timeout.
_PATIENCE = {
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": False,
}
#: A silent Sentinel must not keep us from the next one.
_OF_SENTINELS = {"socket_timeout": 1, "socket_connect_timeout": 1}


def broker(url: str) -> dict[str, Any]:
    """
    Translate an address, as `dialer.text.address` describes it, into Celery's settings.

    Returns:
        `broker_url`, `broker_use_ssl` and `broker_transport_options`.
    """
    address = Address.parse(url)
    options: dict[str, Any] = {
        # No copy of a message is kept until its ack. A doorbell that dies with its worker is
        # rung again, and giving copies back to a broker that has died ends workers (kombu 5.7).
        "ack_emulation": False,
        "global_keyprefix": KEY_PREFIX,
        **_PATIENCE,
    }
    tls = _tls(address)
    if address.service:
        options["master_name"] = address.service
        options["sentinel_kwargs"] = {
            **_OF_SENTINELS,
            **({"ssl": True, **tls} if tls else {}),
            "username": address.sentinel_user or None,
            "password": address.sentinel_password or None,
        }
    return {
        "broker_url": _url(address),
        "broker_use_ssl": tls or None,
        "broker_transport_options": options,
    }


def _url(address: Address) -> str:
    scheme = "sentinel" if address.service else "rediss" if address.secure else "redis"
    login = ""
    if address.user or address.password:
        login = f"{quote(address.user, safe='')}:{quote(address.password, safe='')}@"
    # Each is a whole address: kombu goes on to the next when one cannot be used.
    return ";".join(
        f"{scheme}://{login}{written(*place)}/{address.database}" for place in address.hosts
    )


def _tls(address: Address) -> dict[str, Any]:
    if not address.secure:
        return {}
    files = {name: value for name, value in address.tls.items() if name != "ssl_check_hostname"}
    return {
        # Explicit: by itself kombu takes any certificate for rediss://.
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": address.tls.get("ssl_check_hostname") != "false",
        **files,
    }
