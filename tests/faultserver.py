"""
A server on loopback that does to each connection exactly what it is told.

Works on bytes and sockets, without an HTTP library, so that it can be wrong
in every way. `FaultServer.seen` is the judge of "not sent": all request bytes
that ever reached it.
"""

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass
class Talk:
    """One connection, from the server's side."""

    server: "FaultServer"
    sock: socket.socket

    def read_request(self) -> None:
        """Read up to the empty line that ends a request without a body."""
        while b"\r\n\r\n" not in self.server.seen:
            data = self.sock.recv(65536)
            if not data:
                return
            self.server.seen += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def trickle(self, data: bytes) -> None:
        """Send a byte every 50 ms until the client leaves."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            if self.client_left(0.05):
                return

    def repeat(self, data: bytes) -> None:
        """Send *data* again and again, as fast as it goes, until the client leaves."""
        while not self.client_left(0):
            self.send(data)

    def client_left(self, seconds: float) -> bool:
        """Wait so long for the client to close, or for the server to be stopped."""
        readable, _, _ = select.select([self.sock, self.server.stopped], [], [], seconds)
        if self.server.stopped in readable:
            return True
        if self.sock in readable:
            data = self.sock.recv(65536)
            self.server.seen += data
            return not data
        return False

    def hang(self) -> None:
        """Say nothing until the client leaves."""
        while not self.client_left(60):
            pass

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Talk], None]


class FaultServer:
    """
    Listens on a free port of 127.0.0.1 and treats each connection alike.

    Attributes:
        seen: All request bytes of all connections; after TLS, where there is TLS.
        connections: How many were accepted.
        port: Stays known after the server has stopped.
    """

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.seen = bytearray()
        self.connections = 0
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.stopped, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._fault: Exception | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v2/clickToCall/para"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self._stop.close()
        self._thread.join(10)
        self._listener.close()
        self.stopped.close()
        assert not self._thread.is_alive(), "the server did not stop"
        if self._fault:
            raise self._fault

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._listener, self.stopped], [], [])
            if self.stopped in readable:
                return
            accepted, _ = self._listener.accept()
            self.connections += 1
            # A client that leaves first is what most of the faults provoke.
            with contextlib.suppress(OSError), self._secured(accepted) as sock:
                try:
                    self._behaviour(Talk(self, sock))
                except (AssertionError, AttributeError, TypeError, ValueError) as fault:
                    self._fault = fault

    def _secured(self, sock: socket.socket) -> socket.socket:
        if self._tls is None:
            return sock
        sock.settimeout(10)
        try:
            return self._tls.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            raise


def server_tls(certificate: Path) -> ssl.SSLContext:
    """Return a server's context with the certificate and key in one PEM file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port of 127.0.0.1 where a connection neither succeeds nor fails."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        yield int(address[1])


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port of 127.0.0.1 that is bound, so nobody else gets it, and refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])
