"""The bytes that go back, honest or not, as a list of steps to play."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from dialer.sandbox.codes import message
from dialer.sandbox.exchange import ACCEPTED, Decision
from dialer.sandbox.faults import Fault

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=UTF-8"
_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_TWO_MEGABYTES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes and wait until the kernel took them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of this length."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class Hold:
    """Silence until released, the client leaves, or so long has passed (None: no limit)."""

    length: timedelta | None


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection; with a TCP reset where *reset*."""

    reset: bool = False


Step = Send | Pause | Hold | Close


def render(
    status: int, body: bytes, kind: str = _JSON, headers: dict[str, str] | None = None
) -> bytes:
    """One HTTP/1.1 response with a correct Content-Length."""
    names = {"Content-Type": kind, "Content-Length": str(len(body))} | (headers or {})
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{k}: {v}" for k, v in names.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def honest(verdict: Decision, call_id_key: str) -> list[Step]:
    """The vendor's answer: HTTP 200 and a small JSON object, or a bare 429 or 503."""
    if verdict.code.startswith("http_"):
        return [Send(_bare(int(verdict.code[5:]), verdict.retry_after))]
    return [Send(render(200, _encode(answer(verdict, call_id_key))))]


def answer(verdict: Decision, call_id_key: str) -> dict[str, Any]:
    """The answer's fields in the order of the vendor's page."""
    if verdict.code != ACCEPTED:
        return {"message": message(verdict.code), "status": "error", "code": verdict.code}
    named = {call_id_key: verdict.call_id} if verdict.call_id else {}
    return named | {"status": "success", "code": ACCEPTED}


def troubled(fault: Fault, verdict: Decision, call_id_key: str) -> list[Step]:
    """
    Answer as *fault* says.

    The steps depend on the fault and the answer alone, never on whether a phone
    rings: a client cannot tell the two apart, nor may it here.
    """
    if play := _PLAYS.get(fault.do):
        return play(fault, honest(verdict, call_id_key))
    if verdict.code.startswith("http_"):
        return honest(verdict, call_id_key)
    body = _BODIES[fault.do](answer(verdict, call_id_key), verdict.call_id, call_id_key)
    return [Send(render(200, body, headers=_HEADERS.get(fault.do)))]


def _trickle(fault: Fault, truth: list[Step]) -> list[Step]:
    steps: list[Step] = []
    for byte in _bytes(truth):
        steps += [Send(bytes([byte])), Pause(fault.pause)]
    return steps


def _code(fault: Fault, _truth: list[Step]) -> list[Step]:
    refusal = _encode(answer(Decision(fault.code or ""), "callId"))
    return [Send(render(fault.status or 200, refusal, headers=_waits(fault.retry_after)))]


#: What happens instead of the true steps.
_PLAYS: Final[dict[str, Callable[[Fault, list[Step]], list[Step]]]] = {
    "drop_before_place": lambda _fault, _truth: [Close()],
    "place_then_drop": lambda _fault, _truth: [Close()],
    "reset_before_place": lambda _fault, _truth: [Close(reset=True)],
    "reset_after_place": lambda _fault, _truth: [Close(reset=True)],
    "hang": lambda fault, _truth: [Hold(fault.hold), Close()],
    "slow_first_byte": lambda fault, truth: [Pause(fault.pause), *truth],
    "trickle": _trickle,
    "cut_body": lambda _fault, truth: [Send(_bytes(truth)[:-10]), Close()],
    "garbage_status_line": lambda _fault, _truth: [
        Send(b"\x15\x03\x01 not HTTP at all\r\n\r\n"),
        Close(),
    ],
    "status": lambda fault, _truth: [Send(_bare(fault.status or 500, fault.retry_after))],
    "code": _code,
}

#: Distorted bodies from the true fields, the call id and the name it goes by.
_BODIES: Final[dict[str, Callable[[dict[str, Any], str, str], bytes]]] = {
    "truncated_json": lambda true, _id, _key: _encode(true)[:-10],
    "array": lambda true, _id, _key: _encode([true]),
    "null": lambda _true, _id, _key: b"null",
    "number_code": lambda true, _id, _key: _encode(
        true | {"code": int(true["code"]) if true["code"].isdecimal() else 0}
    ),
    "missing_callid": lambda true, _id, key: _encode(
        {name: value for name, value in true.items() if name != key}
    ),
    "error_with_callid": lambda _true, call_id, key: _encode(
        answer(Decision("1508"), key) | {key: call_id}
    ),
    "success_with_error_code": lambda true, _id, _key: _encode(true | {"code": "1508"}),
    "html": lambda _true, _id, _key: _PAGE.format("OK").encode(),
    "empty": lambda _true, _id, _key: b"",
    "bom": lambda true, _id, _key: b"\xef\xbb\xbf" + _encode(true),
    "gzip": lambda true, _id, _key: gzip.compress(_encode(true), mtime=0),
    "big_body": lambda true, _id, _key: _encode(true | {"padding": "x" * _TWO_MEGABYTES}),
}
_HEADERS: Final = {"html": {"Content-Type": _HTML}, "gzip": {"Content-Encoding": "gzip"}}


def _bare(status: int, retry_after: timedelta | None) -> bytes:
    extra = _waits(retry_after)
    if status in (301, 302, 303, 307, 308):
        extra["Location"] = "/v2/clickToCall/moved"
    if status in (401, 407):
        name = "WWW-Authenticate" if status == HTTPStatus.UNAUTHORIZED else "Proxy-Authenticate"
        extra[name] = 'Basic realm="sandbox"'
    return render(status, _PAGE.format(f"{status} {_phrase(status)}").encode(), _HTML, extra)


def _waits(retry_after: timedelta | None) -> dict[str, str]:
    return {} if retry_after is None else {"Retry-After": f"{retry_after.total_seconds():.0f}"}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _bytes(truth: list[Step]) -> bytes:
    return b"".join(step.data for step in truth if isinstance(step, Send))
