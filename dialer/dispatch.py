"""
Answer one doorbell: ask for a job, place its call once, write down what came of it.

    begin ─► go ─► POST ─► settle
       │      └─ too late to send ─► take_back
       └─► wait, and ask again · no, and that is all

Everything that may not happen twice happens between `begin`, which is durable
before the first byte leaves, and `settle`, which is repeated until the store
has it. A process that dies in between leaves the job dialing, and its lease
turns it into unconfirmed: nobody rings it again without being told to.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

from dialer import journal
from dialer.call import ClickToCall
from dialer.client import Endpoint
from dialer.client.clock import Clock
from dialer.codes import lookup
from dialer.errors import DialerError
from dialer.outcome import Doubtful, Kind, NotSent, Outcome, Refused
from dialer.redial import Redial
from dialer.refusal import number_to_suppress, shared_fault, unreadable
from dialer.retry import BackoffTable
from dialer.route import Route, accounts_of
from dialer.settle import decide
from dialer.store.dialling import Ask, Dialling, Go, No, Wait

log = logging.getLogger(__name__)

_CLOCK = Clock()
#: The longest a worker waits for the meter before it gives its doorbell up.
_PATIENCE = timedelta(milliseconds=200)
#: How long a worker that may not or cannot dial leaves the doorbells to others.
_APART = timedelta(seconds=1)
#: The most asks for one doorbell. While `begin` answers "sorting" it moves blocked jobs out of
#: the way, 20 at a time, and asking again is progress.
_ASKS = 100


class Placing(Protocol):
    """
    What places a call: `dialer.client.Client`, or a stand-in in tests.
    """

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
        Send one call and return its outcome; see `Client.place`.
        """


