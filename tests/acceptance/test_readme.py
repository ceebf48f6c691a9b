"""Every command of the README and of ops/using.md is run, in their order and as written there."""

import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from stack import wait_until

from dialer.bootstrap.store import store_of
from dialer.cli import main
from dialer.errors import DialerError
from dialer.local.embedded_server import EmbeddedServer
from dialer.settings import Settings

ROOT = Path(__file__).parents[2]
#: In the order in which somebody reads them.
README = (ROOT / "README.md").read_text() + (ROOT / "ops/using.md").read_text()
#: Waits of the system that a reader has time for.
HASTE = {
    "DIALER_WIRE__CONNECT_TIMEOUT": "500ms",
    "DIALER_WIRE__DEADLINE": "1s",
    "DIALER_JOBS__LEASE": "7s",
    "DIALER_JOBS__QUARANTINE": "8s",
    "DIALER_BEAT__TICK": "1s",
}

#: Lines that are not run here as they are written, and why.
ELSEWHERE = {
    "make demo": "test_demo.py runs it",
    "make test": "it is what runs this",
    "dialer up --sandbox": "runs all the while, without Flower",
    "dialer up --workers 2": "test_up.py runs two workers; only the account is another",
    ". .venv/bin/activate": "the commands are called by their short names here",
    "export DIALER_REDIS_URL=redis://127.0.0.1:6379/0": "set to a server of the test's own",
    "export DIALER_ACCOUNTS__DEFAULT__TOKEN=…": "stands for the reader's token",
    "dialer demo": "test_demo.py runs it",
    "dialer doctor --repair": "needs a hold on everything; test_damage.py repairs",
    "dialer api": "runs all the while; test_api_walk.py walks through it",
    "dialer sandbox": "`up --sandbox` runs one; its port could be taken by another",
}
#: Processes of "With your own account"; they are started side by side, and stopped.
PROCESSES = [
    "celery -A workers.app worker",
    "celery -A workers.app beat",
    "python -m workers.flower",
]


@dataclass
class Line:
    """One line that a reader types; `remark` is what the README says behind it."""

    text: str
    remark: str = ""


def shown() -> list[Line]:
    """Every line with a prompt, without the folder of its program."""
    found = re.findall(r"^\$ (?:\.venv/bin/)?(.+?)(?:\s+# (.+))?$", README, re.MULTILINE)
    return [Line(*one) for one in found]


@dataclass
class Reader:
    """Somebody with the README in one terminal, while `dialer up --sandbox` runs in another."""

    capsys: pytest.CaptureFixture[str]
    said: list[str]

    def type(self, line: Line) -> tuple[int, str]:
        """Run one line; what it ended with, and all that it wrote."""
        text = self.filled_in(line.text)
        if not text.startswith("dialer ") or "|" in text or "&&" in text:
            ran = subprocess.run(
                ["bash", "-c", text],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            return ran.returncode, ran.stdout + ran.stderr
        self.capsys.readouterr()
        status = main(shlex.split(text)[1:])
        return status, "".join(self.capsys.readouterr())

    def filled_in(self, text: str) -> str:
        """Put in place of a placeholder what other lines have shown."""
        if "ADMIN/" in text:
            found = re.search(r'"admin": "([^"]+)"', "".join(self.said))
            assert found
            return text.replace("ADMIN", found[1])
        if text.startswith("dialer unconfirmed resolve ID "):
            return text.replace("ID", self.last_id("dialer unconfirmed list --json"))
        if text.startswith("dialer job "):
            return f"dialer job {self.last_id('dialer jobs --state placed --json')}"
        return text

    def last_id(self, listing: str) -> str:
        """The id that a listing shows last."""
        _, out = self.type(Line(listing))
        return str(json.loads(out.splitlines()[-1])["id"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the programs at hand, nothing configured but haste."""
    for name in [name for name in os.environ if name.startswith("DIALER_")]:
        monkeypatch.delenv(name)
    for name, value in HASTE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(folder: Path) -> Iterator[list[str]]:
    """What `dialer up --sandbox` has printed; its worker is there."""
    lines: list[str] = []
    up = subprocess.Popen(
        ["dialer", "up", "--sandbox", "--no-flower", "--no-api"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(up.stdout,))
    reader.start()
    wait_until(one_worker_lives, within=30, why="the worker announces itself")
    yield lines
    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    reader.join(10)
    up.stdout.close()


def one_worker_lives() -> bool:
    """Whether a worker has announced itself in the store of this folder."""
    with suppress(DialerError):
        store = store_of(Settings.load())
        try:
            return bool(store.doorbells.live(store.server.time()))
        finally:
            store.server.close()
    return False


def test_the_commands_of_the_readme_do_what_it_says(said: list[str], folder: Path, capsys):
    """Each ends well, and shows the state that the README promises behind it."""
    reader, ran = Reader(capsys, said), []
    example = re.search(r"```json\n(\{.+\})\n```", README)
    assert example
    (folder / "calls.jsonl").write_text(example[1])
    for line in shown():
        if line.text in ELSEWHERE or line.text in PROCESSES:
            continue
        status, out = reader.type(line)
        assert (status, "Traceback" in out) == (0, False), f"{line.text}\n{out}"
        if promised := re.match("placed|dead|unconfirmed|held", line.remark):
            wait_until(
                lambda line=line, word=promised[0]: word in reader.type(line)[1],
                within=15,
                every=0.1,
                why=f"{line.text} shows {promised[0]}",
            )
        ran.append(line.text)
    assert len(ran) > 40


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_processes_of_the_readme_run_side_by_side(folder: Path, monkeypatch):
    """With an account of one's own each runs in a terminal, and ends well when it is stopped."""
    with EmbeddedServer(folder / "redis") as server:
        monkeypatch.setenv("DIALER_REDIS_URL", server.url)
        monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__TOKEN", "made-up")
        monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__BASE_URL", "http://127.0.0.1:9/call")
        # Whoever works on this machine may look at a Flower of his own.
        monkeypatch.setenv("DIALER_FLOWER__PORT", str(free_port()))
        (folder / "dialer.toml").write_text((ROOT / "dialer.example.toml").read_text())
        started = [
            subprocess.Popen(text.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for text in PROCESSES
        ]
        try:
            wait_until(one_worker_lives, within=30, why="the worker announces itself")
            assert main(["doctor"]) == 0
        finally:
            alive = [one.poll() is None for one in started]
            for one in started:
                one.terminate()
            ended = [one.wait(30) for one in started]
    assert (alive, ended) == ([True] * 3, [0] * 3)


def test_the_tables_above_name_lines_that_are_there():
    """A line that the README no longer shows is no exception any more."""
    texts = {line.text for line in shown()}
    assert {*ELSEWHERE, *PROCESSES} <= texts
