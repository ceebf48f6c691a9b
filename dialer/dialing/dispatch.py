"""
The answer to one doorbell: jobs are claimed, and each is called once in a thread of its own.

    reserve ─► begin ─► go, in a thread ─► POST ─► settle, with whatever else is ready
       │         │               └─ nothing sent ─► release
       │         └─► wait, and ask again · no, and that is all
       └─► no connection, or no thread: the doorbell is given back

A connection that stands comes first: the way to the API is no part of the time between the
last check of the rules and the first byte. Everything that may not happen twice happens between
`begin`, which is durable before the first byte leaves, and `settle`, which is repeated until the
store has it. A process that dies in between leaves its jobs dialing, and the end of their leases
makes them unconfirmed: no machine rings them again.
"""

import logging
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from random import Random

from dialer.client import Client, Connection, Endpoint
from dialer.dialing.batch import Batch
from dialer.dialing.calling import Caller, DialRules, Granted, Hands
from dialer.dialing.threads import Threads
from dialer.domain.account.account import Route, peers_of
from dialer.domain.job.attempt import Ask, Grant, No, Wait
from dialer.errors import DialerError
from dialer.store.attempts import Attempts
from dialer.store.redis import event_log

#: The longest a worker waits for the meter before it gives its doorbell up.
_PATIENCE = timedelta(milliseconds=200)
#: How long a worker that may not or cannot dial leaves the doorbells to others.
_APART = timedelta(seconds=1)
#: The longest that a doorbell waits for its calls, to say what became of them.
_LISTEN = timedelta(seconds=1)
#: The most asks for one doorbell. While `begin` answers "sorting" it moves blocked jobs out of
#: the way, 20 at a time, and asking again is progress.
_ASKS = 100
#: How long one that is answered goes on for calls that the meter allows and no doorbell was for.
_ON = timedelta(seconds=10)
_MORE = No("more")
_STOPPING = "this worker stops"


