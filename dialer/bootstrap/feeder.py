"""The feeder of the campaigns in a store."""

from collections.abc import Mapping

from dialer.domain.account.account import Route
from dialer.feeding.feeder import Feeder
from dialer.settings import Settings
from dialer.store import Store


def feeder_of(settings: Settings, store: Store, routes: Mapping[str, Route]) -> Feeder:
    """Make a feeder for these accounts."""
    return Feeder(
        store,
        routes,
        period=settings.beat.tick,
        retention=settings.jobs.retention,
        settings=settings.fingerprint(),
    )
