"""
Sockets below `requests` that keep to an exchange, and what is read from them.

`requests` alone can neither bound a whole exchange (its timeouts are for each
read) nor say whether request bytes may have left: to it, "connection refused"
and "read, then closed" are one exception. So the socket itself asks the
`Exchange` before it sends and before each read.
"""

import io
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from ssl import SSLWantReadError
from typing import Any

from dialer.client.exchange import Exchange

#: Interim answers that are read past, and the bytes of their heads; there is no reason for more.
_MOST_INTERIM, _INTERIM_BYTES = 16, 64 * 1024
#: Linux's `struct tcp_info`: segments sent and not acknowledged yet, and the shortest round
#: trip, us, of all that were measured on the connection.
_TCP_INFO = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_UNACKED, _MIN_RTT, _INFO_BYTES = 24, 148, 152


class AnswerReader(HTTPResponse):
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


def nothing_came(raw: socket.socket) -> bool:
    """
    Say whether a connection on which nobody was asked anything is open and silent.

    It reads, because only that takes the session tickets of TLS 1.3, which come unasked and
    are neither a byte nor an end.
    """
    try:
        raw.settimeout(0)
        raw.recv(1)
    except (BlockingIOError, SSLWantReadError):
        return True
    except OSError:
        return False
    return False


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What the kernel measured on a connection.

    Attributes:
        unacknowledged: Whether the other end has not got all of what was sent.
        round_trip: The shortest that was seen, in seconds; never longer than from sending
            something until an answer to it can be read.
    """

    unacknowledged: bool
    round_trip: float


def measured(raw: socket.socket) -> Measured | None:
    """Ask the kernel; None where it tells nothing, and then nothing is held against an answer."""
    if _TCP_INFO is None:
        return None
    try:
        info = raw.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_BYTES)
        (unacked,), (min_rtt,) = (struct.unpack_from("=I", info, at) for at in (_UNACKED, _MIN_RTT))
    except (OSError, struct.error):
        return None
    return Measured(bool(unacked), min_rtt / 1_000_000)


def too_early(raw: socket.socket, seconds: float) -> bool:
    """Say whether an answer that began so many *seconds* after its request cannot be one to it."""
    kernel = measured(raw)
    return kernel is not None and (kernel.unacknowledged or seconds < kernel.round_trip)


class ExchangeSocket:
    """
    A connected socket that asks the exchange before it sends and before each read.

    Attributes:
        raw: The socket itself, TLS included.
        exchange: Of the request that comes next, or is under way.
    """

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self.exchange: Exchange | None = None
        self._sent = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def sendall(self, data: bytes) -> None:
        """Send, for the first time only when the exchange lets it; what goes wrong is noted."""
        exchange = self._of_whom()
        if not exchange.may_have_left:
            exchange.release(lambda: nothing_came(self.raw))
            # The kernel's round trips are of real time.
            self._sent = time.monotonic()
        try:
            self.raw.settimeout(exchange.answer_left())
            self.raw.sendall(data)
        except OSError as error:
            exchange.broke(error)
            raise

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        """Make the reader of one answer."""
        return _Received(_ExchangeReader(self.raw, self._of_whom(), self._sent))

    def _of_whom(self) -> Exchange:
        if self.exchange is None:
            raise RuntimeError("this connection is nobody's")
        return self.exchange


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

    def __init__(self, sock: socket.socket, exchange: Exchange, sent: float) -> None:
        self._sock = sock
        # Keeps the descriptor open when http.client closes its connection
        # early, as it does for every answer that says "Connection: close".
        self._raw = sock.makefile("rb", buffering=0)
        self._exchange, self._sent = exchange, sent
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
        if size and not self._exchange.received:
            self._exchange.early = too_early(self._sock, time.monotonic() - self._sent)
        self._exchange.heard(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
