"""
A small world around the real pacer, dispatcher and upkeep: its time is moved by hand.

Everything that waits moves the one clock instead, and what is to happen in
between happens on the way. The line rings nobody: it notes each request and
answers what the test says.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random

from dispatchkit import Near, Open, inline
from ringoracle import NEVER, Facts, Hours, Sent, Wanted
from storekit import Clockwork

from dialer.bootstrap.accounts import routes_of
from dialer.bootstrap.dialer import Dialer
from dialer.client import Endpoint
from dialer.dialing.calling import DialRules, Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.dialing.pacer import Pacer, WorkerIdentity
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.codes import Kind, lookup, undocumented
from dialer.domain.job.job import Job, State
from dialer.domain.job.order import Order
from dialer.domain.job.outcome import Doubtful, NotSent, Outcome, Placed, Refused
from dialer.domain.job.receipt import Verdict
from dialer.errors import CampaignRefused, JobNotFound
from dialer.feeding.feeder import Feeder
from dialer.maintenance.upkeep import Upkeep
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.campaigns import Verb

DAY = timedelta(days=1)
#: Of beat.
PERIOD = timedelta(seconds=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = timedelta(0)
_US = timedelta(microseconds=1)
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

OUTCOMES: Mapping[str, Outcome] = {
    "placed": Placed("call"),
    "provider": Refused(lookup("1501")),
    "not_sent": NotSent("connection refused"),
    "agent": Refused(lookup("1578")),
    "capacity": Refused(undocumented("http_429", Kind.CAPACITY)),
    "account": Refused(lookup("1014")),
    "request": Refused(lookup("1502")),
    "compliance": Refused(lookup("1574")),
    "unknown": Refused(undocumented("9999", Kind.UNKNOWN)),
    "doubt": Doubtful("no answer"),
}


def hours_text(hours: Hours) -> str:
    """Write plain ranges as a person does in the settings."""
    return ", ".join(
        f"{_NAMES[day]} {first // 60:02}:{first % 60:02}-{end // 60:02}:{end % 60:02}"
        for day, first, end in hours.ranges
    )


def holidays_text(shut: Iterable[date]) -> str:
    """Write plain days as a person does in the settings."""
    return " ".join(sorted(day.isoformat() for day in shut))


class RingWorld(Near):
    """
    One store, one worker, one line, and the facts for the oracle.

    Args:
        store: Empty; its clock is a key.
        settings: As a settings file holds them.
        facts: The same in the oracle's words.
        start: What time it is.
        outcomes: What the line answers, again and again from the first.
        lags: How long after its instant each request leaves, again and again from the first.
        takes: How long the line thinks about each request; meanwhile another
            doorbell is answered, as by a second worker.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        facts: Facts,
        *,
        start: datetime,
        outcomes: Sequence[str] = ("placed",),
        lags: Sequence[timedelta] = (_ZERO,),
        takes: Sequence[timedelta] = (_ZERO,),
    ) -> None:
        self.store, self.facts = store, facts
        self._takes, self._open = itertools.cycle(takes), 0
        self._lags = itertools.cycle(lags)
        self._clock = Clockwork(store, now=start)
        self._clock.forward(_ZERO)
        self._origin = start
        self._outcomes = itertools.cycle(outcomes)
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._nth = itertools.count()
        self._happened = False
        self._producer = Dialer(store, settings, who="test")
        self.jobs: dict[str, str] = {}
        routes = routes_of(settings, with_token=True)
        hands = {"now": lambda: self.now, "monotonic": self.seconds, "sleep": self.sleep}
        self._dispatcher = Dispatcher(
            attempts=store.attempts,
            client=self,
            routes=routes,
            rules=DialRules(
                lease=settings.jobs.lease,
                lookahead=settings.pacer.lookahead,
                start_by=settings.wire.start_by,
                max_tries=settings.jobs.max_tries,
                backoffs=settings.retry.backoffs,
            ),
            rng=Random(1),
            threads=inline(),
            hands=Hands(boottime=self.seconds, **hands),
        )
        store.server.time = lambda: self.now  # type: ignore[method-assign]  # the clock of a test
        self._feeder = Feeder(store, routes, period=PERIOD)
        self._beat = Upkeep(store, period=PERIOD, feed=self._feeder.tick)
        self._pacer = Pacer(
            bells=self,  # type: ignore[arg-type]  # it plans with the store's and waits by moving time
            routes=routes,
            rules=PacerRules(
                horizon=settings.pacer.horizon,
                lead=settings.pacer.lookahead * 3 / 4,
                patience=settings.pacer.bell_timeout,
            ),
            worker=WorkerIdentity("world:1", {}),
            ways=Open(20),
            send=self._ring,
            # Beat lives, so pacers need not step in.
            upkeep=Upkeep(store, period=DAY),
            # No clock is moved by hand while another thread compares it.
            beside=lambda step: step(),
            **hands,
        )

    @property
    def now(self) -> datetime:
        """What time it is, for everybody."""
        return self._clock.now

    def seconds(self) -> float:
        """Return seconds that never go back."""
        return (self.now - self._origin) / timedelta(seconds=1)

    def at(self, when: datetime, event: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._events, (when, next(self._nth), event))

    def run(self, until: datetime) -> None:
        """Let the worker work until some time."""
        self.at(until, lambda: None)
        while self.now < until:
            self._pacer.turn()

    def sleep(self, seconds: float) -> None:
        """Let time pass, with all that happens in it; never less than asked for, as in earnest."""
        if seconds > 0:
            self._pass(self.now + max(_US, round(seconds * 1_000_000) * _US))

    def plan(self, *arguments: object, **named: object) -> object:
        """Plan doorbells, as the store does."""
        return self.store.doorbells.plan(*arguments, **named)  # type: ignore[arg-type]  # only passed on

    def wait(self, longest: timedelta) -> bool:
        """Let time pass until there is news for pacers."""
        end = self.now + longest
        while not self._woken():
            if self.now >= end:
                return False
            tick = self._next_tick()
            self._pass(min([end, tick, *(when for when, _, _ in self._events[:1])]))
            if self.now >= tick:
                self._happened = True
                self._beat.tick()
        return True

    def _next_tick(self) -> datetime:
        """Say when beat ticks next and finds something to do; it ticks in vain before."""
        server = self.store.server
        looks = server.client.zrange(server.keys.feeding, 0, 0, withscores=True)
        if not looks:
            return NEVER
        due = max(EPOCH + int(looks[0][1]) * _US, self.now + _US)
        return self._origin + -(-(due - self._origin) // PERIOD) * PERIOD

    def _woken(self) -> bool:
        # Only what happens here can have left a word for pacers.
        happened, self._happened = self._happened, False
        server = self.store.server
        return happened and server.client.lpop(server.keys.wake) is not None

    def place(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        *,
        mode: str,
        start_at: float,
        start_by: float,
        over: object,
        may_go: Callable[[], bool],
    ) -> Outcome:
        """Note the request, and answer what the test says."""
        assert mode == "live"
        begun = self.now
        self.sleep(start_at - self.seconds())
        self.sleep(next(self._lags) / timedelta(seconds=1))
        assert self.seconds() <= start_by + 1e-7
        job_id = params["reqId"].rpartition(".")[0]
        wanted, outcome = self.facts.wanted[self.jobs[job_id]], next(self._outcomes)
        sent = Sent(wanted.key, wanted.account, begun, self.now, outcome, dict(params))
        self.facts.sent.append(sent)
        self._think(wanted.account, next(self._takes))
        sent.done = self.now
        if outcome == "account":
            self._stopped_by_the_api(wanted.account)
        elif outcome == "compliance":
            self._listed_by_the_api(wanted)
        return OUTCOMES[outcome]

    def _think(self, account: str, time: timedelta) -> None:
        self._open += 1
        if self._open == 1 and time:
            self.sleep(time / 2 / timedelta(seconds=1))
            self._ring(account, "")
        self.sleep(time / timedelta(seconds=1))
        self._open -= 1

    def stray(self, when: datetime) -> None:
        """Ring doorbells that no pacer planned: they must change nothing but a moment."""
        self.at(when, lambda: [self._ring(name, "") for name in self.facts.hours] and None)

    def order(self, wanted: Wanted) -> None:
        """Have a call handed in when it is wanted."""
        self.facts.wanted[wanted.key] = wanted
        order = Order.parse(
            {
                **wanted.params,
                "key": wanted.key,
                "account": wanted.account,
                "priority": wanted.priority,
                "customer": wanted.customer,
                "not_before": wanted.not_before.isoformat(),
                "not_after": wanted.not_after.isoformat(),
            }
        )

        def hand_in() -> None:
            (receipt,) = self._producer.enqueue_many([order])
            assert receipt.verdict is Verdict.CREATED, receipt
            self.jobs[receipt.job_id] = wanted.key

        self.at(wanted.created, hand_in)

    def campaign(self, campaign: Campaign, listed: Sequence[Wanted], starts: datetime) -> None:
        """Have a campaign made and started; each of *listed* has its numbers and zones."""
        store = self.store
        store.campaigns.create(campaign, who="test")
        for nth, wanted in enumerate(listed, start=1):
            self.facts.wanted[wanted.key] = wanted
            self.jobs[f"{campaign.name}:{nth}:1"] = wanted.key
            zones = "+".join(sorted({hours.zone for hours, _, _ in wanted.hours}))
            contact = Contact(nth, (wanted.params["to"],), zones, tuple(wanted.numbers))
            assert store.contacts.append(campaign.name, zones, [contact]) == [True]
        self.at(starts, lambda: self._steer("start", campaign.name))

    def pause(self, campaign: str, since: datetime, until: datetime) -> None:
        """Stop a campaign for a while."""
        self.facts.holds.append((f"campaign {campaign}", since, until))
        self.at(since, lambda: self._steer("pause", campaign))
        self.at(until, lambda: self._steer("resume", campaign))

    def redefine(self, campaign: Campaign, when: datetime) -> None:
        """Change a campaign while it runs."""
        self.at(when, lambda: self.store.campaigns.replace(campaign, who="test"))

    def _steer(self, verb: Verb, campaign: str) -> None:
        # A campaign that has ended meanwhile is not resumed.
        with suppress(CampaignRefused):
            self.store.campaigns.steer(verb, campaign, who="test", reason="a test")

    def hold(self, scope: str, since: datetime, until: datetime) -> None:
        """Stop an account, or "all", for a while."""
        self.facts.holds.append((scope, since, until))
        name = scope if scope == "all" else f"account:{scope}"
        owner = f"person{next(self._nth)}"
        holds = self.store.holds
        self.at(since, lambda: holds.set(name, owner=owner, who="test", reason="wrong file"))
        self.at(until, lambda: holds.release(name, owner=owner, who="test") and None)

    def suppress(self, number: str, scope: str, since: datetime) -> None:
        """Put a number on an account's do-not-call list, or on everybody's ("all")."""
        self.facts.listed.append((number, scope, since))
        account = None if scope == "all" else scope
        add = self.store.suppression.add
        self.at(since, lambda: add([number], account=account, who="test", reason="asked") and None)

    def job(self, job_id: str) -> Job | None:
        """Return a job; None for a contact that has not become one."""
        try:
            return self.store.jobs.get(job_id)
        except JobNotFound:
            return None

    def ends(self) -> dict[str, datetime]:
        """Say since when each call waits for nothing any more; now for those that still do."""
        waiting = {State.SCHEDULED, State.READY, State.DIALING}
        found = {}
        for job_id, key in self.jobs.items():
            job = self.job(job_id)
            found[key] = self.now if job is None or job.state in waiting else job.entered
        return found

    def _ring(self, account: str, bell: str, calls: int = 1) -> None:
        self._happened = True
        self._dispatcher.answer(account, bell, calls)

    def _stopped_by_the_api(self, account: str) -> None:
        until = self.now + timedelta(hours=3)
        self.facts.holds.append((account, self.now + _US, until))
        release = self.store.holds.release
        self.at(until, lambda: release(f"account:{account}", owner="api", who="test") and None)

    def _listed_by_the_api(self, wanted: Wanted) -> None:
        numbers = wanted.params["to"].split(",")
        if len(numbers) == 1:
            self.facts.listed.append((numbers[0], "all", self.now + _US))

    def _pass(self, end: datetime) -> None:
        while self._events and self._events[0][0] <= end:
            when, _, event = heapq.heappop(self._events)
            self._move(when)
            self._happened = True
            event()
        self._move(end)

    def _move(self, to: datetime) -> None:
        if to > self.now:
            self._clock.forward(to - self.now)
