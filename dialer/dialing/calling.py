"""
One call: what was granted is sent once, and what became of it is decided.

Between its grant and its first byte lie milliseconds. Whatever may be wrong with the record is
found before the POST; what is not sent is given back.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from dialer.client import Client, Connection, Endpoint
from dialer.dialing.batch import Batch
from dialer.dialing.settling import Brought, Settler
from dialer.dialing.threads import Threads
from dialer.domain.account.account import Route, peers_of
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go
from dialer.domain.job.backoff import BackoffTable
from dialer.domain.job.ids import attempt_id
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome
from dialer.domain.job.redial import NO_REDIAL, Redial
from dialer.domain.job.settle import Settlement, decide, undecided, unreadable
from dialer.machine.clock import Clock
from dialer.store.attempts import Attempts
from dialer.store.redis import event_log
from dialer.text.masking import mask

_CLOCK = Clock()


@dataclass(frozen=True, slots=True)
class DialRules:
    """
    Rules of an attempt.

    Attributes:
        lookahead: How far ahead of its slot a job is taken.
        start_by: From the slot to the first byte; later is taken back.
        settings: The fingerprint of this process's settings; with another one
            than the fleet's nothing is dialled. "" is not compared.
    """

    lease: timedelta
    lookahead: timedelta
    start_by: timedelta
    max_tries: int
    backoffs: BackoffTable
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Hands:
    """
    The clocks of a dispatcher.

    Attributes:
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
        boottime: The same, and also running while the machine sleeps.
        sleep: Waits so many seconds.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    boottime: Callable[[], float] = _CLOCK.boottime
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Granted:
    """
    A call that may be sent once, over its connection.

    Attributes:
        asked: When the grant was asked for, by both clocks; the slot counts from it, so that
            what the answer took, and what the machine slept since, is time that passed.
        slot: When it may start, in monotonic seconds.
    """

    route: Route
    endpoint: Endpoint
    go: Go
    over: Connection
    batch: Batch
    asked: tuple[float, float]
    slot: float


def load() -> None:
    """Load what is loaded when it is first needed: no call has the time, once it is granted."""
    # Made up; it is read, and named in no line.
    call = ClickToCall(from_="9000000001", to="9000000002").content()
    ClickToCall.from_content(call)
    mask(call)


class Caller:
    """
    Makes granted calls; `call` is the body of a thread, and the call has its place there.

    Args:
        rng: Source of jitter.
    """

    def __init__(
        self,
        *,
        attempts: Attempts,
        client: Client,
        routes: Mapping[str, Route],
        rules: DialRules,
        rng: Random,
        threads: Threads,
        hands: Hands,
    ) -> None:
        self._attempts, self._client, self._routes = attempts, client, routes
        self._rules, self._rng, self._threads, self._hands = rules, rng, threads, hands
        self.settler = Settler(
            attempts, lease=rules.lease, monotonic=hands.monotonic, sleep=hands.sleep
        )
        self._lock = threading.Lock()
        #: When an account was refused itself: what was granted before is not sent any more.
        self._refused: dict[str, float] = {}

    def call(self, granted: Granted) -> None:
        """Make one call and see to it that its outcome is written down."""
        route, go = granted.route, granted.go
        event_log.begun(go, route.account)
        # All that can be wrong with a record is found before the POST, not after it.
        try:
            call = ClickToCall.from_content(go.content)
            call.check_extra(route.extra_params)
            params, redial = _params(route, go, call), Redial.from_json(go.redial)
        except Exception as error:  # noqa: BLE001 - nothing was sent, and a repeat would fail alike
            self._client.give_back(granted.endpoint, [granted.over])
            self._finish(granted, unreadable(error))
            return
        try:
            outcome = self._send(granted, params)
        except BaseException as error:
            # Somebody is stopping this thread, perhaps in mid-request.
            self._finish(granted, Doubtful(f"the worker was stopped: {type(error).__name__}"))
            raise
        self._finish(granted, outcome, call, redial)

    def _send(self, granted: Granted, params: Mapping[str, str]) -> Outcome:
        asked, asked_boottime = granted.asked
        # What the machine slept away since it asked counts as time that passed.
        awake = self._hands.monotonic() - asked
        slept = max(0.0, self._hands.boottime() - asked_boottime - awake)
        ahead = granted.go.ahead.total_seconds()
        start_by = asked - slept + ahead + self._rules.start_by.total_seconds()
        if granted.slot > start_by:
            self._client.give_back(granted.endpoint, [granted.over])
            return NotSent("the store took too long to answer", late=True)
        mode = "live" if granted.go.mode == granted.route.mode == "live" else "developer"
        return self._client.place(
            granted.endpoint,
            params,
            mode=mode,
            start_at=granted.slot,
            start_by=start_by,
            over=granted.over,
            may_go=lambda: self._refused.get(granted.route.account, asked) <= asked,
        )

    def _finish(
        self,
        granted: Granted,
        outcome: Outcome,
        call: ClickToCall | None = None,
        redial: Redial = NO_REDIAL,
    ) -> None:
        route, go = granted.route, granted.go
        accounts = peers_of(self._routes, route)
        try:
            if self._released(granted, outcome):
                self._end(granted, "take_back")
                return
            # One that cannot be released was given up by the reaper; it was not sent.
            settlement = self._decide(go, outcome, accounts, call, redial)
        except Exception as error:  # noqa: BLE001 - an error of ours must not lose what the API said
            settlement = undecided(outcome, error, accounts[:1])
        self._note_refusal(settlement)

        def then(one: Brought, done: bool) -> None:  # noqa: FBT001 - of one thing
            took = timedelta(seconds=self._hands.monotonic() - granted.asked[0])
            event_log.settled(go, route.account, one.settlement, done=done, took=took)
            dead = one.settlement.target == "dead"
            verb = "bury" if dead else one.settlement.row.verb
            self._end(granted, verb if done else "")

        self.settler.bring(Brought(go, outcome, settlement, accounts[:1], then))

    def _end(self, granted: Granted, verb: str) -> None:
        self._threads.leave(granted.route.account)
        granted.batch.end(verb)

    def _released(self, granted: Granted, outcome: Outcome) -> bool:
        if not isinstance(outcome, NotSent):
            return False
        go, why, late = granted.go, outcome.why, outcome.late
        done = self.settler.insist(lambda: self._attempts.release([go], why, fault=late)[0])
        if done:
            event_log.taken_back(go, granted.route.account, why)
        return done

    def _note_refusal(self, settlement: Settlement) -> None:
        now = self._hands.monotonic()
        with self._lock:
            self._refused |= dict.fromkeys(settlement.hold, now)

    def _decide(
        self,
        go: Go,
        outcome: Outcome,
        accounts: list[str],
        call: ClickToCall | None,
        redial: Redial,
    ) -> Settlement:
        return decide(
            outcome,
            tries=go.tries,
            max_tries=self._rules.max_tries,
            misses=go.misses,
            pool_misses=go.pool_misses,
            pool=go.pool,
            backoffs=self._rules.backoffs,
            rng=self._rng,
            now=self._hands.now(),
            accounts=accounts,
            call=call,
            redial=redial,
        )


def _params(route: Route, go: Go, call: ClickToCall) -> dict[str, str]:
    params = call.wire()
    if route.correlation_param:
        params[route.correlation_param] = attempt_id(go.job_id, go.attempt)
    return params
