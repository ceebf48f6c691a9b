"""
What lies below `requests`: connections and sockets that keep to an exchange.

`requests` alone can neither bound a whole exchange (its timeouts are for each
read) nor say whether request bytes may have left: to it, "connection refused"
and "read, then closed" are one exception. So the socket itself asks the
`Exchange` before it sends and before each read.
"""

import io
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from dialer.client.exchange import Exchange, UnsentError
from dialer.outcome import Kind, NotSent, Refused

#: `socket.getaddrinfo`, or a stand-in that never leaves the test.
Resolver = Callable[..., Sequence[tuple[Any, ...]]]


_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """
    Keep urllib3 silent in this thread, whatever the level of its loggers.

    Its debug lines and header warnings quote the address with token and
    numbers; what happened on the wire is told by the outcome.
    """
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


# A filter and not a level, which whoever configures logging may raise again;
# on each logger, because a logger's filters do not see those below it.
for _name in list(logging.root.manager.loggerDict):
    if _name.partition(".")[0] == "urllib3":
        logging.getLogger(_name).addFilter(lambda _record: not _quiet.get())


class Adapter(HTTPAdapter):
    """
    Carries one request over one connection of its own, then is closed.

    Never sends twice: no retries, no redirects, no connection used before.
    The TLS context is shared, because reading the CA bundle takes longer than
    a handshake; nothing here can turn its verification off.
    """

    def __init__(self, exchange: Exchange, *, tls: ssl.SSLContext, resolve: Resolver) -> None:
        self._tls = tls
        self._connection = {"exchange": exchange, "resolve": resolve}
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Hand the shared TLS context down to every connection."""
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002 - the base class decides the arguments
        """Demand a valid certificate, whatever *verify* says; the context knows whom to trust."""
        conn.cert_reqs = "CERT_REQUIRED"

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """Return a pool whose connections keep to the exchange."""
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = _SecureConnection if pool.scheme == "https" else _PlainConnection
        pool.conn_kw.update(self._connection)
        return pool


class _PlainConnection(HTTPConnection):
    """A connection that is made within the exchange's time, and made once."""

    #: Somebody's `http.client.HTTPConnection.debuglevel = 1` prints requests.
    debuglevel = 0

    def __init__(self, *args: Any, exchange: Exchange, resolve: Resolver, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._exchange = exchange
        self._resolve = resolve

    def connect(self) -> None:
        if self._exchange.may_have_left:
            # http.client reconnects by itself, and what follows would be a second request.
            raise ConnectionError("a request is never sent over a second connection")
        try:
            super().connect()
        except (OSError, ValueError) as error:
            # Not chained: nothing that quotes an address leaves this package.
            raise UnsentError(_unconnected(error)) from None
        # As much of a socket as http.client uses.
        self.sock = _ExchangeSocket(self.sock, self._exchange)

    def _new_conn(self) -> socket.socket:
        addresses = self._resolve(self._dns_host, self.port, type=socket.SOCK_STREAM)
        failure = OSError("the host has no address")
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                # A share each, so that one silent address leaves time for the next.
                sock.settimeout(self._exchange.connect_left() / (len(addresses) - place))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self._exchange.connect_left())  # the handshake's
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure


class _SecureConnection(_PlainConnection, HTTPSConnection):
    """The same over TLS: `super().connect()` includes the handshake."""


class _ExchangeSocket:
    """A connected socket that asks the exchange before it sends and before each read."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        if not self._exchange.may_have_left:
            self._exchange.release()
        try:
            self._sock.settimeout(self._exchange.answer_left())
            self._sock.sendall(data)
        except OSError as error:
            self._exchange.broke(error)
            raise

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_ExchangeReader(self._sock, self._exchange))


class _ExchangeReader(io.RawIOBase):
    """
    Reads an answer; each read may take what is left of the deadline, no more.

    The deadline holds for reads that never block, too: a server that sends
    "100 Continue" for ever is left when the time is over.
    """

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        # Keeps the descriptor open when http.client closes its connection
        # early, as it does for every answer that says "Connection: close".
        self._raw = sock.makefile("rb", buffering=0)
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            self._sock.settimeout(self._exchange.answer_left())
            size = self._raw.readinto(buffer)
        except OSError as error:
            self._exchange.broke(error)
            raise
        self._exchange.heard(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


def _unconnected(error: OSError | ValueError) -> NotSent | Refused:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Refused("tls_certificate", Kind.ACCOUNT, message=error.verify_message)
    if isinstance(error, TimeoutError):
        return NotSent("no connection in time")
    if isinstance(error, socket.gaierror):
        return NotSent("host name not found")
    if isinstance(error, ConnectionRefusedError):
        return NotSent("connection refused")
    if isinstance(error, ssl.SSLError):
        return NotSent(f"TLS handshake failed: {error.reason or type(error).__name__}")
    return NotSent(f"connection failed: {type(error).__name__}")
