"""The hard promise: whatever fails, nobody is rung twice and no call is lost."""

import os
import signal
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from budgets import FULL
from chaos import (
    Facts,
    Killer,
    Wires,
    enqueue,
    facts,
    new_seed,
    operator,
    order,
    reaped,
    ring,
    script,
    slow_world,
    supervisor,
    to_of,
    wait_for_rest,
)
from faultscript import Line, give_numbers, whole_script
from stack import Stack, stack, wait_until

from dialer.domain.job.job import State
from dialer.errors import StoreRefused, StoreUnavailable

#: It watches the clock closely, so nothing else may run beside it.
pytestmark = pytest.mark.alone

THREADS, MAX_TRIES = 12, 3
#: `make proofs` takes a thousand calls and 21 kills; `make test` has time for fewer.
CALLS, KILLS = (1000, 21) if FULL else (400, 6)
#: Short times, so that a bad day is over in a minute. Faults are the script's, one number
#: each, so the breaker, which looks at the account, has its own tests.
SETTINGS = {
    "WIRE__CONNECT_TIMEOUT": "500ms",
    "WIRE__DEADLINE": "1500ms",
    "JOBS__LEASE": "8s",
    "JOBS__QUARANTINE": "10s",
    "JOBS__MAX_TRIES": str(MAX_TRIES),
    "RETRY__PROVIDER__FIRST": "1s",
    "RETRY__AGENT__FIRST": "500ms",
    "RETRY__AGENT__FACTOR": "1",
    "RETRY__CAPACITY__FIRST": "1s",
    "BREAKER__FAULTS_IN_ROW": "1000",
    "BREAKER__SHARE": "1",
    "BREAKER__OF_LAST": "1000",
    "PACER__BELL_TIMEOUT": "1s",
    "WORKER__CONCURRENCY": str(THREADS),
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "120",
    "ACCOUNTS__DEFAULT__MAX_POSTING": "1000",
}


def numbered_lines() -> tuple[list[Line], Line, Line]:
    """Every aimed fault two or three times, or once; two lines that hit everybody; the rest."""
    numbers = (f"91000{n:05d}" for n in range(CALLS))
    # A connection that is closed as soon as it stands is seen before anything is sent.
    unread = Line({"do": "accept_close"}, "placed", "", 1)
    refused = Line({"do": "refuse"}, "placed", "", 1)
    give_numbers([unread, refused], numbers, each=12)
    lines = whole_script(max_tries=MAX_TRIES)
    give_numbers([line for line in lines if line.fault["do"] == "code"], numbers, each=1 + FULL)
    give_numbers([line for line in lines if line.fault["do"] != "code"], numbers, each=2 + FULL)
    plain = Line({}, "placed", "", 1)
    plain.numbers.extend(numbers)
    return [*lines, plain], unread, refused


def play_lines_for_everybody(running: Stack, unread: Line, refused: Line) -> list[str]:
    """Play the two faults that look at no number while only their own jobs are there."""
    store = running.store()
    running.sandbox.fault(do="accept_close", when={"times": len(unread.numbers)})
    jobs = enqueue(running, unread.numbers)
    wait_for_rest(store, within=20)
    running.sandbox.fault(do="refuse", hold="700ms")
    jobs += enqueue(running, refused.numbers)
    wait_for_rest(store, within=20)
    store.server.close()
    return jobs


def test_many_calls_every_fault_and_many_kills(tmp_path: Path):
    """No number is rung twice, no job is lost, and each ends where the script says."""
    seed = new_seed()
    print(f"CHAOS_SEED={seed}")
    rng = Random(seed)
    lines, unread, refused = numbered_lines()
    with stack(tmp_path, SETTINGS, world=slow_world("500ms")) as running:
        store = running.store()
        running.workers(3)
        running.start("beat")
        running.start("beat")
        jobs = play_lines_for_everybody(running, unread, refused)
        script(running, [rule for line in lines for rule in line.rules()])
        numbers = [number for line in lines for number in line.numbers]
        rng.shuffle(numbers)
        killer = Killer(running, rng, Wires(running.sandbox))
        share = len(numbers) // KILLS + 1
        with operator(store) as released:
            for first in range(0, len(numbers), share):
                jobs += enqueue(running, numbers[first : first + share])
                killer.strike(while_open=killer.kills % 3 != 2)
            wait_for_rest(store, within=60)
        end = facts(running, jobs)
        assert store.holds.all() == []
        suppressed = {entry.number for entry in store.suppression.entries()}
    killed = [job for job in end.jobs if reaped(job)]
    print(
        end.line(
            kills=killer.kills,
            while_a_POST_was_open=killer.while_open,
            lease_over=len(killed),
            holds_released=len(released),
        )
    )
    assert len(end.jobs) == len(set(jobs)) == CALLS
    assert end.lost == []
    assert end.violations == ()
    assert end.twice == 0
    assert killer.kills >= KILLS - 1
    assert killer.while_open >= KILLS // 2
    # A kill with an open POST leaves at least one job whose request the sandbox has seen.
    on_the_wire = {row.params.get("to") for row in end.rows}
    assert sum(to_of(job) in on_the_wire for job in killed) >= killer.while_open
    assert len(killed) <= THREADS * killer.kills
    assert_script_was_followed(end, [*lines, unread, refused])
    dnd = next(line for line in lines if line.fault.get("code") == "1574")
    hit = {to_of(job) for job in killed}
    assert suppressed == {f"+91{number}" for number in dnd.numbers if number not in hit}


