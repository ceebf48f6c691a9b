"""The store that the settings name."""

from dialer.errors import StoreRefused, StoreUnavailable
from dialer.settings import Settings
from dialer.settings.addresses import without_login
from dialer.settings.discovery import addresses
from dialer.store import Store, open_store
from dialer.store.redis.server_health import reach


def store_of(settings: Settings, *, even_unsafe: bool = False, any_layout: bool = False) -> Store:
    """
    Connect to the store that the settings name.

    *even_unsafe* is for commands that only look, or stop something; *any_layout*, for data of
    another version, only to set a hold.

    Raises:
        SettingsError: No store is named.
        StoreUnavailable: It does not answer.
        StoreRefused: It is not safe to use; the text says what to change.
    """
    store = open_store(
        addresses(settings.redis_url, settings.broker_url).redis_url,
        durability="trusted" if even_unsafe else settings.durability,
        breaker=settings.breaker,
        full_at=settings.jobs.full_at,
        any_layout=any_layout,
    )
    if not any_layout:
        # As early as the first job: a copy that was taken before has no epoch to be known by.
        store.epochs.begin()
    return store


def greet(settings: Settings) -> None:
    """
    Ask the store one short question, before the long time-outs of workers: a person waits.

    Raises:
        SettingsError: None is named.
        StoreUnavailable, StoreRefused: It does not answer, or refuses; the text says where it is.
    """
    url = addresses(settings.redis_url, settings.broker_url).redis_url
    try:
        reach(url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} at {without_login(url)}") from None
    except StoreRefused as error:
        raise StoreRefused(f"redis_url {without_login(url)}: {error}") from None
