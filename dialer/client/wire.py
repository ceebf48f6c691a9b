"""
Connections and sockets below `requests` that keep to an exchange.

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
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from dialer.client.exchange import Exchange, UnsentError
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.outcome import NotSent, Refused
from dialer.errors import TOO_MANY_FILES, out_of_files

#: `socket.getaddrinfo`, or a stand-in that never leaves the test.
Resolver = Callable[..., Sequence[tuple[Any, ...]]]

#: Interim answers that are read past, and the bytes of their heads; there is no reason for more.
_MOST_INTERIM, _INTERIM_BYTES = 16, 64 * 1024

_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """
    Keep urllib3 silent in this thread, whatever the level of its loggers.

    Its debug lines and header warnings quote the address with token and
    numbers; the outcome says enough about the wire.
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


class _Response(HTTPResponse):
    """
    An answer behind the interim ones: 100, 102, 103 and their like decide nothing.

    101 is none of them: what follows is no HTTP any more. *interim* has the lines of their heads.
    """

    interim: list[str]

    def _read_status(self) -> tuple[str, int, str]:
        self.interim, room = [], _INTERIM_BYTES
        for _ in range(_MOST_INTERIM + 1):
            told: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # typeshed leaves it out
            is_interim = told[1] // 100 == 1 and told[1] != HTTPStatus.SWITCHING_PROTOCOLS
            if not is_interim:
                return told
            self.interim.append(told[2])
            room -= self._read_head(room)
        raise HTTPException("too many interim answers")

    def _read_head(self, room: int) -> int:
        size = 0
        while size <= room:
            line = self.fp.readline(room + 1)
            size += len(line)
            if line in (b"\r\n", b"\n", b""):
                return size
            self.interim.append(line.decode("latin-1"))
        raise HTTPException("interim answers that are too long")


def heard_beside(response: Response) -> list[str]:
    """
    Lines in the heads of an answer outside of its headers.

    Its reason, the lines of interim answers, and those that are no headers any
    more because they stand behind a line that is none.
    """
    heard = response.raw._original_response  # noqa: SLF001 - urllib3 keeps it under no other name
    return [heard.reason, *heard.interim, *str(heard.msg.get_payload()).splitlines()]


class _PlainConnection(HTTPConnection):
    """A connection that is made within the exchange's time, and made once."""

    response_class = _Response
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
        return _Received(_ExchangeReader(self._sock, self._exchange))


class _Received(io.BufferedReader):
    """A reader that notes at its close what had come and was not read: it lies behind the end."""

    def __init__(self, reader: "_ExchangeReader") -> None:
        super().__init__(reader)
        self._reader = reader

    def close(self) -> None:
        if not self.closed:
            self._reader.finish(self.peek)
        super().close()


class _ExchangeReader(io.RawIOBase):
    """
    Reads an answer; each read may take what is left of the deadline, no more.

    The deadline holds for reads that never block, too: a server that sends
    chunks for ever is left when the time is over.
    """

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        # Keeps the descriptor open when http.client closes its connection
        # early, as it does for every answer that says "Connection: close".
        self._raw = sock.makefile("rb", buffering=0)
        self._exchange = exchange
        self._is_over = False

    def readable(self) -> bool:
        return True

    def finish(self, left: Callable[[], bytes]) -> None:
        """Read nothing any more, and note what is left of what was read."""
        self._is_over = True
        self._exchange.behind = left()

    def readinto(self, buffer: Any) -> int | None:
        if self._is_over:
            return 0
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


_UNCONNECTED = {
    TimeoutError: "no connection in time",
    socket.gaierror: "host name not found",
    ConnectionRefusedError: "connection refused",
}


def _unconnected(error: OSError | ValueError) -> NotSent | Refused:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Refused(undocumented("tls_certificate", Kind.ACCOUNT), error.verify_message)
    if out_of_files(error):
        return NotSent(TOO_MANY_FILES)
    for kind, words in _UNCONNECTED.items():
        if isinstance(error, kind):
            return NotSent(words)
    if isinstance(error, ssl.SSLError):
        return NotSent(f"TLS handshake failed: {error.reason or type(error).__name__}")
    return NotSent(f"connection failed: {type(error).__name__}")
