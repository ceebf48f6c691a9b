"""That no file or socket can be opened any more is named as that, wherever it is met."""

import errno
import os
import socket

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from dialer import errors
from dialer.client.connection import _unconnected
from dialer.errors import TOO_MANY_FILES, StoreUnavailable, out_of_files
from dialer.store.redis.failures import translated

FULL = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
OF_MACHINE = OSError(errno.ENFILE, os.strerror(errno.ENFILE))
OTHER = OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
UNKNOWN_HOST = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def caused(by: BaseException) -> BaseException:
    """The error of a library that met another one."""
    try:
        try:
            raise by
        except OSError:
            raise RedisConnectionError("Error connecting")  # noqa: B904 - as redis-py does
    except RedisConnectionError as error:
        return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FULL, True),
        (OF_MACHINE, True),
        (caused(FULL), True),
        (OTHER, False),
        (caused(OTHER), False),
        (UNKNOWN_HOST, False),
        (ValueError("24"), False),
        (None, False),
    ],
)
def test_it_is_known_by_its_number(error, expected):
    """Also below the error of a library."""
    assert out_of_files(error) is expected


def test_a_name_that_cannot_be_looked_up_for_that_reason(monkeypatch):
    """The resolver needs a file too, and says only that it found nothing."""
    monkeypatch.setattr(errors, "_none_left", lambda: True)
    assert out_of_files(UNKNOWN_HOST)
    assert _unconnected(UNKNOWN_HOST).why == TOO_MANY_FILES


@pytest.mark.parametrize("error", [FULL, OF_MACHINE])
def test_a_call_was_not_sent_for_that_reason(error):
    """It is no trouble of the API's."""
    assert _unconnected(error).why == TOO_MANY_FILES


def test_the_store_is_not_blamed_for_it():
    """Nobody is sent to a server that is well."""
    with (
        pytest.raises(StoreUnavailable, match=r"too many open files; raise the limit"),
        translated(),
    ):
        raise caused(FULL)
