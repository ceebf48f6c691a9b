"""
Connections that stand: made once, before anything is asked of the store.

Made within its own time, a connection is no part of a call's: the way to the
API may be long, and what lies between the last check of the rules and the
first byte of a request stays short.
"""

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from dialer.client.exchange import Exchange
from dialer.client.wire import AnswerReader, ExchangeSocket, nothing_came
from dialer.errors import TOO_MANY_FILES, out_of_files
from dialer.machine.clock import Clock

#: `socket.getaddrinfo`, or a stand-in that never leaves the test.
Resolver = Callable[..., Sequence[tuple[Any, ...]]]


class UnconnectedError(Exception):
    """
    No connection could be made; nothing was sent to anybody.

    Attributes:
        why: One clause for a person: "connection refused".
        certificate: Whether the API's certificate is not to be trusted. That does not mend
            itself, and whoever shows it must not see the token.
    """

    def __init__(self, why: str, *, certificate: bool = False) -> None:
        super().__init__(why)
        self.why, self.certificate = why, certificate


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections lead: scheme, host and port, equal for all accounts that may share them."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Take them out of an address."""
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port)


class Connection(HTTPConnection):
    """
    One connection, made once; whoever has it reserved sends over it alone.

    Attributes:
        opened: When it stood, in monotonic seconds; 0 before.
        took: Seconds that name, TCP and TLS took.
        idle_since: When it last became free.
        carried: Whether a request was ever sent over it.
    """

    response_class = AnswerReader
    #: http.client connects anew by itself, and what follows would be a second request.
    auto_open = 0
    #: Somebody's `http.client.HTTPConnection.debuglevel = 1` prints requests.
    debuglevel = 0

    def __init__(
        self, *args: Any, resolve: Resolver, within: timedelta, clock: Clock, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._resolve, self._clock = resolve, clock
        self._within, self._until = within.total_seconds(), 0.0
        self._socket: ExchangeSocket | None = None
        self.opened = self.took = self.idle_since = 0.0
        self.carried = False

    def connect(self) -> None:
        """
        Make the connection, TLS included.

        Raises:
            UnconnectedError: It could not be made.
            ConnectionError: It was made before: what follows would be a second request.
        """
        if self._until:
            raise ConnectionError("a connection is made once")
        began = self._clock.monotonic()
        self._until = began + self._within
        try:
            super().connect()
        except (OSError, ValueError) as error:
            self.close()
            # Not chained: nothing that quotes an address leaves this package.
            raise _unconnected(error) from None
        # As much of a socket as http.client uses.
        self.sock = self._socket = ExchangeSocket(self.sock)
        self.opened = self.idle_since = self._clock.monotonic()
        self.took = self.opened - began

    def stands(self) -> bool:
        """
        Say whether it can carry a request: it is open, and the other end has said nothing.

        A byte, or the end of what will come, closes it: it was no answer to anything.
        """
        return self.sock is not None and self._socket is not None and nothing_came(self._socket.raw)

    def keep_to(self, exchange: Exchange) -> None:
        """Let the next request be that of an exchange."""
        if self._socket is not None:
            self._socket.exchange = exchange

    def urlopen(
        self, *, method: str, url: str, headers: Mapping[str, str], **_: object
    ) -> HTTPResponse:
        """
        Send one request and return the head of its answer, as `requests` asks of a pool.

        There is no pool below, and so nobody who would try again.
        """
        self.request(method, url, headers=headers, preload_content=False, decode_content=False)
        return self.getresponse()

    def _new_conn(self) -> socket.socket:
        addresses = self._resolve(self._dns_host, self.port, type=socket.SOCK_STREAM)
        failure = OSError("the host has no address")
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                # A share each, so that one silent address leaves time for the next.
                sock.settimeout(self._left() / (len(addresses) - place))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self._left())  # the handshake's
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def _left(self) -> float:
        left = self._until - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class SecureConnection(Connection, HTTPSConnection):
    """The same over TLS: `super().connect()` includes the handshake."""


_UNCONNECTED = {
    TimeoutError: "no connection in time",
    socket.gaierror: "host name not found",
    ConnectionRefusedError: "connection refused",
}


def _unconnected(error: OSError | ValueError) -> UnconnectedError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UnconnectedError(f"its certificate: {error.verify_message}", certificate=True)
    if out_of_files(error):
        return UnconnectedError(TOO_MANY_FILES)
    for kind, words in _UNCONNECTED.items():
        if isinstance(error, kind):
            return UnconnectedError(words)
    if isinstance(error, ssl.SSLError):
        return UnconnectedError(f"TLS handshake failed: {error.reason or type(error).__name__}")
    return UnconnectedError(f"connection failed: {type(error).__name__}")
