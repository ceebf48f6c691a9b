"""What ends processes at bad moments, what an operator does then, how the end is judged."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random, SystemRandom

import psutil
from celery import Celery
from stack import QUICK, SandboxProcess, Stack, wait_until

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import Job, State
from dialer.domain.job.order import Order
from dialer.errors import DialerError
from dialer.sandbox import DEFAULT_WORLD, Row, judge
from dialer.store import Store

CALLER = "9000000001"
#: What leaves a job to nobody but a worker, or to the clock.
UNDER_WAY = (State.SCHEDULED, State.READY, State.DIALING)


def new_seed() -> int:
    """A seed for this run, printed by whoever draws from it; CHAOS_SEED brings a run back."""
    return int(os.environ.get("CHAOS_SEED") or SystemRandom().randrange(10**6))


def order(number: str) -> Order:
    """A call to a number, without any key but itself."""
    return Order(ClickToCall(from_=CALLER, to=number))


def slow_world(median: str) -> dict[str, object]:
    """The sandbox's world with people that think before they answer."""
    return DEFAULT_WORLD.model_dump(mode="json") | {"latency": {"median": median}}


def enqueue(running: Stack, numbers: Sequence[str]) -> list[str]:
    """Hand calls over and return their ids, one a number."""
    receipts = running.producer().enqueue_many(order(number) for number in numbers)
    return [receipt.job_id for receipt in receipts]


def to_of(job: Job) -> str:
    """The number a job rings, as it stands on the wire."""
    return ClickToCall.from_content(job.content).wire()["to"]


def intent(job: Job) -> dict[str, str]:
    """A job as the oracle wants to hear of it."""
    wire = ClickToCall.from_content(job.content).wire()
    return {
        "id": job.id,
        "from": wire["from"],
        "to": wire["to"],
        "state": str(job.state),
        "call_id": job.call_id,
    }


@dataclass(frozen=True)
class Facts:
    """
    What a run has left, read once everything was at rest.

    Attributes:
        jobs: Every job in the store.
        rows: The sandbox's ledger.
        lost: Ids that were enqueued and are not in exactly one state.
        violations: What the oracle holds against us.
        twice: Numbers that were placed more than once.
    """

    jobs: list[Job]
    rows: list[Row]
    lost: list[str]
    violations: tuple[str, ...]
    twice: int

    @property
    def states(self) -> "Counter[str]":
        """How many jobs ended where."""
        return Counter(str(job.state) for job in self.jobs)

    def line(self, **more: object) -> str:
        """One line of facts."""
        states = self.states
        told = {
            **more,
            "requests": len(self.rows),
            **{state: states[state] for state in ("placed", "dead", "unconfirmed", "skipped")},
            "twice": self.twice,
            "lost": len(self.lost),
        }
        return "  ".join(f"{name.replace('_', ' ')}={value}" for name, value in told.items())


def facts(running: Stack, enqueued: Sequence[str]) -> Facts:
    """Read the store and the ledger, and let the oracle judge them."""
    store = running.store()
    try:
        jobs = list(store.jobs.select())
    finally:
        store.server.close()
    rows = running.sandbox.rows()
    times = Counter(job.id for job in jobs)
    placed = Counter(row.params["to"] for row in rows if row.placed and "to" in row.params)
    return Facts(
        jobs=jobs,
        rows=rows,
        lost=[job_id for job_id in enqueued if times[job_id] != 1],
        violations=judge(rows, map(intent, jobs)).violations,
        twice=sum(count > 1 for count in placed.values()),
    )


def wait_for_rest(store: Store, *, within: float) -> None:
    """Wait until no job is under way any more."""

    def at_rest() -> bool:
        try:
            counts = store.jobs.counts()
        except DialerError:
            return False
        return not any(counts[state] for state in UNDER_WAY)

    try:
        wait_until(at_rest, within=within, why="every job comes to its end", every=0.1)
    except AssertionError as error:
        left = {state.value: count for state, count in store.jobs.counts().items() if count}
        holds = [f"{hold.scope} by {hold.owner}: {hold.reason}" for hold in store.holds.all()]
        raise AssertionError(f"{error}; now {left}, held {holds}") from None


@contextmanager
def thread(body: "threading.Thread", stop: threading.Event) -> Iterator[None]:
    """Run a thread for as long as the block lasts."""
    body.start()
    try:
        yield
    finally:
        stop.set()
        body.join(30)