class Dispatcher:
    """
    Answers doorbells for one worker process; its methods may run in many threads.

    Args:
        attempts: The arrows around a POST.
        threads: Where calls are made.
        rng: Source of jitter.
    """

    def __init__(
        self,
        *,
        attempts: Attempts,
        client: Client,
        routes: Mapping[str, Route],
        rules: DialRules,
        threads: Threads,
        rng: Random,
        hands: Hands | None = None,
    ) -> None:
        self._attempts, self._client = attempts, client
        self._routes, self._rules, self._threads = routes, rules, threads
        self._hands = hands or Hands()
        self._caller = Caller(
            attempts=attempts,
            client=client,
            routes=routes,
            rules=rules,
            rng=rng,
            threads=threads,
            hands=self._hands,
        )
        self._last_refusal = ""
        self._changed = threading.Condition()
        self._answering, self._stopping = 0, False
        #: Accounts for which a doorbell is answered that goes on.
        self._going_on = set[str]()

    def answer(self, account: str, bell: str = "", calls: int = 1) -> str:
        """
        Try to place so many calls, and say for a person what became of them.

        Where the meter allows more than this worker has threads for, it goes on with each thread
        that becomes free, ten seconds at most. Calls may be on the wire still when it returns:
        "placed 9, 3 on the wire", "no: closed".
        """
        with self._busy() as busiest:
            batch = Batch()
            why = self._begin_calls(account, bell, calls, batch)
            if not batch.begun:
                return f"no: {why}"
            # Who waits here takes no other doorbell.
            batch.wait(0.0 if busiest else _LISTEN.total_seconds())
            return str(batch)

    def stop(self, longest: timedelta) -> bool:
        """Begin no call any more, and wait for those that have begun; whether all were settled."""
        with self._changed:
            self._stopping = True
            self._changed.wait_for(lambda: not self._answering, longest.total_seconds())
        return self._threads.wait(longest.total_seconds())

    @contextmanager
    def _busy(self) -> Iterator[bool]:
        """Count a doorbell that is answered; whether half of the threads do nothing else."""
        with self._changed:
            self._answering += 1
            busiest = self._answering > max(1, self._threads.most // 2)
        try:
            yield busiest or self._stopping
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def _begin_calls(self, account: str, bell: str, calls: int, batch: Batch) -> str:
        """Begin calls until doorbell or meter are used up; why there are no more."""
        route = self._routes.get(account)
        if route is None or route.endpoint is None:
            why = f"this worker has no account {account} with a token"
            return self._decline(account, bell, why).reason
        rest = self._claim(route, route.endpoint, bell, calls, batch)
        with self._alone(account) as alone:
            end = self._hands.monotonic() + _ON.total_seconds()
            # Who had to give one back leaves the others to other workers.
            while alone and rest == _MORE and batch.all_sent and (free := self._free(account, end)):
                rest = self._claim(route, route.endpoint, "", free, batch)
        return self._reason(rest)

    def _claim(
        self, route: Route, endpoint: Endpoint, bell: str, calls: int, batch: Batch
    ) -> Wait | No:
        """Begin so many calls; the last answer to an ask, or why there was none."""
        account = route.account
        rest: Wait | No = _MORE
        end_of_patience = self._hands.monotonic() + _PATIENCE.total_seconds()
        for _ in range(_ASKS):
            if self._stopping:
                return self._decline(account, bell, _STOPPING, apart=False)
            places = self._threads.take(account, calls)
            if not places:
                return self._decline(account, bell, "no thread is free", apart=False)
            reserved = self._client.reserve(endpoint, places)
            self._threads.leave(account, places - len(reserved))
            if not reserved:
                return self._decline(account, bell, f"account {account} cannot be reached")
            before = batch.begun
            rest = self._begin(route, endpoint, bell, reserved, batch)
            calls -= batch.begun - before
            bell = _what_is_left(bell, calls)
            if calls < 1 or not self._asks_again(rest, end_of_patience):
                break
        return rest

    @contextmanager
    def _alone(self, account: str) -> Iterator[bool]:
        """Whether nobody else goes on for an account; who does needs no doorbells."""
        with self._changed:
            alone = account not in self._going_on
            self._going_on.add(account)
        try:
            yield alone
        finally:
            if alone:
                with self._changed:
                    self._going_on.discard(account)

    def _free(self, account: str, end: float) -> int:
        """Wait for threads; how many calls may begin, 0 when it is time to end."""
        left = end - self._hands.monotonic()
        return 0 if left <= 0 or self._stopping else self._threads.gather(account, left)

    def _begin(
        self,
        route: Route,
        endpoint: Endpoint,
        bell: str,
        reserved: list[Connection],
        batch: Batch,
    ) -> Wait | No:
        """Ask for jobs, one for each connection, and start them; what is not used is given back."""
        try:
            asked = (self._hands.monotonic(), self._hands.boottime())
            grant = self._grant(route, bell, len(reserved))
            come = self._hands.monotonic()
            for go in grant.jobs:
                slot = come + go.ahead.total_seconds()
                one = Granted(route, endpoint, go, reserved.pop(), batch, asked, slot)
                batch.begin()
                self._threads.start(partial(self._caller.call, one))
            return grant.rest
        finally:
            self._client.give_back(endpoint, reserved)
            self._threads.leave(route.account, len(reserved))

    def _asks_again(self, rest: Wait | No, end_of_patience: float) -> bool:
        if isinstance(rest, No):
            return rest.reason in ("enough", "more", "sorting")
        if self._hands.monotonic() + rest.time.total_seconds() >= end_of_patience:
            return False
        self._hands.sleep(max(0.0, (rest.time - self._rules.lookahead).total_seconds()))
        return True

    def _reason(self, rest: Wait | No) -> str:
        if isinstance(rest, Wait):
            return "the meter is charged"
        self._tell_once(rest.reason)
        if rest.reason == "settings":
            # Its doorbell is rung anew; those of the fleet shall be there first.
            self._hands.sleep(_APART.total_seconds())
        return rest.reason

    def _decline(self, account: str, bell: str, why: str, *, apart: bool = True) -> No:
        """Leave a doorbell to workers that can dial; *apart*, not to take their next one too."""
        with suppress(DialerError):  # then it is rung anew a little later
            self._attempts.decline(account, bell)
        if apart:
            self._hands.sleep(_APART.total_seconds())
        return No(why)

    def _tell_once(self, reason: str) -> None:
        """Log a clock that stops this worker alone in its own log too."""
        if reason == "clock" != self._last_refusal:
            text = "this worker dials nothing: its clock is off; synchronise the clocks (NTP)"
            event_log.of_worker(logging.ERROR, text)
        self._last_refusal = reason

    def _grant(self, route: Route, bell: str, count: int) -> Grant:
        ask = Ask(
            account=route.account,
            ask=uuid.uuid4().hex,
            bell=bell,
            limits=route.limits,
            windows=route.hours.windows(self._hands.now()),
            lease=self._rules.lease,
            lookahead=self._rules.lookahead,
            customer=route.customer,
            start_by=self._rules.start_by,
            settings=self._rules.settings,
            mode=route.mode,
            peers=peers_of(self._routes, route),
            count=count,
        )
        try:
            return self._attempts.begin(ask)
        except DialerError as error:
            # The script may have run: give back what it may have granted.
            self._disown(ask.ask)
            return Grant((), No(str(error)))
        except Exception:
            # Ours is at fault, perhaps after the grant: a job that was not sent is no doubt.
            self._disown(ask.ask)
            raise

    def _disown(self, ask: str) -> None:
        why = "the answer to begin was lost"
        self._caller.settler.insist(lambda: self._attempts.disown(ask, why) > 0)


def _what_is_left(bell: str, calls: int) -> str:
    """Name what is left of a doorbell, as `begin.lua` does."""
    number, point, _ = bell.rpartition(".")
    return f"{number}.{calls}" if point else bell
