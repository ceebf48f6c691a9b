"""Failures of Redis and of the data in it, as errors of this system."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from redis import exceptions
from redis.sentinel import MasterNotFoundError

from dialer.errors import (
    TOO_MANY_FILES,
    CampaignNotFound,
    StoreDamaged,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    out_of_files,
)

log = logging.getLogger("dialer.store")
_T = TypeVar("_T")


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of redis-py into `StoreUnavailable` or `StoreRefused`."""
    try:
        yield
    except exceptions.AuthenticationError as error:  # redis-py counts it among the lost connections
        raise StoreRefused(
            "Redis refuses the login: correct the user and password in its address"
        ) from error
    except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
        raise StoreUnavailable(f"Redis does not answer ({_why_silent(error)})") from error
    except (exceptions.ReadOnlyError, exceptions.MasterDownError) as error:
        raise StoreUnavailable("Redis takes no writes here: the server is a replica now") from error
    except exceptions.OutOfMemoryError as error:
        raise _refusal("OOM") from error
    except exceptions.NoPermissionError as error:
        raise StoreRefused(
            f"Redis refused a command: {error}; give its user the rights in ops/redis.md, Access"
        ) from error
    except exceptions.ResponseError as error:
        raise _refusal(str(error)) from error
    except exceptions.RedisError as error:
        raise StoreRefused(f"Redis cannot be used: {error}") from error


class Translating:
    """Client whose commands fail as `translated` says; its pipelines do not."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        command = getattr(self._client, name)

        def run(*args: Any, **options: Any) -> Any:
            with translated():
                return command(*args, **options)

        return run


def _refusal(error: str) -> StoreRefused | StoreUnavailable:
    """Error for an error reply of the server."""
    if "OOM command not allowed" in error or error.startswith("OOM"):
        return StoreFull("Redis is full (maxmemory): make room or raise maxmemory, then try again")
    if error.startswith(("NOREPLICAS", "UNBLOCKED")):  # a failover goes on
        return StoreUnavailable(f"Redis takes no writes now ({error})")
    if "WRONGTYPE" in error:
        return StoreDamaged(f"a key is of another type; `dialer doctor` names it ({error})")
    return StoreRefused(f"Redis refused a command: {error}")


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn any error from reading a garbled record into `StoreDamaged`, which names it."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        IndexError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        why = f"{type(error).__name__}: {error}"
        raise StoreDamaged(f"{name} cannot be read; `dialer doctor` names it ({why})") from error


def sound(items: Iterable[Callable[[], _T]]) -> Iterator[_T]:
    """Results of many reads; what is damaged, or gone, is left out and named in the log."""
    for read in items:
        try:
            yield read()
        except (CampaignNotFound, StoreDamaged) as error:
            log.warning("left out: %s", error)


def unless_damaged(read: Callable[[], _T], otherwise: _T) -> _T:
    """Result of one read; *otherwise* where `sound` would leave it out."""
    return next(sound([read]), otherwise)


def _why_silent(error: exceptions.RedisError) -> str:
    if out_of_files(error):
        return TOO_MANY_FILES
    if isinstance(error, MasterNotFoundError):
        return "no Sentinel that can be reached knows a master in good health by that name"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not trusted: correct ssl_ca_certs, or the host's name"
    return type(error).__name__
