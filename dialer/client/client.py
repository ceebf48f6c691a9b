"""One request to the Click-to-Call API, and its outcome."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from requests.certs import where as certifi_bundle  # type: ignore[attr-defined]  # documented

from dialer.client.adapter import Adapter
from dialer.client.answer import is_documented, read_answer
from dialer.client.connection import (
    Connection,
    Origin,
    Resolver,
    SecureConnection,
    UnconnectedError,
)
from dialer.client.exchange import Exchange, GoneError, TimeLimits, UnsentError
from dialer.client.pool import Pool
from dialer.domain.account.endpoint import Endpoint
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome
from dialer.machine.clock import Clock


def _in_a_thread(step: Callable[[], None]) -> None:
    # A process that ends leaves it where it is: it only connects.
    threading.Thread(target=step, name="connect", daemon=True).start()


@dataclass(frozen=True, slots=True)
class _Way:
    """What is the same for each request to an endpoint."""

    endpoint: Endpoint
    pool: Pool
    adapter: Adapter


class Client:
    """
    Sends each call once, over a connection that stands, and returns its outcome, whatever happens.

    Thread-safe: connections belong to whoever reserved them. The environment is not
    consulted (proxies, `.netrc`, CA bundles), redirects are not followed, certificates are
    always verified.

    Args:
        connect_timeout: For TCP and TLS together, over all addresses of the
            host. Time spent in the system's resolver counts, but cannot be
            cut short.
        deadline: From the first byte sent to the last byte read. Shorter than
            the API's slowest answer, it only makes doubtful calls; the
            vendor's own example waits 30 s.
        reuse: How long a connection may be idle and carry another request; zero for never.
        ca_file: PEM file of the authorities to trust instead of those that
            come with `requests`.
        resolve: Stands in for `socket.getaddrinfo`.
        beside: Runs a step in a thread of its own.

    Raises:
        ValueError: A duration is not positive.
    """

    def __init__(
        self,
        *,
        connect_timeout: timedelta,
        deadline: timedelta,
        reuse: timedelta = timedelta(0),
        ca_file: Path | None = None,
        clock: Clock | None = None,
        resolve: Resolver = socket.getaddrinfo,
        beside: Callable[[Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        for name, value in (("connect_timeout", connect_timeout), ("deadline", deadline)):
            if value <= timedelta(0):
                raise ValueError(f"{name}: must be longer than nothing")
        self._connect_timeout, self._deadline, self._reuse = connect_timeout, deadline, reuse
        self._clock = clock or Clock()
        self._resolve, self._beside = resolve, beside
        self._tls = ssl.create_default_context(cafile=str(ca_file or certifi_bundle()))
        self._lock = threading.Lock()
        self._pools: dict[Origin, Pool] = {}
        self._ways: dict[Endpoint, _Way] = {}

    def pool(self, endpoint: Endpoint) -> Pool:
        """Return the connections of an endpoint; those with one host and port share theirs."""
        return self._way(endpoint).pool

    def reserve(self, endpoint: Endpoint, most: int) -> list[Connection]:
        """
        Reserve connections that stand, at most so many; one is made where none does.

        None where the API cannot be reached: `pool(endpoint).trouble` says why.
        """
        pool = self.pool(endpoint)
        taken = pool.reserve(most)
        if taken or most < 1:
            return taken
        try:
            return [pool.connect()]
        except UnconnectedError:
            return []

    def give_back(self, endpoint: Endpoint, unused: list[Connection]) -> None:
        """Give reserved connections back that carried nothing."""
        self.pool(endpoint).give_back(unused)

    def close(self) -> None:
        """Close every connection that carries nothing, and the others when they have."""
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()

    def place(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        *,
        mode: str,
        start_at: float,
        start_by: float,
        over: Connection | None = None,
        may_go: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """
        POST one call, between two instants of `time.monotonic()`, and return its outcome.

        `NotSent` means that no byte of the request reached the kernel: another connection that
        stands was tried first. Any failure after that moment is `Doubtful`, whatever raised it.

        Args:
            endpoint: Where, and as whom.
            params: The call under its wire names, without user_id, token and mode.
            mode: "live" or "developer"; only "live" rings a phone.
            start_at: No byte leaves earlier.
            start_by: When it is past before the first byte, nothing leaves and the answer is
                `NotSent(late=True)`. Time the machine slept during this call counts.
            over: A connection that was reserved; it is free again afterwards. Without one, one
                is made within this time.
            may_go: Asked directly before the first byte.

        Raises:
            ValueError: An argument breaks its rule; nothing was sent, *over* stays reserved.
        """
        if not start_at <= start_by:
            raise ValueError("start_at: must not be after start_by")
        query = endpoint.query(params, mode=mode)
        exchange = Exchange(
            TimeLimits(start_at, start_by, self._deadline), self._clock, may_go=may_go
        )
        way = self._way(endpoint)
        try:
            if over is None:
                exchange.check_start_by()
                over = way.pool.connect()
            while True:
                try:
                    return self._send(way, exchange, over, query)
                except GoneError:
                    others = way.pool.reserve(1)
                    if not others:
                        raise
                    over = others[0]
        except UnsentError as unsent:
            return unsent.outcome
        except UnconnectedError as error:
            return NotSent(error.why)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a phone may be ringing
            return exchange.outcome_of(error)

    def _send(
        self, way: _Way, exchange: Exchange, over: Connection, query: Mapping[str, str]
    ) -> Outcome:
        began, keep = self._clock.monotonic(), False
        try:
            answer, clean = way.adapter.ask(over, exchange, query)
            secrets = (way.endpoint.token, way.endpoint.user_id)
            outcome = read_answer(
                answer, mode=query["mode"], secrets=secrets, now=self._clock.now()
            )
            if exchange.early:
                return Doubtful("an answer that began before the request can have arrived")
            if over.carried and exchange.behind.strip():
                return Doubtful("two answers, and nothing says which is to this request")
            keep = clean and is_documented(answer, outcome)
            return outcome
        finally:
            if exchange.may_have_left:
                way.pool.carried(over, keep=keep, took=self._clock.monotonic() - began)
            else:
                way.pool.unsent(over)

    def _way(self, endpoint: Endpoint) -> _Way:
        with self._lock:
            if endpoint not in self._ways:
                origin = Origin.of(endpoint.base_url)
                if origin not in self._pools:
                    self._pools[origin] = self._new_pool(origin)
                adapter = Adapter(endpoint.base_url, keep=self._reuse > timedelta(0))
                self._ways[endpoint] = _Way(endpoint, self._pools[origin], adapter)
            return self._ways[endpoint]

    def _new_pool(self, origin: Origin) -> Pool:
        secure = partial(SecureConnection, ssl_context=self._tls)
        make = partial(
            secure if origin.scheme == "https" else Connection,
            origin.host,
            origin.port,
            resolve=self._resolve,
            within=self._connect_timeout,
            clock=self._clock,
        )
        rng = Random()  # noqa: S311 - jitter, not a secret
        return Pool(make, reuse=self._reuse, clock=self._clock, rng=rng, beside=self._beside)
