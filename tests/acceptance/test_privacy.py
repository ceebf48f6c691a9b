"""What a run leaves behind: searched at DEBUG for the token and for every number."""

import base64
import binascii
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import redis
from chaos import CALLER, enqueue, operator, script, slow_world, wait_for_rest
from faultscript import Line, give_numbers, whole_script
from stack import TOKEN, Stack, stack, wait_until

from dialer.domain.job.job import State
from dialer.store.redis.record import LETTERS

SETTINGS = {
    "LOG__LEVEL": "debug",
    "WIRE__CONNECT_TIMEOUT": "1s",
    "WIRE__DEADLINE": "2s",
    "JOBS__LEASE": "9s",
    "JOBS__QUARANTINE": "11s",
    "JOBS__MAX_TRIES": "2",
    "RETRY__PROVIDER__FIRST": "500ms",
    "RETRY__AGENT__FIRST": "200ms",
    "RETRY__CAPACITY__FIRST": "500ms",
    "BREAKER__FAULTS_IN_ROW": "1000",
    "BREAKER__SHARE": "1",
    "BREAKER__OF_LAST": "1000",
    "ACCOUNTS__DEFAULT__CALLS_PER_SECOND": "80",
}
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")


@contextmanager
def broker_traffic(running: Stack) -> Iterator[list[str]]:
    """
    Yield every command that reaches the broker's database: messages, acknowledgements, events.

    MONITOR shows more than a look at the keys: what is there for a moment only, and
    what is published to nobody.
    """
    client, seen = redis.Redis.from_url(running.server.broker_url), list[str]()
    watching = threading.Event()

    def body(monitor: "redis.client.Monitor") -> None:
        with suppress(redis.ConnectionError, ValueError, OSError):
            watching.set()
            for command in monitor.listen():
                if command["db"] == 1:
                    seen.append(str(command["command"]))

    with client.monitor() as monitor:
        thread = threading.Thread(target=body, args=(monitor,), daemon=True)
        thread.start()
        watching.wait(10)
        yield seen
        # One command of our own ends the thread's wait, and a closed connection its loop.
        client.ping()
    thread.join(10)
    client.close()


