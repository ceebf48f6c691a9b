"""
Step the clocks of a running stack, and write what became of it to ops/clocks.md.

Real processes: a server, two workers and beat, each with a wall clock that is shifted by a
preloaded library (`shifted.c`, made here with the C compiler); the sandbox, which judges, keeps the
right time. Exits 1 when a law was broken. Every step, on a clock moved by hand, is in
tests/integration/test_clock_steps.py.
"""

import shutil
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pace import excess
from stack import Stack, stack, wait_until

from dialer.domain.call.call import ClickToCall
from dialer.domain.job.job import State
from dialer.domain.job.order import Order
from dialer.local.server_binary import find_server

REPORT = Path(__file__).parents[2] / "ops" / "clocks.md"
RATE, CALLS = 4.0, 400
HOUR, DAY, NONE = timedelta(hours=1), timedelta(days=1), timedelta(0)
#: Seconds before a step, and how long what follows is watched.
BEFORE, AFTER = 5.0, 30.0


class Shift:
    """One file that says how far some processes are ahead."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.to(NONE)

    def to(self, by: timedelta) -> None:
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("<q", by // timedelta(microseconds=1)))


@dataclass(frozen=True)
class Case:
    """One step of clocks: whose, how far, and after how many seconds back again."""

    name: str
    whose: frozenset[str]
    by: timedelta
    back: float = 0.0
    goes_on: bool = True
    cut: bool = False


ALL, STORE, WORKERS = frozenset({"store", "workers"}), frozenset({"store"}), frozenset({"workers"})
CASES = [
    Case("all back 1 h, after a rate cut", ALL, -HOUR, cut=True),
    Case("all back 5:30 h (local time set right)", ALL, -5.5 * HOUR),
    Case("all on 1 h", ALL, HOUR, goes_on=False),
    Case("all on 2 d, and back after 6 s", ALL, 2 * DAY, back=6.0),
    Case("the store alone on 40 d, and back after 6 s", STORE, 40 * DAY, back=6.0),
    Case("the workers alone on 66 s", WORKERS, timedelta(seconds=66), goes_on=False),
]


def shifted(folder: Path, library: Path) -> Path:
    """Write a server program that runs the real one with the store's shift."""
    program = folder / "server"
    program.write_text(
        f"#!/bin/sh\nLD_PRELOAD={library} CLOCK_SHIFT={folder / 'store'}"
        f' exec {find_server()} "$@"\n'
    )
    program.chmod(0o755)
    return program


def fill(running: Stack, case: Case) -> None:
    """Hand the calls in; some are to stay, and some wait for an end that is near by the wall."""
    producer = running.producer()
    if case.cut:
        running.sandbox.fault(do="status", status=429, place=False, when={"nth": 3})
    list(
        producer.enqueue_many(
            Order(ClickToCall(from_="9000000001", to=f"91{n:08d}")) for n in range(CALLS)
        )
    )
    end = datetime.now(UTC) + timedelta(minutes=20)
    producer.enqueue(
        ClickToCall(from_="9000000001", to="9299999999"),
        key="mortal",
        not_before=end - timedelta(minutes=1),
        not_after=end,
    )


def run(case: Case, folder: Path, library: Path) -> tuple[str, bool]:
    shifts = {name: Shift(folder / name) for name in ("store", "workers")}
    settings = {"ACCOUNTS__DEFAULT__CALLS_PER_SECOND": f"{RATE:g}", "LOG__LEVEL": "warning"}
    with stack(folder, settings, binary=shifted(folder, library)) as running:
        fill(running, case)
        running.env |= {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(folder / "workers")}
        running.workers(2)
        running.start("beat")
        wait_until(lambda: len(running.sandbox.rows()) > RATE * BEFORE, within=60, why="calls")
        stepped = time.monotonic()
        for name in case.whose:
            shifts[name].to(case.by)
        if case.back:
            time.sleep(case.back)
            for name in case.whose:
                shifts[name].to(NONE)
        time.sleep(AFTER)
        return judge(running, case, stepped)


def judge(running: Stack, case: Case, stepped: float) -> tuple[str, bool]:
    store = running.store()
    times = [row.first_byte_ns / 1e9 for row in running.sandbox.rows()]
    late = [at for at in times if at > stepped + AFTER - 10]
    over = excess(times, rate=RATE, burst=1)
    counts = store.jobs.counts()
    held = sorted({hold.owner for hold in store.holds.all() if hold.scope == "all"})
    mortal = next(job for job in store.jobs.select() if job.key == "mortal")
    numbers = [row.params["to"] for row in running.sandbox.rows() if row.placed]
    twice = len(numbers) - len(set(numbers))
    store.server.close()
    good = (
        over <= RATE * 0.25
        and not twice
        and counts[State.SKIPPED] == 0
        and mortal.state is State.SCHEDULED
        and bool(late) is case.goes_on
    )
    row = (
        f"| {case.name} | {len(times)} | {over:.2f} (allowed: {RATE * 0.25:g}) | {len(late)} | "
        f"{', '.join(held) or '-'} | {counts[State.SKIPPED]} | {twice} | "
        f"{'yes' if good else 'NO'} |"
    )
    return row, good


HEAD = """\
# Clocks that step, measured

`make clocks` on {day}: a server, two workers and beat, whose wall clocks were shifted while they
worked at {rate:g} calls/s; the sandbox kept the right time and counted. A step comes after about
{before:.0f} s, and is watched for {after:.0f} s.

| step | requests | excess over the rate | in the last 10 s | held by | ended | twice | right |
|---|---|---|---|---|---|---|---|
{rows}

* Excess: requests above rate x window + burst in the worst window, by the sandbox's clock.
* Forwards, nobody is rung until the clock is back or a person says that it is right. Clocks of
  workers that differ from the store's dial nothing; `status` and `doctor` show by how much.
"""


def main() -> int:
    compiler = shutil.which("cc")
    if compiler is None:
        print("a C compiler (cc) is needed to shift clocks", file=sys.stderr)
        return 2
    rows, good = [], True
    with tempfile.TemporaryDirectory() as made:
        library = Path(made) / "shifted.so"
        source = Path(__file__).with_name("shifted.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        for case in CASES:
            with tempfile.TemporaryDirectory() as folder:
                row, fine = run(case, Path(folder), library)
            print(row, flush=True)
            rows.append(row)
            good = good and fine
    REPORT.write_text(
        HEAD.format(
            day=f"{datetime.now(UTC):%Y-%m-%d}",
            rate=RATE,
            before=BEFORE,
            after=AFTER,
            rows="\n".join(rows),
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
