"""`dialer up`: one command runs everything, repairs it, and stops it in peace."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from stack import wait_until

from dialer.bootstrap.dialer import Dialer
from dialer.bootstrap.store import store_of
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.errors import DialerError
from dialer.local.embedded_server import left_in
from dialer.machine import run_directory as running
from dialer.settings import Settings
from dialer.store import Store

#: Everything that takes a minute in a real day takes seconds here.
QUICK = {
    "DIALER_WIRE__CONNECT_TIMEOUT": "500ms",
    "DIALER_WIRE__DEADLINE": "1s",
    "DIALER_JOBS__LEASE": "7s",
    "DIALER_JOBS__QUARANTINE": "8s",
    "DIALER_RETRY__PROVIDER__FIRST": "500ms",
    "DIALER_BREAKER__FIRST_PROBE": "1s",
    "DIALER_BEAT__TICK": "1s",
}
CALLS = 12
DONE = {State.PLACED, State.UNCONFIRMED}


class Up:
    """One `dialer up` in a folder, and what it printed."""

    def __init__(self, env: dict[str, str], *options: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dialer", "up", *options],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())

    def end(self, *signals: int, within: float = 30) -> int:
        """Send signals, wait for the end and for the last line."""
        for one in signals:
            self.process.send_signal(one)
        status = self.process.wait(within)
        self._reader.join(within)
        return status

    def said(self, pattern: str) -> "re.Match[str] | None":
        """Look for a line."""
        return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)


@pytest.fixture
def env(tmp_path, monkeypatch) -> dict[str, str]:
    """Variables of a terminal in an empty folder, with nothing configured but haste."""
    monkeypatch.chdir(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        service = probe.getsockname()[1]
    ports = {"DIALER_FLOWER__PORT": str(port), "DIALER_API__PORT": str(service)}
    return {**kept, **QUICK, **ports}


@pytest.fixture
def watch():
    """Watches on a terminal, and does not outlive the test."""
    started: list[Watching] = []

    def start(env: dict[str, str]) -> Watching:
        started.append(Watching(env))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(10)


@pytest.fixture
def up(env):
    """Starts stacks; whatever happens, nothing of them is left."""
    started: list[Up] = []

    def start(*options: str) -> Up:
        started.append(Up(env, *options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGTERM, signal.SIGINT)


def pids() -> dict[str, int]:
    """The processes of the stack that run, by what they are."""
    noted = running.read_stack().get("parts", ())
    found = {}
    for process in filter(
        None, [*map(running.find, noted), left_in(Path(".dialer/sandbox-redis"))]
    ):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            found[_name(process)] = process.pid
    return found


def _name(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    found = re.search(
        r"(worker\d)-|workers\.(flower)|dialer\.(sandbox)|dialer (api)$|(beat)$", words
    )
    return next(filter(None, found.groups())) if found else "server"


def ready(workers: int) -> bool:
    """Whether so many workers of this stack have announced themselves."""
    try:
        mine = {pid for name, pid in pids().items() if name.startswith("worker")}
        with opened() as store:
            live = {one.pid for one in store.doorbells.live(store.server.time())}
    except DialerError:
        return False
    return len(mine) == workers and mine <= live


@contextmanager
def opened() -> Iterator[Store]:
    """Connect to the store as any other terminal in the folder would."""
    store = store_of(Settings.load(env=QUICK))
    try:
        yield store
    finally:
        store.server.close()


def states(jobs: list[str]) -> Counter[State]:
    """Count the states of some jobs; none while the store is away."""
    try:
        with opened() as store:
            return Counter(store.jobs.get(job).state for job in jobs)
    except DialerError:
        return Counter()


def enqueue(count: int) -> list[str]:
    """Hand over so many calls, each to a customer of its own; the ids of their jobs."""
    raw = [{"from": "9000000001", "to": f"90001{nth:05d}"} for nth in range(count)]
    with opened() as store:
        producer = Dialer(store, Settings.load(env=QUICK), who="test")
        receipts = producer.enqueue_many(Order.parse(one) for one in raw)
        return [receipt.job_id for receipt in receipts]


def flower_answers(env: dict[str, str], login: str, page: str = "workers") -> int:
    """Ask Flower for a page with a login; its HTTP status, 0 when it does not listen yet."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{env['DIALER_FLOWER__PORT']}/{page}",
        headers={"Authorization": f"Basic {b64encode(login.encode()).decode()}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


class Watching:
    """`dialer status --watch` on a terminal of its own."""

    def __init__(self, env: dict[str, str]) -> None:
        ours, theirs = pty.openpty()
        self._screen = ours
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dialer", "status", "--watch"],
            env={**env, "TERM": "xterm", "COLUMNS": "120", "LINES": "50"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._shown = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        # At the end Linux raises: the other side is closed.
        with contextlib.suppress(OSError):
            while more := os.read(self._screen, 65536):
                self._shown += more
        os.close(self._screen)

    def stop(self) -> str:
        """Press Ctrl-C; what the terminal has shown, once it ended as it should."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        self._reader.join(20)
        shown = self._shown.decode(errors="replace")
        assert (status, "Traceback" in shown) == (0, False), shown
        return shown


def test_everything_is_killed_once_under_load(up, watch, env):
    """Each process but ours is killed; all come back, no job is lost and nobody is rung twice."""
    one = up("--sandbox", "--workers", "2")
    wait_until(lambda: ready(2), within=30, why="two workers announce themselves")
    watching = watch(env)
    jobs = enqueue(CALLS)
    password = one.said(r"user dialer, password (\S+)")
    assert password
    wait_until(
        lambda: flower_answers(env, f"dialer:{password[1]}") == 200, within=20, why="Flower answers"
    )
    for page, without in (("workers", 401), ("metrics", 401), ("healthcheck", 200)):
        assert flower_answers(env, "dialer:wrong", page) == without
    assert flower_answers(env, f"dialer:{password[1]}", "metrics") == 200

    before = pids()
    practice = str(Path(".dialer/sandbox.toml").absolute())
    parts = {psutil.Process(pid) for name, pid in before.items() if name != "server"}
    assert {process.environ()["DIALER_CONFIG"] for process in parts} == {practice}
    killed = {name: pid for name, pid in before.items() if name != "worker2"}
    assert sorted(killed) == ["api", "beat", "flower", "sandbox", "server", "worker1"]
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(
        lambda: set(before) == set(pids()) and not set(killed.values()) & set(pids().values()),
        within=30,
        why="each killed process is another one now",
    )
    wait_until(
        lambda: states(jobs).total() == CALLS and set(states(jobs)) <= DONE,
        within=30,
        why="every call is made",
    )
    ended = states(jobs)
    wait_until(lambda: ready(2), within=30, why="both workers are there again")
    assert {"placed", "2 alive"} <= set(re.findall("placed|2 alive", watching.stop()))

    rows = [
        json.loads(line) for line in Path(".dialer/sandbox-ledger.jsonl").read_text().splitlines()
    ]
    rung = Counter(row["params"]["to"] for row in rows if row["placed"])
    assert set(rung.values()) == {1}
    assert len(rung) >= ended[State.PLACED] >= CALLS - 5
    left = [psutil.Process(pid) for pid in pids().values()]
    assert one.end(signal.SIGINT) == 0
    assert not any(process.is_running() for process in left)
    assert one.said("worker1 .* was ended by SIGKILL; starts again in 500ms")
    stops = [line for line in one.lines if " | stopping " in line]
    assert [line.split(" stopping ")[1] for line in stops] == [
        "worker1 and worker2 and api",
        "beat and flower",
        "sandbox",
        "server",
    ]
    assert not any("by force" in line for line in one.lines)
    assert not any("Traceback" in line for line in one.lines)
    assert sorted(path.name for path in Path(".dialer").iterdir()) == [
        "sandbox-ledger.jsonl",
        "sandbox-redis",
        "tidemark",
        "up.lock",
    ]


def test_a_killed_stack_ends_in_peace_and_the_next_one_takes_over(up):
    """Without us nothing goes on dialling; the next `up` keeps the data and ends what is left."""
    first = up("--sandbox", "--no-flower")
    wait_until(lambda: ready(1), within=30, why="the first is ready")
    jobs = enqueue(1)
    left = {name: psutil.Process(pid) for name, pid in pids().items()}
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    parts = [process for name, process in left.items() if name != "server"]
    gone, _ = psutil.wait_procs(parts, timeout=20)
    assert {process.pid for process in gone} == {process.pid for process in parts}
    assert left["server"].is_running()

    second = up("--sandbox", "--no-flower")
    wait_until(lambda: ready(1), within=30, why="the next is ready")
    assert second.said("ending what a `dialer up` that was killed here left running")
    assert not left["server"].is_running()
    wait_until(lambda: set(states(jobs)) <= DONE and bool(states(jobs)), within=20, why="kept")
    third = up("--sandbox", "--no-flower")
    assert third.end() == 1
    assert third.said("`dialer up` runs here already, as process")

    left = {name: psutil.Process(pid) for name, pid in pids().items()}
    assert second.end(signal.SIGTERM, signal.SIGINT, within=5) == 130
    assert not any(process.is_running() for process in left.values())
