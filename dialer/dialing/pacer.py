"""
The pacer: sends doorbells, each at its instant, and sleeps when there is nothing to send.

Any number of pacers may run. A doorbell that is lost or doubled changes
nothing but the moment of a call: the law is the meter in `begin`.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from dialer.domain.account.account import Route
from dialer.domain.doorbell import PacerRules, Plan
from dialer.errors import TOO_MANY_FILES, DialerError, StoreUnavailable, out_of_files
from dialer.machine.background import BackgroundThread
from dialer.store.doorbells import Doorbells
from dialer.store.redis.notation import stamp

log = logging.getLogger("dialer.pacer")

#: The longest sleep: a worker must say that it lives, and a lost wake-up must not matter.
_LONGEST = timedelta(seconds=2)
_SHORTEST = timedelta(milliseconds=5)
#: The longest while an account cannot be reached: whoever looks more seldom goes on late.
_LOOKS = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """
    The worker process a pacer speaks for.

    Attributes:
        name: Unique among live processes.
        record: Shown by `dialer status`.
        takes: Whether it takes doorbells out of the broker now; else it carries none.
    """

    name: str
    record: Mapping[str, object]
    takes: Callable[[], bool] = lambda: True


class PacerDuties(Protocol):
    """Duties of a pacer beside doorbells: see `Upkeep`."""

    def due(self, rounds: int) -> int:
        """Promote due jobs, in so many rounds at most."""

    def overdue(self, since_tick: timedelta) -> bool:
        """Whether beat is silent."""

    def stand_in(self) -> None:
        """Do a tick in beat's place."""


class Ways(Protocol):
    """Ways to the API, by account: see `Reach`."""

    @property
    def threads(self) -> int:
        """How many calls the process carries at once, over all accounts."""

    def capacity(self, account: str) -> int:
        """How many calls the process can start now."""

    def connect_time(self, account: str) -> timedelta:
        """How long before a call its connection must be begun."""

    def unreachable(self) -> Mapping[str, object]:
        """Which accounts cannot be reached, for a worker's record."""

    def prepare(self, account: str, plan: Plan) -> None:
        """Make connections for the calls that a plan is about."""


@dataclass(order=True, frozen=True, slots=True)
class _Pending:
    at: float
    account: str = field(compare=False)
    bell: str = field(compare=False)
    calls: int = field(compare=False)


