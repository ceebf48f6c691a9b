"""
Places outbound calls through the Sarv.com Click-to-Call API.

    from dialer import ClickToCall, Dialer

    receipt = Dialer.from_settings().enqueue(
        ClickToCall(from_="9000000001", to="9000000002"), key="order-17"
    )

Each name is loaded when it is first used, so that the sandbox, which imports
this package too, shares no code with the client it tests.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialer.bootstrap.dialer import Dialer
    from dialer.domain.call.call import ClickToCall
    from dialer.domain.job.order import Order
    from dialer.domain.job.receipt import Receipt, Verdict
    from dialer.errors import (
        DialerError,
        InvalidCall,
        SettingsError,
        StoreRefused,
        StoreUnavailable,
    )
    from dialer.services.calls import JobFilter
    from dialer.settings import Settings

    __version__: str

__all__ = [
    "ClickToCall",
    "Dialer",
    "DialerError",
    "InvalidCall",
    "JobFilter",
    "Order",
    "Receipt",
    "Settings",
    "SettingsError",
    "StoreRefused",
    "StoreUnavailable",
    "Verdict",
    "__version__",
]

_HOMES = {
    "ClickToCall": "dialer.domain.call.call",
    "Dialer": "dialer.bootstrap.dialer",
    "DialerError": "dialer.errors",
    "InvalidCall": "dialer.errors",
    "JobFilter": "dialer.services.calls",
    "Order": "dialer.domain.job.order",
    "Receipt": "dialer.domain.job.receipt",
    "Settings": "dialer.settings",
    "SettingsError": "dialer.errors",
    "StoreRefused": "dialer.errors",
    "StoreUnavailable": "dialer.errors",
    "Verdict": "dialer.domain.job.receipt",
}


# Without it Python prints our warnings on stderr where the program has no handler, as the
# command line has none.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("outbound-dialer")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
