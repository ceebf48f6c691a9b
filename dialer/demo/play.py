"""
The demo's course of events, from the first process to the verdict.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import NoReturn

from rich.console import Console

from dialer.demo.crew import CrewFailed
from dialer.demo.script import SLOW, UNWANTED, lines, world
from dialer.demo.stage import Stage, stage
from dialer.demo.table import show
from dialer.demo.verdict import UNFINISHED, weigh
from dialer.errors import DialerError, InvalidCall
from dialer.job import State
from dialer.lines import read_lines
from dialer.order import Order
from dialer.producer import Dialer, Receipt

#: Two looks at everything.
_LOOK = timedelta(milliseconds=100)
#: Two lines of progress.
_TELL = timedelta(seconds=2)
#: When the agent comes to work, counted from the enqueueing.
_AGENT_COMES = timedelta(seconds=3)
#: Requests that a worker must have open to be killed.
_OPEN = 2
#: Workers need seconds to start, and the machine may be busy.
_START_WITHIN = timedelta(seconds=60)
_END_WITHIN = timedelta(seconds=90)
_WHO = "demo"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(console: Console | None = None) -> int:
    """
    Play the demo: an embedded server, the sandbox, two workers, beat, and a bad day.

    Takes about half a minute and ends by itself. It has settings of its own,
    reads none of yours, and leaves nothing behind, also when it is interrupted.
    To be called from the main thread, because it minds Ctrl-C and SIGTERM.

    Args:
        console: Where to tell; standard output when None.

    Returns:
        0 when the sandbox's ledger confirms every line of the table, 1 when it
        does not or a part did not start, 130 when it was interrupted.
    """
    console = console or Console(highlight=False)
    try:
        with _ended_once_by_signals():
            return _Play(console).perform()
    except KeyboardInterrupt:
        console.print("interrupted; everything was ended and removed", markup=False)
        return 130
    except (DialerError, OSError) as error:
        console.print(f"the demo broke off: {error}", markup=False)
        return 1


@dataclass
class _Play:
    """One performance; what it has learnt so far."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    accepted: list[str] = field(default_factory=list)
    agent_came: bool = False
    cut: int = 0

    def perform(self) -> int:
        self.tell("starting a server, the sandbox API, two workers and beat")
        with stage() as on:
            self.start_crew(on)
            self.enqueue(on)
            enqueued = time.monotonic()
            self.kill_one(on)
            while self.unfinished(on):
                if time.monotonic() > enqueued + _END_WITHIN.total_seconds():
                    raise CrewFailed(f"after {_END_WITHIN.seconds} s there is still work left")
                self.act(on, timedelta(seconds=time.monotonic() - enqueued))
                self.progress(on)
                on.crew.check()
                time.sleep(_LOOK.total_seconds())
            repeated = self.enqueue_again(on)
            verdict = weigh(self.accepted, list(on.store.jobs.select()), on.sandbox.ledger.rows())
            self.tell("everything has ended; asking the sandbox's ledger\n")
        show(self.console, verdict, repeated=repeated, cut=self.cut)
        return 0 if verdict.ok and not repeated["created"] else 1

    def start_crew(self, on: Stage) -> None:
        pids = {on.crew.start("worker", "one"), on.crew.start("worker", "two")}
        on.crew.start("beat", "beat")
        until = time.monotonic() + _START_WITHIN.total_seconds()
        while not pids <= {int(str(one["pid"])) for one in on.store.bells.workers().values()}:
            on.crew.check()
            if time.monotonic() > until:
                raise CrewFailed(f"the workers were not ready within {_START_WITHIN.seconds} s")
            time.sleep(_LOOK.total_seconds())
        self.tell("both workers are ready")

    def enqueue(self, on: Stage) -> None:
        on.file.write_text("\n".join(lines(datetime.now(UTC))) + "\n")
        receipts = _enqueue_file(on)
        self.accepted = [receipt.job_id for receipt in receipts if receipt.job_id]
        on.store.suppression.add(
            [f"+91{number}" for number in UNWANTED.numbers()],
            account=None,
            who=_WHO,
            reason="asked not to be called",
        )
        self.tell(
            f"enqueued a file of {len(receipts)} calls, then put"
            f" {UNWANTED.calls} of its customers on the do-not-call list"
        )

    def kill_one(self, on: Stage) -> None:
        """Wait until a worker has requests in the air, and kill the one that has most."""
        slow = set(SLOW.numbers())
        until = time.monotonic() + _START_WITHIN.total_seconds()
        victim = ""
        while self.cut < _OPEN or not slow & _called(on):
            on.crew.check()
            if time.monotonic() > until:
                raise CrewFailed("the workers make no calls")
            time.sleep(_LOOK.total_seconds() / 4)
            open_requests = on.crew.open_requests(on.sandbox.port)
            victim = max(open_requests, key=lambda name: open_requests[name])
            self.cut = open_requests[victim]
        on.crew.kill(victim)
        self.tell(f"killed worker {victim} (SIGKILL) with {self.cut} requests open")
        on.crew.start("worker", "three")

    def act(self, on: Stage, since: timedelta) -> None:
        """Do what the day brings: an agent comes to work, a person looks after a hold."""
        if since > _AGENT_COMES and not self.agent_came:
            self.agent_came = True
            on.sandbox.use(world(agent_is_there=True))
            self.tell("the agent has come to work; calls through that agent had waited")
        for hold in on.store.holds.all():
            self.tell(f"{hold.scope} stopped itself ({hold.reason}); releasing the hold")
            on.store.holds.release(hold.scope, owner=hold.owner, who="demo")

    def unfinished(self, on: Stage) -> bool:
        counts = on.store.jobs.counts()
        return any(counts[state] for state in UNFINISHED)

    def enqueue_again(self, on: Stage) -> Counter[str]:
        verdicts = [receipt.verdict for receipt in _enqueue_file(on)]
        return Counter(map(str, verdicts))

    def progress(self, on: Stage) -> None:
        if time.monotonic() - self.told < _TELL.total_seconds():
            return
        counts = on.store.jobs.counts()
        seen = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
        waiting = ""
        if counts[State.DIALING] and not counts[State.READY] + counts[State.SCHEDULED]:
            waiting = " (the dead worker's leases run out)"
        self.tell(seen + waiting)

    def tell(self, text: str) -> None:
        self.told = time.monotonic()
        self.console.print(f"{self.told - self.began:5.1f}s  {text}", markup=False, soft_wrap=True)


def _called(on: Stage) -> set[str]:
    return {row.params.get("to", "") for row in on.sandbox.ledger.rows()}


def _enqueue_file(on: Stage) -> list[Receipt]:
    """
    Enqueue as `dialer enqueue FILE` does.

    Raises:
        InvalidCall: The demo's own file has a bad line.
    """
    producer = Dialer(on.store, on.settings, who=_WHO)
    with on.file.open("rb") as file:
        return list(producer.enqueue_many(_good(read_lines(file))))


def _good(read: Iterator[tuple[int, Order | InvalidCall]]) -> Iterator[Order]:
    for _, order in read:
        if isinstance(order, InvalidCall):
            raise order
        yield order


@contextmanager
def _ended_once_by_signals() -> Iterator[None]:
    """Make SIGTERM the same as Ctrl-C, and a second one wait for the cleaning up."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
