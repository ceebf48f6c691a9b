"""The demo's course of events, from the first process to the verdict."""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from dialer.domain.api_key import ApiScope
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.domain.job.receipt import Receipt, Verdict
from dialer.errors import DialerError, InvalidCall
from dialer.lists import Lines, read_orders
from dialer.local.demo.script import PLAIN, UNWANTED, lines, world
from dialer.local.demo.stage import DemoFailed, Stage, stage
from dialer.local.demo.table import show
from dialer.local.demo.verdict import UNFINISHED, weigh
from dialer.local.signals import Signals
from dialer.remote import RemoteDialer
from dialer.text.printable import printable, printable_lines

#: Two looks at everything.
_LOOK = timedelta(milliseconds=100)
#: Two lines of progress.
_PROGRESS = timedelta(seconds=2)
#: When the agent comes to work, counted from the enqueueing.
_AGENT_COMES = timedelta(seconds=3)
#: Requests that a worker must have open to be killed.
_OPEN = 2
#: Workers need seconds to start, and the machine may be busy.
_START_WITHIN = timedelta(seconds=60)
_END_WITHIN = timedelta(seconds=90)
#: Calls that another service hands in.
_OVER_HTTP = 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run() -> int:
    """
    Play the demo: an embedded server, the sandbox, two workers, beat, and a bad day.

    Takes about half a minute. It reads none of your settings, and leaves nothing behind, also
    when it is interrupted. For the main thread, because it handles Ctrl-C and SIGTERM.

    Returns:
        0 when the sandbox's ledger confirms every line of the table, 1 when it
        does not or a part did not start, 130 when it was interrupted.
    """
    console = Console(highlight=False)
    try:
        with Signals(_SIGNALS, requests=0):
            return _Play(console).perform()
    except KeyboardInterrupt:
        console.print("interrupted; everything was ended and removed", markup=False)
        return 130
    except (DialerError, OSError) as error:
        for line in printable_lines(f"the demo broke off: {error}"):
            console.print(line, markup=False)
        return 1


@dataclass
class _Play:
    """One performance and its state."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    reported: float = 0.0
    accepted: list[str] = field(default_factory=list)
    agent_came: bool = False
    cut: int = 0

    def perform(self) -> int:
        self.report("starting a server, the sandbox API, two workers and beat")
        with stage() as on:
            self.start_workers(on)
            self.enqueue(on)
            enqueued = time.monotonic()
            self.kill_one(on)
            while any((counts := on.dialer.counts())[state] for state in UNFINISHED):
                if time.monotonic() > enqueued + _END_WITHIN.total_seconds():
                    raise DemoFailed(f"after {_END_WITHIN.seconds} s there is still work left")
                self.act(on, timedelta(seconds=time.monotonic() - enqueued))
                self.progress(counts)
                on.processes.check()
                time.sleep(_LOOK.total_seconds())
            repeated = Counter(str(receipt.verdict) for receipt in _enqueue_file(on))
            verdict = weigh(self.accepted, list(on.dialer.jobs()), on.sandbox.ledger.rows())
            self.report("everything has ended; asking the sandbox's ledger")
            self.console.print()
        show(self.console, verdict, repeated=repeated, cut=self.cut)
        return 0 if verdict.ok and not repeated["created"] else 1

    def start_workers(self, on: Stage) -> None:
        pids = {on.processes.start("worker", "one"), on.processes.start("worker", "two")}
        on.processes.start("beat", "beat")
        on.processes.start("api", "api")
        until = time.monotonic() + _START_WITHIN.total_seconds()
        while not pids <= {one.pid for one in on.dialer.operations.status().workers}:
            on.processes.check()
            if time.monotonic() > until:
                raise DemoFailed(f"the workers were not ready within {_START_WITHIN.seconds} s")
            time.sleep(_LOOK.total_seconds())
        self.report("both workers are ready")

    def enqueue(self, on: Stage) -> None:
        on.file.write_text("\n".join(lines(datetime.now(UTC))) + "\n")
        over_http = _hand_in(on, [json.loads(line) for line in on.file.read_text().splitlines()])
        receipts = [*over_http, *_enqueue_file(on)]
        receipts = [one for one in receipts if one.verdict is Verdict.CREATED]
        self.accepted = [receipt.job_id for receipt in receipts if receipt.job_id]
        on.dialer.suppress(UNWANTED.numbers(), reason="asked not to be called")
        self.report(
            f"handed {len(over_http)} calls in over HTTP and a file of the other"
            f" {len(receipts) - len(over_http)}, then put"
            f" {UNWANTED.calls} of its customers on the do-not-call list"
        )

    def kill_one(self, on: Stage) -> None:
        """Wait until a worker has requests in flight, and kill the one that has most."""
        until = time.monotonic() + _START_WITHIN.total_seconds()
        victim, before = "", set[int]()
        while self.cut < _OPEN:
            on.processes.check()
            if time.monotonic() > until:
                raise DemoFailed("the workers make no calls")
            time.sleep(_LOOK.total_seconds() / 4)
            waiting = set(on.sandbox.waiting())
            # One that waited before is a slow one, and waits on: it is open when the worker dies.
            victim, self.cut = on.processes.owners(waiting & before).most_common(1)[0]
            before = waiting
        on.processes.kill(victim)
        self.report(f"killed worker {victim} (SIGKILL) with {self.cut} requests open")
        on.processes.start("worker", "three")

    def act(self, on: Stage, since: timedelta) -> None:
        """Bring an agent to work, and release holds."""
        if since > _AGENT_COMES and not self.agent_came:
            self.agent_came = True
            on.sandbox.use(world(agent_is_there=True))
            self.report("the agent has come to work; calls through that agent had waited")
        for hold in on.dialer.operations.holds.all():
            self.report(f"{hold.scope} stopped itself ({hold.reason}); releasing the hold")
            on.dialer.release(hold.scope, owner=hold.owner)

    def progress(self, counts: Mapping[str, int]) -> None:
        if time.monotonic() - self.reported < _PROGRESS.total_seconds():
            return
        seen = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
        waiting = ""
        if counts[State.DIALING] and not counts[State.READY] + counts[State.SCHEDULED]:
            waiting = " (the dead worker's leases run out)"
        self.report(seen + waiting)

    def report(self, text: str) -> None:
        self.reported = time.monotonic()
        line = printable(f"{self.reported - self.began:5.1f}s  {text}")
        self.console.print(line, markup=False, soft_wrap=True)


def _hand_in(on: Stage, rows: list[dict[str, Any]]) -> list[Receipt]:
    """Hand some of the plain calls in as another service does."""
    plain = [row for row in rows if row["key"] in PLAIN.keys()][:_OVER_HTTP]  # noqa: SIM118 - its own method
    _, key = on.dialer.api_keys.create("demo", [ApiScope.ENQUEUE])
    with RemoteDialer(on.dialer.settings.api.url, key=key) as remote:
        return list(remote.enqueue_rows(plain))


def _enqueue_file(on: Stage) -> list[Receipt]:
    """Enqueue as `dialer enqueue FILE` does; InvalidCall for a bad line."""
    with on.file.open("rb") as file:
        return list(on.dialer.enqueue_many(_good(read_orders(Lines(file)))))


def _good(read: Iterator[tuple[int, Order | InvalidCall]]) -> Iterator[Order]:
    for _, order in read:
        if isinstance(order, InvalidCall):
            raise order
        yield order