class Pacer:
    """
    One pacer; `run` is the body of its thread.

    Args:
        bells: Plans doorbells.
        ways: Keeps connections open for the calls that are planned.
        send: Sends one doorbell (account, bell, the calls it stands for); an exception loses
            just it.
        beside: Runs a step beside the pacer, which does not wait for it.
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
        sleep: Waits so many seconds; `stop` ends the wait when None.
    """

    def __init__(
        self,
        *,
        bells: Doorbells,
        routes: Mapping[str, Route],
        rules: PacerRules,
        worker: WorkerIdentity,
        send: Callable[[str, str, int], None],
        upkeep: PacerDuties,
        ways: Ways,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        beside: Callable[[Callable[[], object]], None] | None = None,
    ) -> None:
        self._bells, self._rules, self._worker = bells, rules, worker
        self._routes = {name: route for name, route in routes.items() if route.endpoint}
        self._hand_over, self._upkeep, self._ways = send, upkeep, ways
        self._now, self._monotonic = now, monotonic
        self._pending: list[_Pending] = []
        self._apart = False
        self._beside = beside or BackgroundThread().start
        #: Accounts and duties whose failure was logged.
        self._failed: set[str] = set()
        self._not_before = 0.0
        self._stop = threading.Event()
        self._sleep = sleep or self._stop.wait

    def stop(self) -> None:
        """Ask the thread to end; doorbells that were not sent are given up."""
        self._stop.set()

    def run(self) -> None:
        """Send doorbells until `stop` is called; a store that is away is waited for."""
        trouble = 0.0
        while not self._stop.is_set():
            try:
                self.turn()
                trouble = 0.0
            except DialerError as error:
                if not trouble:
                    log.warning("the pacer waits for the store: %s", error)
                trouble = min(2.0, trouble * 2 or 0.1)
                self._sleep(trouble)
                # A full store refuses plans, but lost attempts must be given up in time.
                self._beside(self._upkeep.stand_in)
            except Exception:
                # The pacer of a process must outlive any surprise, or the process idles.
                log.exception("the pacer stumbled")
                self._sleep(1.0)
        with suppress(DialerError):  # then it is gone after `WORKER_GONE`
            self._bells.leave(self._worker.name)

    def turn(self) -> None:
        """Plan once for every account, send what is due, and sleep until the next change."""
        # News may come in a flood; planning more often than this is of no use.
        self._sleep(max(0.0, self._not_before - self._monotonic()))
        self._not_before = self._monotonic() + _SHORTEST.total_seconds()
        plans = self._plans()
        if self._stands_apart(plans.values()):
            # Not `wait`: the news is for workers that may send.
            self._sleep(_LONGEST.total_seconds())
            return
        self._let_time_pass(plans.values())
        looks = [look for name, plan in plans.items() if (look := self._look(name, plan))]
        alarms = [plan.alarm for plan in plans.values() if plan.alarm is not None]
        sleep = max(_SHORTEST, min([*looks, *alarms, _LONGEST]))
        if self._pending:
            self._send_for(sleep)
        else:
            self._bells.wait(sleep)

    def _look(self, account: str, plan: Plan) -> timedelta | None:
        """When to plan for an account again: early enough to connect first."""
        if plan.look_again is None or account in self._ways.unreachable():
            return _LOOKS if account in self._ways.unreachable() else None
        early = plan.look_again - self._ways.connect_time(account)
        return early if early > _LOOKS / 10 else plan.look_again

    def _plans(self) -> dict[str, Plan]:
        """Plan for each account; a failure of one keeps no other from it."""
        plans, failures = dict[str, Plan](), []
        for name, route in self._routes.items():
            try:
                plans[name] = self._plan(name, route)
                self._failed.discard(name)
            except StoreUnavailable:
                raise
            except DialerError as error:
                failures.append(error)
                self._tell_once(name, f"no calls are planned for account {name}: {error}")
        if failures and not plans:
            raise failures[0]
        return plans

    def _tell_once(self, name: str, text: str) -> None:
        if name not in self._failed:
            log.warning("%s", text)
        self._failed.add(name)

    def _plan(self, account: str, route: Route) -> Plan:
        takes = self._worker.takes()
        plan = self._bells.plan(
            account,
            route.limits,
            route.hours.windows(self._now()),
            self._rules,
            worker=self._worker.name,
            record={
                **self._worker.record,
                "takes": takes,
                "wall_us": stamp(self._now()),
                "unreachable": self._ways.unreachable(),
            },
            capacity=self._ways.threads if takes else 0,
            free=self._ways.capacity(account) if takes else 0,
        )
        at = self._monotonic()
        self._ways.prepare(account, plan)
        for bell, calls, due in plan.bells:
            heapq.heappush(self._pending, _Pending(at + due.total_seconds(), account, bell, calls))
        return plan

    def _stands_apart(self, plans: Collection[Plan]) -> bool:
        """Whether other workers dial with other settings; logged once."""
        mine = self._worker.record.get("settings", "")
        other = next((plan.fleet for plan in plans if plan.fleet != mine), None)
        if other is not None and not self._apart:
            log.warning(
                "this worker takes no calls: its settings (%s) are not those that live workers dial"
                " with (%s); give all of them the same dialer.toml and variables and restart those"
                " that differ. When the last worker of the other settings is gone, it goes on",
                mine,
                other,
            )
        elif other is None and self._apart:
            log.info("this worker takes calls now: no worker with other settings is left")
        self._apart = other is not None
        return self._apart

    def _let_time_pass(self, plans: Collection[Plan]) -> None:
        if any(plan.alarm is not None and plan.alarm <= timedelta(0) for plan in plans):
            try:
                # One round: a million jobs that become due at nine must not keep bells waiting.
                self._upkeep.due(rounds=1)
                self._failed.discard("due")
            except StoreUnavailable:
                raise
            except DialerError as error:
                self._tell_once("due", f"what is due waits: {error}")
        if any(self._upkeep.overdue(plan.since_tick) for plan in plans):
            self._beside(self._upkeep.stand_in)

    def _send_for(self, time_left: timedelta) -> None:
        """
        Send every doorbell that becomes due within *time_left*, each at its instant.

        Returns when the last is out: no news wakes this sleep.
        """
        end = self._monotonic() + time_left.total_seconds()
        while not self._stop.is_set():
            now = self._monotonic()
            while self._pending and self._pending[0].at <= now:
                self._send(heapq.heappop(self._pending))
                now = self._monotonic()
            if now >= end or not self._pending:
                return
            self._sleep(min(end, self._pending[0].at) - now)

    def _send(self, pending: _Pending) -> None:
        try:
            self._hand_over(pending.account, pending.bell, pending.calls)
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, only a bell is lost
            why = TOO_MANY_FILES if out_of_files(error) else type(error).__name__
            log.warning("a doorbell for %s was lost: %s", pending.account, why)
