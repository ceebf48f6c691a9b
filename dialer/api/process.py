"""The processes of `dialer api`."""

import logging
import socket
from typing import Any, Final

import uvicorn

from dialer.api.app import build
from dialer.api.service import Service
from dialer.api.wire import GuardedProtocol
from dialer.bootstrap.dialer import Dialer
from dialer.bootstrap.store import greet
from dialer.errors import SettingsError
from dialer.machine.logs import configure
from dialer.services.api_keys.ring import KeyRing
from dialer.settings import Settings

log = logging.getLogger("dialer.api")

#: How long requests may go on when the service is stopped, s.
_GRACE: Final = 20


def run() -> int:
    """
    Serve until SIGINT or SIGTERM, as `[api]` says.

    Raises:
        SettingsError: A setting breaks a rule, or the port cannot be had.
        StoreUnavailable, StoreRefused: The store does not answer, or must not be used.
    """
    settings = Settings.load()
    configure(settings.log.level, json=settings.log.format == "json")
    greet(settings)
    _probe(settings)
    uvicorn.run("dialer.api.process:application", factory=True, **_options(settings))
    return 0


def application() -> Any:
    """Build the application of one process."""
    settings = Settings.load().without_tokens()
    configure(settings.log.level, json=settings.log.format == "json")

    def make() -> Service:
        dialer = Dialer.from_settings(settings, who="api")
        return Service(dialer, KeyRing(dialer.store))

    return build(make, concurrency=settings.api.concurrency)


def _options(settings: Settings) -> dict[str, Any]:
    api = settings.api
    return {
        "host": api.address,
        "port": api.port,
        "workers": api.workers,
        "http": GuardedProtocol,
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": _GRACE,
    }


def _probe(settings: Settings) -> None:
    """Say plainly that a port cannot be had, before there are processes that fail at it."""
    api = settings.api
    family = socket.AF_INET6 if ":" in api.address else socket.AF_INET
    try:
        with socket.create_server((api.address, api.port), family=family):
            pass
    except OSError as error:
        raise SettingsError(
            f"api.port: {api.port} of {api.address} cannot be used: {error.strerror};"
            " choose another with DIALER_API__PORT"
        ) from None
