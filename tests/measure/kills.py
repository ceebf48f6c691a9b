"""
Kill processes of a running `dialer up --sandbox` at random moments, and say how long each is gone.

Not a test: it takes minutes. Calls are enqueued all the time. At each turn one
process of the stack (server, sandbox, a worker, beat, Flower) is ended with
SIGKILL, or two at once, or `dialer up` itself, which is then started again by
hand as an operator would. A turn is over when each of them is another process
that does its work: a worker has announced itself, a server answers.

    python tests/measure/kills.py [TURNS]        CHAOS_SEED brings a run back

It prints one line a turn, writes ops/kills.md, and ends with the verdict: what was accepted, how it
ended, what the sandbox's ledger says. Exit status 1 when a repair took more
than 30 seconds, a job was lost, or somebody was rung twice.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from chaos import CALLER, new_seed, thread
from stack import wait_until

from dialer.bootstrap.dialer import Dialer
from dialer.bootstrap.store import store_of
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.errors import DialerError
from dialer.local.embedded_server import left_in
from dialer.local.up.folder import PRACTICE_DATA
from dialer.machine import run_directory as running
from dialer.settings import Settings
from dialer.store import Store

TURNS = 40
REPORT = Path(__file__).parents[2] / "ops" / "kills.md"
RATE = 4.0
#: What the issue promises, seconds; some more is waited to see how long it would have been.
PROMISED, PATIENCE = 30.0, 90.0
PARTS = ("server", "sandbox", "worker1", "worker2", "beat", "flower")
UP = "dialer up"
#: Whatever ends here ends for good.
ENDED = {State.PLACED, State.UNCONFIRMED}
QUICK = {
    "DIALER_WIRE__CONNECT_TIMEOUT": "500ms",
    "DIALER_WIRE__DEADLINE": "2s",
    "DIALER_JOBS__LEASE": "9s",
    "DIALER_JOBS__QUARANTINE": "12s",
    "DIALER_RETRY__PROVIDER__FIRST": "500ms",
    "DIALER_BREAKER__FIRST_PROBE": "1s",
    "DIALER_BEAT__TICK": "2s",
}
_NAME = re.compile(r"(worker\d)-|workers\.(flower)|dialer\.(sandbox)|(beat)$")


class Up:
    """`dialer up` in the current folder, started as often as it is killed."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.flower = probe.getsockname()[1]
        kept = {name: one for name, one in os.environ.items() if not name.startswith("DIALER_")}
        self._env = {**kept, **QUICK, "DIALER_FLOWER__PORT": str(self.flower)}
        self.log = Path("up.log")
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dialer", "up", "--sandbox", "--workers", "2"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self._env, stdout=log, stderr=log)

    def kill(self) -> None:
        """Kill it, and start another one at once."""
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def end(self) -> int:
        """Press Ctrl-C; its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def pids() -> dict[str, int]:
    """The processes that run, by what they are."""
    said, found = running.read_stack(), {}
    noted = map(running.find, said.get("parts", ()))
    for process in filter(None, [*noted, left_in(running.RUNTIME_DIRECTORY / PRACTICE_DATA)]):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            name = _NAME.search(" ".join(process.cmdline()))
            found[next(filter(None, name.groups())) if name else "server"] = process.pid
    return found


def store() -> Store:
    return store_of(Settings.load(env=QUICK))


def works(name: str, before: int | None, flower: int) -> bool:
    """Whether a part is another process than before, and does its work."""
    pid = pids().get(name)
    if pid is None or pid == before:
        return False
    with suppress(DialerError, OSError):
        if name == "flower":
            socket.create_connection(("127.0.0.1", flower), 1).close()
        elif name == "sandbox":
            port = re.search(r"127\.0\.0\.1:(\d+)", Path(".dialer/sandbox.toml").read_text())
            assert port
            socket.create_connection(("127.0.0.1", int(port[1])), 1).close()
        elif name != "beat":
            one = store()
            live = {worker.pid for worker in one.doorbells.live(one.server.time())}
            one.server.close()
            return name == "server" or pid in live
        return True
    return False


class Load:
    """Enqueues one call after the other, each until it is accepted."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.accepted: dict[str, str] = {}

    def run(self) -> None:
        number = 0
        while not self.stop.wait(1 / RATE):
            number += 1
            to = f"{9100000000 + number}"
            while not (self._accepted(to) or self.stop.wait(0.3)):
                pass

    def _accepted(self, to: str) -> bool:
        with suppress(DialerError, OSError):
            one, order = store(), Order.parse({"from": CALLER, "to": to, "key": to})
            try:
                (receipt,) = Dialer(one, Settings.load(env=QUICK), who="load").enqueue_many([order])
            finally:
                one.server.close()
            if receipt.job_id:
                self.accepted[receipt.job_id] = to
            return bool(receipt.job_id)
        return False


