"""The one adapter of `requests`: what is the same for each request of an account, made once."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest, Request, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from dialer.client.answer import BODY_LIMIT, Answer
from dialer.client.connection import Connection
from dialer.client.exchange import Exchange

_HEADERS = {
    "User-Agent": "outbound-dialer",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",  # as in each of the vendor's examples
}
_HTTP_1_1 = 11

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


class _Prepared(PreparedRequest):
    """A request that knows the connection it goes over."""

    over: Connection


class Adapter(HTTPAdapter):
    """
    Carries each request of an account once, over the connection that was reserved for it.

    Never sends twice: no retries, no redirects, and the connection is all there is. Without a
    Session, which would read the environment, keep cookies, and read a redirect's whole body to
    prepare the next request. Thread-safe: nothing of it changes.
    """

    def __init__(self, url: str, *, keep: bool) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        headers = _HEADERS if keep else {**_HEADERS, "Connection": "close"}
        self._template = Request("POST", url, headers=headers).prepare()

    def ask(
        self, over: Connection, exchange: Exchange, query: Mapping[str, str]
    ) -> tuple[Answer, bool]:
        """
        Send one request and read its answer.

        Returns:
            The answer, and whether the connection is as it was before, as far as can be seen.
        """
        over.keep_to(exchange)
        request = _Prepared()
        vars(request).update(vars(self._template))
        request.url = f"{self._template.url}?{urlencode(query)}"
        request.over = over
        with quiet():
            raw = self.send(request, stream=True).raw
            try:
                # One byte over the limit is enough to know that there is more.
                body = raw.read(BODY_LIMIT + 1, decode_content=True)
                heard = raw._original_response  # noqa: SLF001 - urllib3 keeps it under no other name
                at_its_end = heard.isclosed()
            finally:
                raw.close()  # only now it is known what lies behind the end
        strange = [*heard.interim, *str(heard.msg.get_payload()).splitlines()]
        answer = Answer(
            raw.status, dict(raw.headers), body, [heard.reason, *strange], exchange.behind
        )
        framed = at_its_end and not heard.will_close and heard.version == _HTTP_1_1
        return answer, framed and not strange and not exchange.behind and not exchange.early

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> Any:
        """Return the connection that was reserved: it stands, and whom it leads to was verified."""
        return vars(request)["over"]

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Do nothing: certificates are verified where connections are made, always."""

    def request_url(self, request: PreparedRequest, *_: Any, **__: Any) -> str:
        """Write the address as it stands in a request: there is no proxy."""
        return request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Wrap an answer in the little that is read of it: no cookies, no encoding."""
        response = Response()
        response.request, response.raw, response.status_code = req, resp, resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        return response
