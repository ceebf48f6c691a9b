"""The command line where something around it is missing: one sentence, and never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.local.embedded_server import EmbeddedServer
from dialer.store.redis.connection import connect

NO_UTF8 = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii",
}
NAME = "रवि ₹ 😀"


def shell(line: str, folder: Path, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """Run `dialer` as `$D` in a shell."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    return subprocess.run(
        ["sh", "-c", line],
        env={**kept, "D": f"{sys.executable} -m dialer", **env},
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("$D --help > /dev/full", 1, "stdout: No space left on device"),
        ("$D hours --zone Asia/Kolkata > /dev/full", 1, "stdout: No space left on device"),
        ("$D --help > /dev/full 2>&1", 1, ""),
        ("$D jobs 2> /dev/full", 1, ""),
        ("env PYTHONUNBUFFERED=1 $D --help > /dev/full", 1, "stdout: No space left on device"),
        ("$D --help >&-", 0, ""),
        ("$D jobs >&- 2>&-", 1, ""),
        ("$D enqueue - <&-", 1, "redis_url: is not set"),
        ("{ $D hours --zone Asia/Kolkata; echo $? >&2; } | true", 0, "1"),
        ("env -u HOME $D hours --zone Asia/Kolkata > /dev/null", 0, ""),
        ("mkdir a && cd a && rmdir ../a && $D up --sandbox", 1, "the current folder is gone"),
        ("mkdir a && cd a && rmdir ../a && $D jobs", 1, "the current folder is gone"),
        ("touch .dialer && $D up --sandbox", 1, ".dialer: cannot be written: File exists"),
    ],
)
def test_nowhere_to_write_is_one_sentence(tmp_path: Path, line: str, status: int, said: str):
    """Full, closed, unread or gone: the exit status says it, and one line where there is room."""
    ran = shell(line, tmp_path)
    told = ran.stderr.decode()

    assert ran.returncode == status, told
    assert said in told
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 1


def test_output_without_utf8_loses_nothing(redis_server: EmbeddedServer, tmp_path: Path):
    """What the encoding does not know is escaped; a JSON line stays JSON, and says the same."""
    env = {**NO_UTF8, "DIALER_REDIS_URL": redis_server.url}
    client = connect(redis_server.url)
    client.flushdb()
    client.close()
    held = shell(
        f'$D hold set --all --reason "{NAME}" --who test',
        tmp_path,
        DIALER_REDIS_URL=redis_server.url,
    )
    assert held.returncode == 0, held.stderr
    listed = shell("$D hold list --json", tmp_path, **env)
    shown = shell("$D hold list && $D status && $D doctor", tmp_path, **env)
    shell("$D hold release --all --who test", tmp_path, **env)

    assert json.loads(listed.stdout)["reason"] == NAME
    assert b"\\u0930\\u0935\\u093f" in shown.stdout
    assert b"Traceback" not in listed.stderr + shown.stderr
    assert listed.stdout.isascii()


#: Runs a command when everything is loaded and no file can be opened any more.
OUT_OF_FILES = """
import os, sys
import dialer.local.up.run
from dialer.cli import main
from dialer.cli.app import command
command()
files = []
try:
    while True:
        files.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("words", "env"),
    [("hold list", {"DIALER_REDIS_URL": "redis://127.0.0.1:9/0"}), ("up --sandbox", {})],
)
def test_too_many_open_files_is_named(tmp_path: Path, words: str, env: dict[str, str]):
    """Not as a server that does not answer, nor as a folder that cannot be written."""
    (tmp_path / "run.py").write_text(OUT_OF_FILES)
    ran = shell(f"ulimit -n 64; {sys.executable} run.py {words}", tmp_path, **env)
    told = ran.stderr.decode()
    assert ran.returncode == 1
    assert "too many open files; raise the limit (ulimit -n)" in told
    assert "Traceback" not in told
