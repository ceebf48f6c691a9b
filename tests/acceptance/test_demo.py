"""The demo, as `make demo` runs it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

DEMO = [sys.executable, "-m", "dialer.local.demo"]


def environment(temporary: Path) -> dict[str, str]:
    """Nothing that is set on this machine, and a folder for what must vanish."""
    return {"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "COLUMNS": "100"}


def left_behind(temporary: Path) -> list[object]:
    """Files and processes of a demo that has ended."""
    running = [one for one in psutil.process_iter(["cmdline"]) if str(temporary) in _words(one)]
    return [*temporary.iterdir(), *running]


def test_demo_ends_by_itself_and_the_ledger_confirms_it(tmp_path: Path):
    """The demo exits 0, shows every outcome, rings nobody twice, and leaves nothing behind."""
    (tmp_path / "dialer.toml").write_text("this is no TOML, and the demo must not read it")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    demo = subprocess.run(
        DEMO,
        cwd=tmp_path,
        env=environment(temporary),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""

    jobs = {
        line[:30].strip(): int(line[30:36]) for line in demo.stdout.splitlines() if _is_row(line)
    }
    assert set(jobs) == {
        "placed at once",
        "placed after a retry",
        "placed after a wait",
        "dead: refused for good",
        "dead: all tries used",
        "unconfirmed: no clear answer",
        "unconfirmed: worker killed",
        "skipped: do-not-call",
        "rung twice",
        "lost",
    }
    assert jobs.pop("rung twice") == 0
    assert jobs.pop("lost") == 0
    assert all(jobs.values()), jobs
    assert "same file again: 0 created, 146 known already" in demo.stdout
    assert sum(jobs.values()) == 146
    assert re.search(r"killed worker \w+ \(SIGKILL\) with [1-9]\d* requests open", demo.stdout)
    assert "confirms it: 0 rung twice, 0 lost." in demo.stdout

    assert left_behind(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals):
    """Ctrl-C and SIGTERM, also twice, end every process and remove every file."""
    with subprocess.Popen(
        DEMO, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as demo:
        said = demo.stdout
        assert said is not None
        assert any("both workers are ready" in line for line in said)
        children = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(number)
        demo.send_signal(number)
        assert "interrupted; everything was ended and removed" in said.read()
    assert demo.wait(30) == 130
    assert len(children) >= 4  # the server, two workers, beat
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert left_behind(tmp_path) == []


def _is_row(line: str) -> bool:
    return bool(re.match(r"\s?(placed|dead|unconfirmed|skipped|rung twice|lost)\b.*\d", line[:37]))


def _words(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or [])