def turn(up: Up, rng: Random) -> tuple[str, float]:
    """Kill something; what it was, and after how many seconds all of it worked again."""
    time.sleep(rng.uniform(0.2, 4))
    before = pids()
    drawn = rng.sample((*PARTS, UP), 1 if rng.random() < 0.7 else 2)
    began = time.monotonic()
    for name in drawn:
        if name == UP:
            up.kill()
        elif name in before:
            with suppress(ProcessLookupError):
                os.kill(before[name], signal.SIGKILL)
    # Whoever kills `dialer up` has everything started anew.
    gone = PARTS if UP in drawn else [name for name in drawn if name in before]
    wait_until(
        lambda: all(works(name, before.get(name), up.flower) for name in gone),
        within=PATIENCE,
        why=f"{' and '.join(gone)} work again",
        every=0.1,
    )
    return " and ".join(drawn), time.monotonic() - began


def verdict(load: Load) -> tuple[str, bool]:
    """How the accepted jobs ended, and what the ledger says; whether that is as promised."""
    one = store()
    states: Counter[State] = Counter()

    def at_rest() -> bool:
        states.clear()
        states.update(one.jobs.get(job).state for job in load.accepted)
        return set(states) <= ENDED

    with suppress(AssertionError):
        wait_until(at_rest, within=PATIENCE, why="every call ends", every=0.5)
    ledger = Path(".dialer/sandbox-ledger.jsonl").read_text().splitlines()
    rung = Counter(row["params"]["to"] for row in map(json.loads, ledger) if row["placed"])
    placed = [to for job, to in load.accepted.items() if one.jobs.get(job).state is State.PLACED]
    one.server.close()
    told = {
        "accepted": len(load.accepted),
        **{str(state): count for state, count in sorted(states.items())},
        "lost": sum(states[state] for state in set(states) - ENDED),
        "twice": sum(count > 1 for count in rung.values()),
        "placed_and_not_rung": sum(to not in rung for to in placed),
    }
    good = not told["lost"] and not told["twice"] and not told["placed_and_not_rung"]
    return "  ".join(f"{name.replace('_', ' ')}={value}" for name, value in told.items()), good


HEAD = """\
# Kills, measured

`make kills` on {day}: `dialer up --sandbox --workers 2`, {rate:g} calls a second all the time,
a SIGKILL at a random moment, {cores} cores. Seconds until each process that was killed is
another one that does its work. What dies again and again is started after a pause of up
to 15 seconds.

| killed | times | mean | longest |
|---|---|---|---|
{rows}

{verdict}
"""


def kind(killed: str) -> str:
    """What the page calls it."""
    if UP in killed:
        return f"`{UP}`, started again by hand"
    return "two at once" if " and " in killed else re.sub(r"worker\d", "a worker", killed)


def report(took: list[tuple[str, float]], told: str) -> str:
    """The page for operators."""
    kinds: dict[str, list[float]] = {}
    for killed, seconds in took:
        kinds.setdefault(kind(killed), []).append(seconds)
    rows = "\n".join(
        f"| {name} | {len(some)} | {sum(some) / len(some):.1f} | {max(some):.1f} |"
        for name, some in sorted(kinds.items())
    )
    day = datetime.now(UTC).date()
    return HEAD.format(day=day, cores=os.cpu_count(), rate=RATE, rows=rows, verdict=told)


def main() -> int:
    turns = int(sys.argv[1]) if sys.argv[1:] else TURNS
    seed = new_seed()
    print(f"CHAOS_SEED={seed}  turns={turns}  calls a second={RATE}", flush=True)
    rng, load, took = Random(seed), Load(), []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        up = Up()
        try:
            wait_until(
                lambda: all(works(name, None, up.flower) for name in PARTS),
                within=PATIENCE,
                why="the stack works",
            )
            with thread(threading.Thread(target=load.run), load.stop):
                for nth in range(1, turns + 1):
                    took.append(turn(up, rng))
                    print(f"{nth:3}  {took[-1][1]:5.1f} s  {took[-1][0]}", flush=True)
            told, good = verdict(load)
        except AssertionError as error:
            told, good = f"{error}\n" + "\n".join(up.log.read_text().splitlines()[-25:]), False
        finally:
            status = up.end()
            os.chdir("/")
    longest = max((seconds for _, seconds in took), default=0.0)
    good = good and longest <= PROMISED and status == 0
    if good and not sys.argv[1:]:
        REPORT.write_text(report(took, told))
    print(f"longest={longest:.1f} s  {told}  exit status={status}")
    print("as promised" if good else "NOT as promised")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
