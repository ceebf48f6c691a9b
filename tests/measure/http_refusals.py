"""
Whether the time of a refusal tells anything of a key: prints p of each pair of refusals.

Keys of an unknown prefix, with a wrong secret, and revoked, in random order over one connection.
The Mann-Whitney test compares the ranks of their times; a p of at most 0.01 fails.
"""

import random
import socket
import sys
import tempfile
import time
from collections import Counter
from itertools import combinations, groupby
from math import sqrt
from pathlib import Path
from statistics import NormalDist, median

from http_service import environ_of, free_port, running

from dialer.bootstrap.dialer import Dialer
from dialer.local.embedded_server import EmbeddedServer
from dialer.settings import Settings

EACH = 2000
LEAST = 0.01


def mann_whitney(one: list[float], other: list[float]) -> float:
    """P of two samples, both sided; by the normal approximation, corrected for ties."""
    n, m = len(one), len(other)
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    below, ranks, ties = 0, 0.0, 0
    for _, group in groupby(ranked, key=lambda pair: pair[0]):
        sides = Counter(side for _, side in group)
        size = sides.total()
        ranks += sides[0] * (below + (size + 1) / 2)
        ties += size**3 - size
        below += size
    u, total = ranks - n * (n + 1) / 2, n + m
    spread = sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    return 2 * NormalDist().cdf(-abs(u - n * m / 2) / spread)


def refused(wire: socket.socket, port: int, key: str) -> float:
    """Seconds until a key was refused."""
    head = f"GET /v1/key HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\r\n"
    began = time.perf_counter()
    wire.sendall(head.encode())
    said = b""
    while b"\r\n\r\n" not in said:
        said += wire.recv(65536)
    took = time.perf_counter() - began
    length, _, body = said.lower().partition(b"content-length:")[2].partition(b"\r\n")
    missing = int(length) - len(body.partition(b"\r\n\r\n")[2])
    while missing > 0:
        missing -= len(wire.recv(missing))
    assert said.startswith(b"HTTP/1.1 401 "), said
    return took


def keys_of(settings: Settings) -> dict[str, str]:
    """Make a key of each kind."""
    with Dialer.from_settings(settings) as dialer:
        _, valid = dialer.api_keys.create("valid", ["read"])
        _, revoked = dialer.api_keys.create("revoked", ["read"])
        dialer.api_keys.revoke("revoked")
    head, prefix, secret = valid.split("_")
    return {
        "unknown prefix": f"{head}_{prefix[::-1]}_{secret}",
        "wrong secret": f"{head}_{prefix}_{secret[::-1]}",
        "revoked": revoked,
    }


def main() -> int:
    """Measure, and say it."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        port = free_port()
        env = environ_of(server, port)
        keys = keys_of(Settings.load(env=env))
        order = [*keys] * EACH
        random.Random(1).shuffle(order)
        took: dict[str, list[float]] = {kind: [] for kind in keys}
        with (
            running([sys.executable, "-m", "dialer", "api"], port, env),
            socket.create_connection(("127.0.0.1", port)) as wire,
        ):
            for kind in order[:EACH]:
                refused(wire, port, keys[kind])
            for kind in order:
                took[kind].append(refused(wire, port, keys[kind]))
    for kind, times in took.items():
        print(f"{kind:<15} {len(times)} refusals, median {median(times) * 1e6:.0f} us")
    found = {pair: mann_whitney(took[pair[0]], took[pair[1]]) for pair in combinations(took, 2)}
    for (one, other), p in found.items():
        print(f"{one} / {other}: p = {p:.3f}")
    return int(min(found.values()) <= LEAST)


if __name__ == "__main__":
    sys.exit(main())