@contextmanager
def operator(store: Store, *, every: timedelta = timedelta(milliseconds=50)) -> Iterator[list[str]]:
    """
    Release what the API's account codes have held, as a person who has repaired the account.

    Yields the reasons of the holds released. Holds of any other owner stay.
    """
    stop, released = threading.Event(), list[str]()

    def body() -> None:
        while not stop.wait(every.total_seconds()):
            for hold in store.holds.all():
                if hold.owner == "api":
                    released.append(hold.reason)
                    store.holds.release(hold.scope, owner="api", who="test")

    with thread(threading.Thread(target=body, daemon=True), stop):
        yield released


@contextmanager
def supervisor(
    running: Stack, *, every: timedelta = timedelta(milliseconds=500)
) -> Iterator[list[str]]:
    """Start a worker again when it has ended by itself, as systemd or compose would do."""
    stop, restarted = threading.Event(), list[str]()

    def body() -> None:
        while not stop.wait(every.total_seconds()):
            for name, process in list(running.processes.items()):
                if process.poll() is not None:
                    running.processes.pop(name)
                    restarted.append(name)
                    running.start(*(("beat",) if name.startswith("beat") else ("worker",)))

    with thread(threading.Thread(target=body, daemon=True), stop):
        yield restarted


class Wires:
    """Knows which worker processes have a POST open: the sandbox has it and has not answered."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._sandbox = sandbox

    def look(self, pids: Sequence[int]) -> dict[int, int]:
        """Count the POSTs that are surely open, by process."""
        ports = frozenset(json.loads(self._sandbox.ask("/open")))
        return {pid: count for pid in pids if (count := self._of(pid, ports))}

    def _of(self, pid: int, ports: frozenset[int]) -> int:
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.Error:
            return 0
        return sum(one.laddr.port in ports for one in connections)


@dataclass
class Killer:
    """
    Ends workers with SIGKILL and puts a new one in the place of each.

    Attributes:
        kills: Workers ended.
        open_posts: For each of them, how many POSTs were surely open.
    """

    running: Stack
    rng: Random
    wires: Wires
    open_posts: list[int] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Workers ended so far."""
        return len(self.open_posts)

    @property
    def while_open(self) -> int:
        """Those of them that had a POST open."""
        return sum(count > 0 for count in self.open_posts)

    def strike(self, *, while_open: bool, within: float = 20) -> None:
        """Kill a worker: one with an open POST, or any at a moment that chance chooses."""
        store = self.running.store()
        victims: list[str] = []
        found: dict[int, int] = {}
        moment = time.monotonic() + self.rng.uniform(0.0, 0.6)

        def ready() -> bool:
            nonlocal found
            names = self._announced(store)
            found = self.wires.look([self.running.processes[name].pid for name in names])
            victims[:] = [n for n in names if found.get(self.running.processes[n].pid)]
            if not while_open:
                victims[:] = names if time.monotonic() > moment else []
            return bool(victims)

        wait_until(ready, within=within, why="a worker to kill", every=0.1)
        name = self.rng.choice(sorted(victims))
        pid = self.running.processes[name].pid
        self.running.kill(name)
        self.open_posts.append(found.get(pid, 0))
        # Its place is filled a second sooner without Celery's round of greetings.
        self.running.start("worker", *QUICK)
        store.server.close()

    def _announced(self, store: Store) -> list[str]:
        alive = {int(str(record["pid"])) for record in store.doorbells.workers().values()}
        return [name for name, process in self.running.processes.items() if process.pid in alive]


def reaped(job: Job) -> bool:
    """Whether the job was given up because its worker was never heard of again."""
    return any(event.who == "reaper" for event in job.events)


def ring(running: Stack, doorbells: int, expires: float | None = None) -> None:
    """Ring doorbells that nobody has planned; they expire after so many seconds."""
    with Celery(broker=running.server.broker_url, set_as_current=False) as app:
        app.conf.broker_transport_options = {"global_keyprefix": "dialer-broker:"}
        with app.connection_for_write() as connection:
            for _ in range(doorbells):
                app.send_task(
                    "dialer.make_call",
                    ("default", ""),
                    queue="dialer",
                    connection=connection,
                    expires=expires,
                )


def script(running: Stack, rules: Sequence[dict[str, object]]) -> None:
    """Hand a whole script of faults to the sandbox."""
    running.sandbox.ask("/faults", method="POST", body=list(rules))
