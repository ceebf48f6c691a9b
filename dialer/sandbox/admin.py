"""
The sandbox's own HTTP interface, on a port of its own so that no fault reaches it.

    GET    /_sim/ledger[?since=SEQ]   one JSON object a line
    GET    /_sim/summary              counts
    GET    /_sim/faults               the rules in force
    POST   /_sim/faults               add one rule, or a list of them
    DELETE /_sim/faults               no more faults; ends refusing and hanging
    POST   /_sim/release              ends refusing and hanging
    POST   /_sim/world                put another world in the place of this one
    POST   /_sim/reset                forget rows, faults, calls and meters
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from pydantic import TypeAdapter, ValidationError

from dialer.sandbox.faults import Fault
from dialer.sandbox.ledger import Ledger
from dialer.sandbox.replies import render
from dialer.sandbox.wire import Request
from dialer.sandbox.world import World, explain

PREFIX: Final = "/_sim"
_FAULTS: Final = TypeAdapter(list[Fault] | Fault)


class Controls(Protocol):
    """What an administrator can do to a running sandbox."""

    @property
    def ledger(self) -> Ledger:
        """What came in so far."""

    def listing(self) -> list[dict[str, Any]]:
        """Give the rules in force."""

    async def inject(self, fault: Fault) -> int:
        """Add a rule; returns its id."""

    async def clear(self) -> None:
        """Take all rules away and release."""

    async def release(self) -> None:
        """End refusing and hanging."""

    async def reset(self) -> None:
        """Start afresh."""

    async def use(self, world: World) -> None:
        """Replace the world."""


_Act = Callable[[Request, Controls], Coroutine[None, None, bytes]]


async def administer(request: Request, controls: Controls) -> bytes:
    """Do what *request* asks and give the whole response; a mistake is 400 with a sentence."""
    act = _ACTS.get((request.method, request.path.removeprefix(PREFIX)))
    if act is None:
        return _json({"error": f"no such call: {request.method} {request.path}"}, 404)
    try:
        return await act(request, controls)
    except ValidationError as error:
        return _json({"error": explain(error)}, 400)
    except ValueError as error:
        return _json({"error": str(error)}, 400)


async def _get_ledger(request: Request, controls: Controls) -> bytes:
    since = parse_qs(request.query).get("since", ["0"])[-1]
    if not since.isdecimal():
        raise ValueError("since: the seq of a row, a whole number")
    rows = controls.ledger.rows(since=int(since))
    lines = "".join(json.dumps(row.to_json()) + "\n" for row in rows)
    return render(200, lines.encode(), "application/x-ndjson")


async def _get_summary(_request: Request, controls: Controls) -> bytes:
    return _json(controls.ledger.summary())


async def _get_faults(_request: Request, controls: Controls) -> bytes:
    return _json(controls.listing())


async def _post_faults(request: Request, controls: Controls) -> bytes:
    sent = _FAULTS.validate_json(request.body)
    faults = sent if isinstance(sent, list) else [sent]
    return _json({"ids": [await controls.inject(fault) for fault in faults]}, 201)


async def _post_world(request: Request, controls: Controls) -> bytes:
    await controls.use(World.from_json(request.body))
    return _json({})


def _done(act: Callable[[Controls], Coroutine[None, None, None]]) -> _Act:
    async def run(_request: Request, controls: Controls) -> bytes:
        await act(controls)
        return _json({})

    return run


_ACTS: Final[dict[tuple[str, str], _Act]] = {
    ("GET", "/ledger"): _get_ledger,
    ("GET", "/summary"): _get_summary,
    ("GET", "/faults"): _get_faults,
    ("POST", "/faults"): _post_faults,
    ("DELETE", "/faults"): _done(lambda controls: controls.clear()),
    ("POST", "/release"): _done(lambda controls: controls.release()),
    ("POST", "/reset"): _done(lambda controls: controls.reset()),
    ("POST", "/world"): _post_world,
}


def _json(value: object, status: int = 200) -> bytes:
    return render(status, json.dumps(value).encode())