@dataclass(frozen=True, slots=True)
class DialRules:
    """
    How an attempt is made.

    Attributes:
        lease: How long a job is a worker's.
        lookahead: How far ahead of its slot a job is taken.
        start_by: From the slot to the first byte; later is taken back.
        max_tries: Tries a job has in all.
        backoffs: How long jobs wait between attempts.
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
        dialling: The arrows around a POST.
        client: What sends it.
        routes: The accounts by name.
        rules: How an attempt is made.
        rng: Source of jitter.
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
        boottime: The same, and also running while the machine sleeps.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        *,
        dialling: Dialling,
        client: Placing,
        routes: Mapping[str, Route],
        rules: DialRules,
        rng: Random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        boottime: Callable[[], float] = _CLOCK.boottime,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._dialling = dialling
        self._client = client
        self._routes = routes
        self._rules = rules
        self._rng = rng
        self._now = now
        self._monotonic = monotonic
        self._boottime = boottime
        self._sleep = sleep
        self._said = ""

    def answer(self, account: str, bell: str = "") -> str:
        """
        Try to place one call for *account*.

        Args:
            account: The account the doorbell was rung for.
            bell: The doorbell, "" when none was rung.

        Returns:
            What happened, for a person: "placed 3k7…", "no: closed".
        """
        route = self._routes.get(account)
        if route is None or route.endpoint is None:
            return self._decline(account, bell)
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
                return self._dial(route, route.endpoint, reply, asked - slept)
            case Wait():
                return "no: the meter is charged"
            case No(reason):
                self._tell_once(reason)
                if reason == "settings":
                    # Its doorbell is rung anew; those of the fleet shall be there first.
                    self._sleep(_APART.total_seconds())
                return f"no: {reason}"

    def _decline(self, account: str, bell: str) -> str:
        """Leave a doorbell to workers that know its account, and do not take their next one too."""
        with suppress(DialerError):  # then it is rung anew a little later
            self._dialling.decline(account, bell)
        self._sleep(_APART.total_seconds())
        return f"no: this worker has no account {account} with a token"

    def _tell_once(self, reason: str) -> None:
        """A clock that stops this worker alone is said in its own log too."""
        if reason == "clock" != self._said:
            log.error("this worker dials nothing: its clock is off; synchronise the clocks (NTP)")
        self._said = reason

    def _begin(self, route: Route, bell: str) -> Go | Wait | No:
        token, now = uuid.uuid4().hex, self._now()
        ask = Ask(
            account=route.account,
            token=token,
            bell=bell,
            wall=int(now.timestamp() * 1_000_000),
            limits=route.limits,
            windows=route.hours.windows(now),
            lease=self._rules.lease,
            lookahead=self._rules.lookahead,
            customer=route.customer,
            start_by=self._rules.start_by,
            settings=self._rules.settings,
            mode=route.mode,
        )
        try:
            return self._dialling.begin(ask)
        except DialerError as error:
            # The script may have run: give back what it may have granted.
            self._give_back(token)
            return No(str(error))
        except Exception:
            # Ours is at fault, perhaps after the grant: a job that was not sent is no doubt.
            self._give_back(token)
            raise

    def _give_back(self, token: str) -> None:
        self._insist(lambda: self._dialling.take_back(token, "the answer to begin was lost"))

    def _dial(self, route: Route, endpoint: Endpoint, go: Go, asked: float) -> str:
        journal.begun(go, route.account)
        slot = go.ahead.total_seconds()
        start_at = self._monotonic() + slot
        start_by = asked + slot + self._rules.start_by.total_seconds()
        try:
            params = self._params(route, go)
        except Exception as error:  # noqa: BLE001 - nothing was sent, and a repeat would fail alike
            return self._finish(route, go, unreadable(error))
        outcome: Outcome
        try:
            if start_at > start_by:
                outcome = NotSent("the store took too long to answer", late=True)
            else:
                mode = "live" if go.mode == route.mode == "live" else "developer"
                outcome = self._client.place(
                    endpoint, params, mode=mode, start_at=start_at, start_by=start_by
                )
        except BaseException as error:
            # Somebody is stopping this thread, perhaps in mid-request.
            self._finish(route, go, Doubtful(f"the worker was stopped: {type(error).__name__}"))
            raise
        return self._finish(route, go, outcome)

    def _params(self, route: Route, go: Go) -> dict[str, str]:
        call = ClickToCall.from_content(go.content)
        call.check_extra(route.extra_params)
        params = call.wire()
        if route.correlation_param:
            params[route.correlation_param] = f"{go.job_id}.{go.attempt}"
        return params

    def _finish(self, route: Route, go: Go, outcome: Outcome) -> str:
        if (
            isinstance(outcome, NotSent)
            and outcome.late
            and self._insist(lambda: self._dialling.take_back(go.token, outcome.why, fault=True))
        ):
            journal.taken_back(go, route.account, outcome.why)
            return f"taken back {go.job_id}"
        # A late one that cannot be taken back was given up by the reaper: it was not sent either.
        settlement = decide(
            outcome,
            tries=go.tries,
            max_tries=self._rules.max_tries,
            misses=go.misses,
            pool_misses=go.pool_misses,
            pool=go.pool,
            backoffs=self._rules.backoffs,
            rng=self._rng,
            now=self._now(),
            redial=Redial.from_json(go.redial),
        )
        hold = self._accounts_to_hold(route, outcome)
        suppress, fault = number_to_suppress(go.content, outcome), shared_fault(go.content, outcome)
        done = self._insist(
            lambda: self._dialling.settle(
                go.job_id, go.token, settlement, hold=hold, suppress=suppress, fault=fault
            )
        )
        journal.settled(go, route.account, settlement, outcome, done=done)
        if not done:
            return f"too late: job {go.job_id} is no longer this attempt's"
        return f"{settlement.target} {go.job_id}"

    def _accounts_to_hold(self, route: Route, outcome: Outcome) -> list[str]:
        if not isinstance(outcome, Refused) or outcome.kind is not Kind.ACCOUNT:
            return []
        if lookup(outcome.code).holds_user_id:
            return accounts_of(self._routes, route.user_id)
        return [route.account]

    def _insist(self, step: Callable[[], bool]) -> bool:
        """Repeat an idempotent step until the store has it, or its lease is surely over."""
        pause, give_up = 0.05, self._monotonic() + 2 * self._rules.lease.total_seconds()
        while True:
            try:
                return step()
            except DialerError as error:
                if self._monotonic() > give_up:
                    log.error("gave up on the store: %s; the job will be unconfirmed", error)  # noqa: TRY400 - the trace says nothing more
                    return False
                log.warning("the store has not taken an outcome yet: %s", error)
            self._sleep(pause)
            pause = min(1.0, pause * 2)
