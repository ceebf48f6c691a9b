"""The sandbox without its sockets: one request in, steps to play out, a row in the ledger."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from dialer.sandbox.exchange import ACCEPTED, Decision, Exchange
from dialer.sandbox.faults import Fault, FaultScript
from dialer.sandbox.ledger import Ledger, Row
from dialer.sandbox.replies import Close, Pause, Send, Step, honest, render, troubled
from dialer.sandbox.wire import Moment, Request

ENDPOINT: Final = "/v2/clickToCall/para"


class Desk:
    """
    Exchange, faults and ledger in the one order that proves anything: decide, write, answer.

    Used from one thread only.
    """

    def __init__(self, exchange: Exchange, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self.exchange = exchange
        self.ledger = ledger
        self.faults = FaultScript()
        self.now = now

    def accept(self) -> bool:
        """Whether a new connection may speak; one that may not is in the ledger."""
        fault = self.faults.at_accept()
        if fault is None:
            return True
        moment = Moment.read(self.now)
        self._write(Request("", "", moment, moment), Decision(""), fault.do)
        return False

    def patience(self, request: Request) -> timedelta:
        """Silent wait before `answer`, where the world slows this account down."""
        if _not_a_call(request):
            return timedelta(0)
        return self.exchange.patience(request.params, self.now())

    def answer(self, request: Request, *, reused: bool) -> list[Step]:
        """Steps of the answer to *request*, which is decided and written down first."""
        if error := _not_a_call(request):
            self._write(request, Decision(f"http_{error}"), "")
            return [Send(render(error, b"", "text/plain")), Close()]
        params = request.params
        fault = self.faults.at_request(params, reused=reused)
        verdict = self._verdict(fault, params)
        self._write(request, verdict, fault.do if fault else "")
        key = self.exchange.world.call_id_key
        if fault is None:
            return [Pause(self.exchange.latency()), *honest(verdict, key)]
        if not verdict.code:
            # The answer of an accepted call, so that the bytes look alike.
            verdict = Decision(ACCEPTED, call_id=self.exchange.call_id(self.now()))
        return [Pause(self.exchange.latency()), *troubled(fault, verdict, key)]

    def _verdict(self, fault: Fault | None, params: Mapping[str, str]) -> Decision:
        if fault is None or fault.places:
            return self.exchange.decide(params, self.now())
        return Decision(fault.code if fault.do == "code" and fault.code else "")

    def _write(self, request: Request, verdict: Decision, fault: str) -> None:
        params = request.params
        self.ledger.append(
            Row(
                seq=self.ledger.next_seq(),
                first_byte_at=request.first_byte.wall,
                head_at=request.head.wall,
                first_byte_ns=request.first_byte.mono_ns,
                head_ns=request.head.mono_ns,
                method=request.method,
                transport=request.transport,
                user_id=params.get("user_id", ""),
                params={name: value for name, value in params.items() if name != "token"},
                mode=verdict.mode,
                verdict=verdict.code,
                placed=verdict.placed,
                call_id=verdict.call_id,
                fault=fault,
                rings=verdict.rings,
            ),
        )


def _not_a_call(request: Request) -> int:
    if not request.complete:
        return 400
    if request.path != ENDPOINT:
        return 404
    # The real API takes GET as well, and rings.
    return 0 if request.method in ("POST", "GET") else 405
