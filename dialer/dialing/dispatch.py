"""
The answer to one doorbell: a job is claimed, its call placed once, its outcome written down.

    reserve ─► begin ─► go ─► POST ─► settle
       │         │       └─ nothing sent ─► take_back
       │         └─► wait, and ask again · no, and that is all
       └─► no connection to be had: the doorbell is given back

A connection that stands comes first: the way to the API is no part of the time between the
last check of the rules and the first byte. Everything that may not happen twice happens between
`begin`, which is durable before the first byte leaves, and `settle`, which is repeated until the
store has it. A process that dies in between leaves the job dialing, and the end of its lease
makes it unconfirmed: no machine rings it again.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from dialer.client import Client, Connection, Endpoint
from dialer.domain.account.account import Route, peers_of
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Ask, Ended, Go, No, Wait
from dialer.domain.job.backoff import BackoffTable
from dialer.domain.job.ids import attempt_id
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome
from dialer.domain.job.redial import NO_REDIAL, Redial
from dialer.domain.job.settle import Settlement, decide, undecided, unreadable
from dialer.errors import DialerError
from dialer.machine.clock import Clock
from dialer.store.attempts import Attempts
from dialer.store.redis import event_log

_CLOCK = Clock()
#: The longest a worker waits for the meter before it gives its doorbell up.
_PATIENCE = timedelta(milliseconds=200)
#: How long a worker that may not or cannot dial leaves the doorbells to others.
_APART = timedelta(seconds=1)
#: The most asks for one doorbell. While `begin` answers "sorting" it moves blocked jobs out of
#: the way, 20 at a time, and asking again is progress.
_ASKS = 100
_NOT_TAKEN = "the store has not taken an outcome yet: %s"
_GAVE_UP = "gave up on the store: %s; the job will be unconfirmed"


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


class Dispatcher:
    """
    Places calls for one worker process; its methods may run in many threads.

    Args:
        attempts: The arrows around a POST.
        rng: Source of jitter.
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
        boottime: The same, and also running while the machine sleeps.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        *,
        attempts: Attempts,
        client: Client,
        routes: Mapping[str, Route],
        rules: DialRules,
        rng: Random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        boottime: Callable[[], float] = _CLOCK.boottime,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts, self._client = attempts, client
        self._routes, self._rules, self._rng = routes, rules, rng
        self._now, self._monotonic, self._boottime = now, monotonic, boottime
        self._sleep = sleep
        self._last_refusal = ""

    def answer(self, account: str, bell: str = "") -> str:
        """Try to place one call, and say for a person what happened: "placed 3k…", "no: closed"."""
        route = self._routes.get(account)
        if route is None or route.endpoint is None:
            return self._decline(
                account, bell, f"this worker has no account {account} with a token"
            )
        reserved = self._client.reserve(route.endpoint, 1)
        if not reserved:
            return self._decline(account, bell, f"account {account} cannot be reached")
        try:
            return self._answer(route, route.endpoint, bell, reserved)
        finally:
            self._client.give_back(route.endpoint, reserved)

    def _answer(
        self, route: Route, endpoint: Endpoint, bell: str, reserved: list[Connection]
    ) -> str:
        """Ask for a job; whoever sends over one of the *reserved* takes it out."""
        end_of_patience = self._monotonic() + _PATIENCE.total_seconds()
        for _ in range(_ASKS):
            asked, asked_boottime = self._monotonic(), self._boottime()
            reply = self._begin(route, bell)
            if isinstance(reply, Wait) and asked + reply.time.total_seconds() < end_of_patience:
                self._sleep(max(0.0, (reply.time - self._rules.lookahead).total_seconds()))
            elif reply != No("sorting"):
                break
        match reply:
            case Go():
                # What the machine slept away since it asked counts as time that passed.
                awake = self._monotonic() - asked
                slept = max(0.0, self._boottime() - asked_boottime - awake)
                return self._dial(route, endpoint, reply, asked - slept, reserved)
            case Wait():
                return "no: the meter is charged"
            case No(reason):
                self._tell_once(reason)
                if reason == "settings":
                    # Its doorbell is rung anew; those of the fleet shall be there first.
                    self._sleep(_APART.total_seconds())
                return f"no: {reason}"

    def _decline(self, account: str, bell: str, why: str) -> str:
        """Leave a doorbell to workers that can dial, and do not take their next one too."""
        with suppress(DialerError):  # then it is rung anew a little later
            self._attempts.decline(account, bell)
        self._sleep(_APART.total_seconds())
        return f"no: {why}"

    def _tell_once(self, reason: str) -> None:
        """Log a clock that stops this worker alone in its own log too."""
        if reason == "clock" != self._last_refusal:
            text = "this worker dials nothing: its clock is off; synchronise the clocks (NTP)"
            event_log.of_worker(logging.ERROR, text)
        self._last_refusal = reason

    def _begin(self, route: Route, bell: str) -> Go | Wait | No:
        token, now = uuid.uuid4().hex, self._now()
        ask = Ask(
            account=route.account,
            ask=token,
            bell=bell,
            limits=route.limits,
            windows=route.hours.windows(now),
            lease=self._rules.lease,
            lookahead=self._rules.lookahead,
            customer=route.customer,
            start_by=self._rules.start_by,
            settings=self._rules.settings,
            mode=route.mode,
            peers=peers_of(self._routes, route),
        )
        try:
            grant = self._attempts.begin(ask)
            return grant.jobs[0] if grant.jobs else grant.rest
        except DialerError as error:
            # The script may have run: give back what it may have granted.
            self._give_back(token)
            return No(str(error))
        except Exception:
            # Ours is at fault, perhaps after the grant: a job that was not sent is no doubt.
            self._give_back(token)
            raise

    def _give_back(self, token: str) -> None:
        self._insist(lambda: self._attempts.disown(token, "the answer to begin was lost") > 0)

    def _dial(
        self, route: Route, endpoint: Endpoint, go: Go, asked: float, reserved: list[Connection]
    ) -> str:
        event_log.begun(go, route.account)
        slot = go.ahead.total_seconds()
        start_at = self._monotonic() + slot
        start_by = asked + slot + self._rules.start_by.total_seconds()
        # All that can be wrong with a record is found before the POST, not after it.
        try:
            call = ClickToCall.from_content(go.content)
            call.check_extra(route.extra_params)
            params, redial = _params(route, go, call), Redial.from_json(go.redial)
        except Exception as error:  # noqa: BLE001 - nothing was sent, and a repeat would fail alike
            return self._finish(route, go, unreadable(error))
        outcome: Outcome
        try:
            if start_at > start_by:
                outcome = NotSent("the store took too long to answer", late=True)
            else:
                mode = "live" if go.mode == route.mode == "live" else "developer"
                outcome = self._client.place(
                    endpoint,
                    params,
                    mode=mode,
                    start_at=start_at,
                    start_by=start_by,
                    over=reserved.pop(),
                )
        except BaseException as error:
            # Somebody is stopping this thread, perhaps in mid-request.
            self._finish(route, go, Doubtful(f"the worker was stopped: {type(error).__name__}"))
            raise
        return self._finish(route, go, outcome, call, redial)

    def _finish(
        self,
        route: Route,
        go: Go,
        outcome: Outcome,
        call: ClickToCall | None = None,
        redial: Redial = NO_REDIAL,
    ) -> str:
        try:
            if self._taken_back(route, go, outcome):
                return f"taken back {go.job_id}"
            # One that cannot be taken back was given up by the reaper; it was not sent.
            settlement = self._decide(route, go, outcome, call, redial)
            done = self._settle(go, settlement)
        except Exception as error:  # noqa: BLE001 - an error of ours must not lose what the API said
            settlement = undecided(outcome, error, [route.account])
            done = self._settle(go, settlement)
        event_log.settled(go, route.account, settlement, done=done)
        if not done:
            return f"too late: job {go.job_id} is no longer this attempt's"
        return f"{settlement.target} {go.job_id}"

    def _taken_back(self, route: Route, go: Go, outcome: Outcome) -> bool:
        if not isinstance(outcome, NotSent):
            return False
        why, late = outcome.why, outcome.late
        done = self._insist(lambda: self._attempts.release([go], why, fault=late)[0])
        if done:
            event_log.taken_back(go, route.account, why)
        return done

    def _decide(
        self, route: Route, go: Go, outcome: Outcome, call: ClickToCall | None, redial: Redial
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
            now=self._now(),
            accounts=peers_of(self._routes, route),
            call=call,
            redial=redial,
        )

    def _settle(self, go: Go, settlement: Settlement) -> bool:
        ended = Ended(go.job_id, go.token, settlement)
        return self._insist(lambda: self._attempts.settle([ended])[0])

    def _insist(self, step: Callable[[], bool]) -> bool:
        """Repeat an idempotent step until the store has it, or its lease is surely over."""
        pause, give_up = 0.05, self._monotonic() + 2 * self._rules.lease.total_seconds()
        while True:
            try:
                return step()
            except DialerError as error:
                if self._monotonic() > give_up:
                    event_log.of_worker(logging.ERROR, _GAVE_UP, error)
                    return False
                event_log.of_worker(logging.WARNING, _NOT_TAKEN, error)
            self._sleep(pause)
            pause = min(1.0, pause * 2)


def _params(route: Route, go: Go, call: ClickToCall) -> dict[str, str]:
    params = call.wire()
    if route.correlation_param:
        params[route.correlation_param] = attempt_id(go.job_id, go.attempt)
    return params