def assert_script_was_followed(end: Facts, lines: list[Line]) -> None:
    """Compare each job with its line; one that a kill has hit may also be unconfirmed."""
    by_number = {to_of(job): job for job in end.jobs}
    requests = Counter(row.params.get("to") for row in end.rows)
    wrong = []
    for line in lines:
        for number in line.numbers:
            job = by_number[number]
            if reaped(job):
                assert job.state is State.UNCONFIRMED, (line.name, job.reason)
                continue
            code_fits = line.code in ("*", job.code)
            # What looks at no number leaves rows without one, or none at all.
            sent = line.requests if requests[number] or line.fault else 1
            counted = line.fault.get("do") == "accept_close" or requests[number] == sent
            if (str(job.state), code_fits, counted) != (line.ends, True, True):
                story = [f"{e.source}>{e.target}: {e.why}" for e in job.events]
                wrong.append((line.name, line.ends, str(job.state), requests[number], story))
    assert wrong == []
    scripted = sum(len(line.numbers) for line in lines if line.ends == "unconfirmed")
    killed = sum(reaped(job) for job in end.jobs)
    assert end.states["unconfirmed"] <= scripted + killed


def test_the_store_is_killed_twice(tmp_path: Path):
    """After SIGKILL and a restart of the server, workers go on by themselves; nothing is lost."""
    numbers = [f"92000{n:05d}" for n in range(180)]
    changes = {"ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "50"}
    with stack(tmp_path, SETTINGS | changes, world=slow_world("300ms")) as running:
        names = running.workers(2)
        running.start("beat")
        producer, store = running.producer(), running.store()
        jobs = enqueue(running, numbers[:150])
        posting = []
        for _ in range(2):
            placed = store.jobs.counts()[State.PLACED]
            wait_until(
                lambda placed=placed: store.jobs.counts()[State.PLACED] >= placed + 20,
                within=30,
                why="calls are placed, before and after the first crash",
            )
            posting.append(store.jobs.counts()[State.DIALING])
            running.server.kill()
            with pytest.raises(StoreUnavailable):
                producer.enqueue(order(numbers[-1]).call, by_content=True)
            running.server.start()
        jobs += enqueue(running, numbers[150:])
        wait_for_rest(store, within=60)
        assert all(running.processes[name].poll() is None for name in names)
        end = facts(running, jobs)
    print(end.line(crashes_of_the_store=2, dialing_at_each=posting))
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    # The workers lived on and told the store later what it had missed.
    assert end.states == {"placed": len(numbers)}


def test_a_full_store_takes_no_work_and_forgets_nothing(tmp_path: Path):
    """Full: enqueue is refused in words, calls on the wire are recorded; with room it drains."""
    numbers = [f"93000{n:05d}" for n in range(120)]
    changes = {"ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "60"}
    with (
        stack(tmp_path, SETTINGS | changes, world=slow_world("1s")) as running,
        supervisor(running) as restarted,
    ):
        running.workers(2)
        producer, store = running.producer(), running.store()
        jobs = enqueue(running, numbers[:-1])
        wait_until(
            lambda: store.jobs.counts()[State.DIALING] >= 15, within=30, why="calls on the wire"
        )
        # Doorbells that are answered when the store is full already.
        workers = [process.pid for process in running.processes.values()]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        ring(running, doorbells=200)
        store.server.client.config_set("maxmemory", 1)
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        dialing = [job.id for job in store.jobs.select(State.DIALING)]
        with pytest.raises(StoreRefused, match=r"full.*make room"):
            producer.enqueue(order(numbers[-1]).call, by_content=True)
        wait_until(
            lambda: not store.jobs.counts()[State.DIALING], within=20, why="outcomes recorded"
        )
        recorded = Counter(str(store.jobs.get(job_id).state) for job_id in dialing)
        left = store.jobs.counts()[State.READY]
        requests = len(running.sandbox.rows())
        answered = "no: Redis is full"
        wait_until(
            lambda: any(answered in path.read_text() for path in tmp_path.glob("worker*.log")),
            within=20,
            why="doorbells are refused in words",
        )
        assert len(running.sandbox.rows()) == requests
        store.server.client.config_set("maxmemory", 0)
        jobs += enqueue(running, numbers[-1:])
        wait_for_rest(store, within=60)
        end = facts(running, jobs)
        logs = {path.stem: path.read_text() for path in tmp_path.glob("worker*.log")}
    print(end.line(on_the_wire_when_full=len(dialing), left_ready=left, restarted=len(restarted)))
    # A refusal by our own store is a word, not a surprise.
    assert not [name for name in logs if "raised unexpected" in logs[name]]
    # What a worker had not sent when it was stopped it has given back.
    assert set(recorded) <= {"placed", "ready"}
    assert recorded["placed"] > 0
    assert left > 0
    assert end.violations == ()
    assert (end.twice, end.lost) == (0, [])
    assert end.states == {"placed": len(numbers)}
