"""A TCP proxy on loopback that cuts connections where a test wants it."""

import contextlib
import socket
import threading
from collections.abc import Callable
from random import Random
from typing import Literal

Cut = Literal["", "before", "after", "half"]


class Proxy:
    """
    Forwards to one port; before each chunk from the client it asks what to do with it.

    "" forwards it. "before" cuts the connection: the server never sees it.
    "after" lets the server answer and cuts instead of forwarding the answer.
    "half" forwards half of it and cuts.
    """

    def __init__(self, port: int, choose: Callable[[], Cut]) -> None:
        self._target = port
        self._choose = choose
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts: dict[str, int] = {}
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting; open connections end with their clients."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._target))
        with client, server, contextlib.suppress(OSError):
            server.settimeout(0.002)
            client.settimeout(0.002)
            while True:
                chunk = _receive(client)
                if chunk is None:
                    return
                if chunk and not self._carry(chunk, client, server):
                    return
                answer = _receive(server)
                if answer is None:
                    return
                client.sendall(answer)

    def _carry(self, chunk: bytes, client: socket.socket, server: socket.socket) -> bool:
        cut = self._choose()
        self.cuts[cut] = self.cuts.get(cut, 0) + 1
        if cut == "before":
            return False
        server.sendall(chunk if cut != "half" else chunk[: len(chunk) // 2])
        if cut == "after":
            server.settimeout(2)
            server.recv(65536)
        return cut == ""


def _receive(side: socket.socket) -> bytes | None:
    """Return what has come, b"" for nothing yet, None at the end."""
    try:
        return side.recv(1 << 20) or None
    except TimeoutError:
        return b""


def seeded(seed: int, share: float) -> Callable[[], Cut]:
    """Cut so large a share of all chunks, in the three ways alike."""
    rng, lock = Random(seed), threading.Lock()

    def choose() -> Cut:
        with lock:
            if rng.random() >= share:
                return ""
            kinds: tuple[Cut, ...] = ("before", "after", "half")
            return rng.choice(kinds)

    return choose