def whole_database(url: str) -> list[str]:
    """Every key of one database with all that it holds."""
    client = redis.Redis.from_url(url, decode_responses=True, encoding_errors="replace")
    readers = {
        "none": str,  # gone since it was seen
        "string": client.get,
        "hash": client.hgetall,
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    found = [f"{key} {readers[client.type(key)](key)}" for key in client.scan_iter(count=500)]
    client.close()
    return found


def opened(text: str) -> str:
    """The text with what is readable inside its base64, as in the bodies of messages."""
    inside = []
    for word in _BASE64.findall(text):
        with suppress(binascii.Error, UnicodeDecodeError):
            inside.append(base64.b64decode(word, validate=True).decode())
    return "\n".join([text, *inside])


def command_lines() -> list[str]:
    """The arguments of every process below this one."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return found


def inspect(running: Stack, *what: str) -> dict[str, str]:
    """What `celery inspect` shows to whoever may ask; all asked at the same time."""
    asking = {
        one: subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workers.app", "inspect", one, "--json"],
            env=running.env,
            cwd=running.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for one in what
    }
    return {f"inspect {one}": process.communicate(timeout=60)[0] for one, process in asking.items()}


def leaks(places: dict[str, str], secrets: list[str]) -> list[str]:
    """
    Say which secret stands where, with the line before it up to the secret.

    A number is searched for as its ten digits, which are inside each written form:
    bare, 0…, 91…, +91…, and percent-encoded.
    """
    return [
        f"{secret[:2]}…{secret[-4:]} in {place}: …{text[max(0, at - 80) : at]}"
        for place, text in places.items()
        for secret in secrets
        if (at := text.find(secret)) >= 0
    ]


def test_a_run_leaves_no_number_and_no_token(tmp_path: Path):
    """Nothing that a run writes, sends or shows, but the job store, holds a number or the token."""
    # Every trouble, and enough of the codes: their way through the code is the same.
    script_lines = whole_script(max_tries=2)
    lines = [line for line in script_lines if line.fault["do"] != "code"] + script_lines[:90:6]
    give_numbers(lines, (f"91000{n:05d}" for n in range(1000)))
    # While these agents are busy, and until that is over, something always is on the wire.
    busy = Line({"do": "code", "code": "1578"}, "placed", "", 0)
    give_numbers([busy], (f"91100{n:05d}" for n in range(1000)), each=12)
    lines.append(busy)
    numbers = [number for line in lines for number in line.numbers]
    spare = [f"99000{n:05d}" for n in range(3)]
    with (
        stack(tmp_path, SETTINGS, world=slow_world("300ms")) as running,
        broker_traffic(running) as traffic,
    ):
        store = running.store()
        names = [running.start("worker", "-l", "DEBUG") for _ in range(2)]
        running.start("beat", "-l", "DEBUG")
        wait_until(lambda: len(store.doorbells.workers()) == 2, within=60, why="workers are there")
        script(running, [rule for line in lines for rule in line.rules()])
        # A record that was damaged raises where its numbers are read.
        store.holds.set("all", owner="test", who="test", reason="damage first")
        damaged = enqueue(running, spare)
        # Whom they protect can be read, and no call.
        broken = ('{"t":"+91%s"', '{"t":"+91%s"}', '[{"t":"+91%s"},')
        for job_id, form, one in zip(damaged, broken, spare, strict=True):
            content = form % one
            store.server.client.hset(store.server.keys.job(job_id), LETTERS["content"], content)
        enqueue(running, numbers)
        with operator(store):
            store.holds.release("all", owner="test", who="test")
            wait_until(lambda: store.jobs.counts()[State.DIALING] >= 5, within=20, why="calls")
            # A dump of what every thread is doing, in mid-POST; Celery's own has the variables.
            for name in names:
                os.kill(running.processes[name].pid, signal.SIGUSR1)
            shown = inspect(running, "active", "reserved", "scheduled", "stats")
            arguments = command_lines()
            running.sandbox.ask("/faults", method="DELETE")
            wait_for_rest(store, within=40)
        states = {store.jobs.get(job_id).state for job_id in damaged}
        broker = whole_database(running.server.broker_url)
        jobs_of_store = whole_database(running.server.url)
        databases = set(store.server.client.info("keyspace"))
        states_of_all = store.jobs.counts()
        for name in names:
            running.terminate(name)
    logs = {path.name: path.read_text(errors="replace") for path in tmp_path.rglob("*.log")}
    places = {
        **logs,
        **shown,
        "broker database": opened("\n".join(broker)),
        "broker traffic": opened("\n".join(traffic)),
        "command lines": "\n".join(arguments),
    }
    print(
        *(f"{state}={count}" for state, count in states_of_all.items() if count),
        *(f"{place}: {len(text)}" for place, text in places.items()),
        sep="  ",
    )
    assert leaks(places, [TOKEN, CALLER, *numbers, *spare]) == []
    assert databases <= {"db0", "db1"}
    # The search itself is searched: it finds what is there, and looked where much is.
    found = leaks({"the store": "\n".join(jobs_of_store)}, [TOKEN, CALLER, *numbers])
    assert len(found) == len([CALLER, *numbers])
    assert all("DEBUG" in logs[f"{name}.log"] for name in names)
    assert all("most recent call first" in logs[f"{name}.log"] for name in names)
    assert not any("LOCAL VARIABLES" in text for text in logs.values())
    assert "dialer.make_call" in shown["inspect active"]
    assert states == {State.DEAD}
    assert states_of_all[State.UNCONFIRMED] >= 20
    assert states_of_all[State.PLACED] >= 20
    assert "dialer.make_call" in places["broker traffic"]
