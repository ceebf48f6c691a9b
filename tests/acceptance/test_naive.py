"""The control: the same faults, the usual recipe, and a judge that must not let it pass."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos import CALLER, enqueue, facts, script, slow_world, wait_for_rest
from faultscript import ENDS_IN_DOUBT, Line, give_numbers
from naive import call
from stack import TOKEN, USER_ID, SandboxProcess, sandbox_process, stack, wait_until

from dialer.sandbox import judge, placed_more_than_once

SETTINGS = {
    "WIRE__CONNECT_TIMEOUT": "1s",
    "WIRE__DEADLINE": "2s",
    "JOBS__LEASE": "9s",
    "JOBS__QUARANTINE": "11s",
    "BREAKER__FAULTS_IN_ROW": "1000",
    "BREAKER__SHARE": "1",
    "BREAKER__OF_LAST": "1000",
}


@contextmanager
def naive_worker(directory: Path, broker: str, sandbox: SandboxProcess) -> Iterator[None]:
    """Run the control beside the product, with as many threads."""
    env = os.environ | {
        "NAIVE_BROKER": broker,
        "NAIVE_URL": sandbox.url,
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    command = [sys.executable, "-m", "celery", "-A", "naive", "worker", "-P", "threads", "-c", "16"]
    with (directory / "naive.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, cwd=directory, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


def test_the_usual_recipe_is_caught(tmp_path: Path):
    """The judge that finds nobody rung twice by the product finds many rung twice by the recipe."""
    lines = [Line(dict(fault), "unconfirmed", "*", 1) for fault in ENDS_IN_DOUBT]
    give_numbers(lines, (f"94000{n:05d}" for n in range(1000)), each=2)
    numbers = [number for line in lines for number in line.numbers]
    other = tmp_path / "naive"
    other.mkdir()
    with (
        stack(tmp_path, SETTINGS, world=slow_world("50ms")) as running,
        sandbox_process(other, slow_world("50ms")) as sandbox,
    ):
        broker = f"{running.server.broker_url.rpartition('/')[0]}/2"
        rules = [rule for line in lines for rule in line.rules()]
        script(running, rules)
        sandbox.ask("/faults", method="POST", body=rules)
        with naive_worker(other, broker, sandbox):
            hand_over(broker, numbers)
            running.workers(1)
            jobs = enqueue(running, numbers)
            store = running.store()
            wait_for_rest(store, within=40)
            ours = facts(running, jobs)
            wait_until(
                lambda: len(placed_more_than_once(sandbox.rows())) >= 10,
                within=40,
                why="the control rings people twice",
                every=0.2,
            )
            rows = sandbox.rows()
    theirs = placed_more_than_once(rows)
    # The kindest reading of the control: it claims nothing, and admits every doubt.
    claims = [
        {"id": n, "from": CALLER, "to": n, "state": "unconfirmed", "call_id": ""} for n in numbers
    ]
    verdict = judge(rows, claims)
    print(
        f"the same {len(rules)} faults:  rung twice by the usual recipe={len(theirs)}"
        f"  by this system={ours.twice}  ({ours.line()})"
    )
    assert ours.violations == ()
    assert (ours.twice, ours.lost) == (0, [])
    assert ours.states == {"unconfirmed": len(numbers)}
    assert len(theirs) >= 10
    assert any("was placed" in violation for violation in verdict.violations)


def hand_over(broker: str, numbers: list[str]) -> None:
    """Queue the control's tasks."""
    params = {"user_id": USER_ID, "token": TOKEN, "mode": "live", "from": CALLER}
    with call.app.connection_for_write(broker) as connection:
        for number in numbers:
            call.apply_async(({**params, "to": number},), connection=connection)
