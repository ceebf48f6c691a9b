"""
The pacer: rings doorbells, each at its instant, and sleeps when there is nothing to ring.

Any number of pacers may run. A doorbell that is lost or doubled changes
nothing but the moment of a call: the law is the meter in `begin`.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dialer.errors import DialerError
from dialer.route import Route
from dialer.store.bells import Bells, PacerRules, Plan
from dialer.store.server import stamp
from dialer.upkeep import Upkeep

log = logging.getLogger(__name__)

#: The longest sleep: a worker must say that it lives, and a lost wake-up must not matter.
_LONGEST = timedelta(seconds=2)
_SHORTEST = timedelta(milliseconds=5)


@dataclass(frozen=True, slots=True)
class Crew:
    """
    The worker process a pacer speaks for.

    Attributes:
        name: Unique among live processes.
        record: What `dialer status` shows of it.
        capacity: Calls it can carry at once.
    """

    name: str
    record: Mapping[str, object]
    capacity: int


@dataclass(order=True, frozen=True, slots=True)
class _Ringing:
    at: float
    account: str = field(compare=False)
    bell: str = field(compare=False)


class Pacer:
    """
    One pacer; `run` is the body of its thread.

    Args:
        bells: Plans doorbells.
        routes: The accounts by name.
        rules: How doorbells are planned.
        crew: The worker process it speaks for.
        ring: Sends one doorbell (account, bell); an exception loses just it.
        upkeep: Rounds to run when beat is silent.
        now: The wall clock, aware.
        monotonic: Seconds that never go back.
        sleep: Waits so many seconds; `stop` ends the wait when None.
    """

    def __init__(
        self,
        *,
        bells: Bells,
        routes: Mapping[str, Route],
        rules: PacerRules,
        crew: Crew,
        ring: Callable[[str, str], None],
        upkeep: Upkeep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._bells = bells
        self._routes = {name: route for name, route in routes.items() if route.endpoint}
        self._rules = rules
        self._crew = crew
        self._ring = ring
        self._upkeep = upkeep
        self._now = now
        self._monotonic = monotonic
        self._ringing: list[_Ringing] = []
        self._apart = False
        self._not_before = 0.0
        self._stop = threading.Event()
        self._sleep = sleep or self._stop.wait

    def stop(self) -> None:
        """
        Ask the thread to end; doorbells that were not rung are given up.
        """
        self._stop.set()

    def run(self) -> None:
        """
        Ring until `stop` is called; a store that is away is waited for.
        """
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
                self._keep_up_when_full()
            except Exception:
                # The pacer of a process must outlive any surprise, or the process idles.
                log.exception("the pacer stumbled")
                self._sleep(1.0)
        with suppress(DialerError):  # then it is gone after `WORKER_GONE`
            self._bells.leave(self._crew.name)

    def _keep_up_when_full(self) -> None:
        """A full store refuses plans, but lost attempts must still be given up in time."""
        with suppress(DialerError):
            self._upkeep.tick()

    def turn(self) -> None:
        """
        Plan once for every account, ring what is due, and sleep until the next change.
        """
        # News may come in a flood; planning more often than this serves nobody.
        self._sleep(max(0.0, self._not_before - self._monotonic()))
        self._not_before = self._monotonic() + _SHORTEST.total_seconds()
        plans = [self._plan(name, route) for name, route in self._routes.items()]
        if self._stands_apart(plans):
            # Not `wait`: the news is for those who may ring.
            self._sleep(_LONGEST.total_seconds())
            return
        self._let_time_pass(plans)
        looks = [plan.look_again for plan in plans if plan.look_again is not None]
        alarms = [plan.alarm for plan in plans if plan.alarm is not None]
        sleep = max(_SHORTEST, min([*looks, *alarms, _LONGEST]))
        if self._ringing:
            self._ring_for(sleep)
        else:
            self._bells.wait(sleep)

    def _plan(self, account: str, route: Route) -> Plan:
        plan = self._bells.ring(
            account,
            route.limits,
            route.hours.windows(self._now()),
            self._rules,
            worker=self._crew.name,
            record={**self._crew.record, "wall_us": stamp(self._now())},
            capacity=self._crew.capacity,
        )
        at = self._monotonic()
        for bell, due in plan.bells:
            heapq.heappush(self._ringing, _Ringing(at + due.total_seconds(), account, bell))
        return plan

    def _stands_apart(self, plans: list[Plan]) -> bool:
        """Whether other workers dial with other settings; said once in the log."""
        mine = self._crew.record.get("settings", "")
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

    def _let_time_pass(self, plans: list[Plan]) -> None:
        if any(plan.alarm is not None and plan.alarm <= timedelta(0) for plan in plans):
            # One round a turn: a million jobs that become due at nine must not keep bells waiting.
            self._upkeep.due(rounds=1)
        if any(self._upkeep.overdue(plan.since_tick) for plan in plans):
            self._upkeep.tick()

    def _ring_for(self, time_left: timedelta) -> None:
        """
        Ring every doorbell that becomes due within *time_left*, each at its instant.

        Returns when the last is out: who sleeps here hears no news.
        """
        end = self._monotonic() + time_left.total_seconds()
        while not self._stop.is_set():
            now = self._monotonic()
            while self._ringing and self._ringing[0].at <= now:
                self._send(heapq.heappop(self._ringing))
                now = self._monotonic()
            if now >= end or not self._ringing:
                return
            self._sleep(min(end, self._ringing[0].at) - now)

    def _send(self, ringing: _Ringing) -> None:
        try:
            self._ring(ringing.account, ringing.bell)
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, only a bell is lost
            log.warning("a doorbell for %s was lost: %s", ringing.account, type(error).__name__)
