"""One request to the Click-to-Call API, and its outcome."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import requests
from requests.certs import where as certifi_bundle  # type: ignore[attr-defined]  # documented

from dialer.client.answer import BODY_LIMIT, Answer, read_answer
from dialer.client.exchange import Exchange, TimeLimits, UnsentError
from dialer.client.wire import Adapter, Resolver, heard_beside, quiet
from dialer.domain.account.endpoint import Endpoint
from dialer.domain.job.outcome import Outcome
from dialer.machine.clock import Clock

_HEADERS = {
    "User-Agent": "outbound-dialer",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",  # as in each of the vendor's examples
    "Connection": "close",
}


class Client:
    """
    Sends each call once, over a connection of its own, and returns its outcome, whatever happens.

    Thread-safe: nothing is kept between calls but the TLS context. The
    environment is not consulted (proxies, `.netrc`, CA bundles), redirects
    are not followed, certificates are always verified.

    Args:
        connect_timeout: For TCP and TLS together, over all addresses of the
            host. Time spent in the system's resolver counts, but cannot be
            cut short.
        deadline: From the first byte sent to the last byte read. Shorter than
            the API's slowest answer, it only makes doubtful calls; the
            vendor's own example waits 30 s.
        ca_file: PEM file of the authorities to trust instead of those that
            come with `requests`.
        resolve: Stands in for `socket.getaddrinfo`.

    Raises:
        ValueError: A duration is not positive.
    """

    def __init__(
        self,
        *,
        connect_timeout: timedelta,
        deadline: timedelta,
        ca_file: Path | None = None,
        clock: Clock | None = None,
        resolve: Resolver = socket.getaddrinfo,
    ) -> None:
        for name, value in (("connect_timeout", connect_timeout), ("deadline", deadline)):
            if value <= timedelta(0):
                raise ValueError(f"{name}: must be longer than nothing")
        self._connect_timeout = connect_timeout
        self._deadline = deadline
        self._clock = clock or Clock()
        self._resolve = resolve
        self._tls = ssl.create_default_context(cafile=str(ca_file or certifi_bundle()))

    def place(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        *,
        mode: str,
        start_at: float,
        start_by: float,
    ) -> Outcome:
        """
        POST one call, between two instants of `time.monotonic()`, and return its outcome.

        Connects at once and, when that took less time than there is, waits
        until *start_at*. `NotSent` and a refused certificate mean that no byte
        of the request reached the kernel; any failure after that moment is
        `Doubtful`, whatever raised it.

        Args:
            endpoint: Where, and as whom.
            params: The call under its wire names, without user_id, token and mode.
            mode: "live" or "developer"; only "live" rings a phone.
            start_at: No byte leaves earlier.
            start_by: When it is past before the first byte, nothing leaves and the answer is
                `NotSent(late=True)`. Time the machine slept during this call counts.

        Raises:
            ValueError: An argument breaks its rule; nothing was sent.
        """
        if not start_at <= start_by:
            raise ValueError("start_at: must not be after start_by")
        query = endpoint.query(params, mode=mode)
        limits = TimeLimits(start_at, start_by, self._connect_timeout, self._deadline)
        exchange = Exchange(limits, self._clock)
        try:
            exchange.check_start_by()
            answer = self._exchange(exchange, endpoint.base_url, query)
            secrets = (endpoint.token, endpoint.user_id)
            return read_answer(answer, mode=mode, secrets=secrets, now=self._clock.now())
        except UnsentError as unsent:
            return unsent.outcome
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a phone may be ringing
            return exchange.outcome_of(error)

    def _exchange(self, exchange: Exchange, url: str, query: Mapping[str, str]) -> Answer:
        # The adapter without a Session: a session would read the environment,
        # keep cookies, and read a redirect's whole body to prepare the next request.
        request = requests.Request("POST", url, params=query, headers=_HEADERS).prepare()
        timeout = (self._connect_timeout.total_seconds(), self._deadline.total_seconds())
        with (
            quiet(),
            closing(Adapter(exchange, tls=self._tls, resolve=self._resolve)) as adapter,
            closing(adapter.send(request, stream=True, timeout=timeout)) as response,
        ):
            # One byte over the limit is enough to know that there is more.
            body = response.raw.read(BODY_LIMIT + 1, decode_content=True)
            beside = heard_beside(response)
            response.close()  # only now it is known what lies behind the end
            headers = dict(response.headers)
            return Answer(response.status_code, headers, body, beside, exchange.behind)
