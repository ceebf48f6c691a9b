"""The demo, as `make demo` runs it."""

import re
import subprocess
import sys
from pathlib import Path

import psutil


def test_demo_ends_by_itself_and_the_ledger_confirms_it(tmp_path: Path):
    """The demo exits 0, shows every outcome, rings nobody twice, and leaves nothing behind."""
    (tmp_path / "dialer.toml").write_text("this is no TOML, and the demo must not read it")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    demo = subprocess.run(
        [sys.executable, "-m", "dialer.demo"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "COLUMNS": "100"},
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

    assert list(temporary.iterdir()) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(temporary) in _words(p)]


def _is_row(line: str) -> bool:
    return bool(re.match(r"\s?(placed|dead|unconfirmed|skipped|rung twice|lost)\b.*\d", line[:37]))


def _words(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or [])
