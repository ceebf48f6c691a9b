"""
The sandbox's own HTTP interface, on a port of its own so that no fault reaches it.

    GET    /_sim/ledger[?since=SEQ]   one JSON object a line
    GET    /_sim/summary              counts
    GET    /_sim/open                 callers' ports of the requests that wait for an answer
    GET    /_sim/faults               the rules in force
    POST   /_sim/faults               add one rule, or a list of them
    DELETE /_sim/faults               no more faults; ends refusing and hanging
    POST   /_sim/release              ends refusing and hanging
    POST   /_sim/world                put another world in the place of this one
    POST   /_sim/reset                forget rows, faults, calls and meters
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from pydantic import TypeAdapter, ValidationError

from dialer.sandbox.faults import Fault
from dialer.sandbox.replies import render
from dialer.sandbox.wire import Request
from dialer.sandbox.world import World, explain

if TYPE_CHECKING:
    from dialer.sandbox.server import Sandbox

PREFIX: Final = "/_sim"
_FAULTS: Final = TypeAdapter(list[Fault] | Fault)
_Act = Callable[[Request, "Sandbox"], object]


def administer(request: Request, sandbox: "Sandbox") -> bytes:
    """Whole response to *request*, which is done; a mistake is 400 with a sentence."""
    act = _ACTS.get((request.method, request.path.removeprefix(PREFIX)))
    if act is None:
        return _json({"error": f"no such call: {request.method} {request.path}"}, 404)
    try:
        answer = act(request, sandbox)
    except ValueError as error:
        words = explain(error) if isinstance(error, ValidationError) else str(error)
        return _json({"error": words}, 400)
    if isinstance(answer, bytes):
        return answer
    return _json({} if answer is None else answer)


def _get_ledger(request: Request, sandbox: "Sandbox") -> bytes:
    since = parse_qs(request.query).get("since", ["0"])[-1]
    if not since.isdecimal():
        raise ValueError("since: the seq of a row, a whole number")
    lines = "".join(row.to_json() for row in sandbox.ledger.rows(since=int(since)))
    return render(200, lines.encode(), "application/x-ndjson")


def _post_faults(request: Request, sandbox: "Sandbox") -> bytes:
    sent = _FAULTS.validate_json(request.body)
    faults = sent if isinstance(sent, list) else [sent]
    return _json({"ids": [sandbox.inject(fault) for fault in faults]}, 201)


#: What each call does; it answers a whole response, a value for JSON, or nothing.
_ACTS: Final[dict[tuple[str, str], _Act]] = {
    ("GET", "/ledger"): _get_ledger,
    ("GET", "/summary"): lambda _request, sandbox: sandbox.ledger.summary(),
    ("GET", "/open"): lambda _request, sandbox: sandbox.waiting(),
    ("GET", "/faults"): lambda _request, sandbox: sandbox.faults(),
    ("POST", "/faults"): _post_faults,
    ("DELETE", "/faults"): lambda _request, sandbox: sandbox.clear_faults(),
    ("POST", "/release"): lambda _request, sandbox: sandbox.release(),
    ("POST", "/reset"): lambda _request, sandbox: sandbox.reset(),
    ("POST", "/world"): lambda request, sandbox: sandbox.use(World.from_json(request.body)),
}


def _json(value: object, status: int = 200) -> bytes:
    return render(status, json.dumps(value).encode())
