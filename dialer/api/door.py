"""
The door: what happens to every request before and after its route.

A request gets an id, has a place or is told that there is none, and is logged by its route's
template: neither its address nor anything of a body is.
"""

import itertools
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dialer.api.problems import ApiProblem, Fault, answer, problem_of
from dialer.text.masking import mask

log = logging.getLogger("dialer.api.access")
_errors = logging.getLogger("dialer.api")

_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
#: The longest address, and the longest headers together; bytes.
LONGEST_ADDRESS: Final = 8 * 2**10
LONGEST_HEADERS: Final = 16 * 2**10
_SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]
_HTML: Final = [
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
]
#: Open to everybody, and answered also when all places are taken.
_ALWAYS: Final = ("/healthz", "/readyz")


class Door:
    """
    Wraps an application.

    Args:
        concurrency: Requests that it carries at once.
    """

    def __init__(self, app: ASGIApp, concurrency: int) -> None:
        self._app = app
        self._concurrency = concurrency
        self._inside = 0
        # Made once: asking the system for random bytes lets other threads in, for each request.
        self._process, self._numbers = secrets.token_hex(6), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, given = time.monotonic(), _header(scope, b"x-request-id")
        request_id = given if _ID.fullmatch(given) else f"{self._process}-{next(self._numbers)}"
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = False

        async def sending(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = _with_headers(message, request_id)
            await send(message)

        self._inside += 1
        try:
            refusal = self._refusal(scope)
            if refusal:
                await answer(refusal, request_id)(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except Exception as error:
            if not isinstance(error, ApiProblem):
                _errors.exception("request %s failed", request_id)
            if started:
                raise  # the connection is cut: the answer is not whole
            await answer(problem_of(error), request_id)(scope, receive, sending)
        finally:
            self._inside -= 1
            _log(scope, status, time.monotonic() - began, request_id)

    def _refusal(self, scope: Scope) -> ApiProblem | None:
        size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if size > LONGEST_HEADERS:
            return ApiProblem(
                "headers-too-large", f"send headers of at most {LONGEST_HEADERS} bytes together"
            )
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return ApiProblem(
                "headers-too-large", f"send an address of at most {LONGEST_ADDRESS} bytes"
            )
        if self._inside > self._concurrency and scope["path"] not in _ALWAYS:
            return ApiProblem(
                "busy",
                f"{self._concurrency} requests are being worked on; repeat it with the same key",
            )
        return _repeated(scope["query_string"].decode("latin-1"))


def _repeated(query: str) -> ApiProblem | None:
    """Refuse a parameter that is given twice: a route would read the last one and say nothing."""
    counted = Counter(name for name, _ in parse_qsl(query, keep_blank_values=True))
    twice = [mask(name) for name, times in counted.items() if times > 1]
    faults = [Fault("invalid", "is given more than once", parameter=name) for name in twice]
    return (
        ApiProblem("validation", f"give each parameter once: {', '.join(twice)}", faults)
        if twice
        else None
    )


def _log(scope: Scope, status: int, took: float, request_id: str) -> None:
    state = scope.get("state", {})
    log.info(
        "%s %s %d %.0fms id=%s key=%s",
        scope["method"],
        getattr(scope.get("route"), "path", "-"),
        status,
        took * 1000,
        request_id,
        state.get("key", "-"),
    )


def _header(scope: Scope, name: bytes) -> str:
    found = next((value for one, value in scope["headers"] if one == name), b"")
    return str(found.decode("latin-1"))


def _with_headers(message: MutableMapping[str, Any], request_id: str) -> list[tuple[bytes, bytes]]:
    headers = list(message["headers"])
    names = {name for name, _ in headers}
    html = any(
        name == b"content-type" and value.startswith(b"text/html") for name, value in headers
    )
    more = [*_SECURITY, *(_HTML if html else ()), (b"x-request-id", request_id.encode())]
    return [*headers, *((name, value) for name, value in more if name not in names)]


#: A route of ours.
Endpoint = Callable[..., Awaitable[Any]]
