"""The notes of `dialer up` in `.dialer/`: for other terminals, and for whoever comes next."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from dialer import running
from dialer.settings import Settings
from dialer.settings.sources import config_file
from dialer.up.folder import Folder, FolderTaken, end
from dialer.up.practice import settings_text

SANDBOX = Path(".dialer/sandbox.toml")
SLEEP = [sys.executable, "-c", "input()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()",
]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def child():
    """Starts processes that wait, and ends what is left of them."""
    started = []

    def start(command=SLEEP):
        started.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def practise(folder: Folder, **parts) -> None:
    """Leave what `dialer up --sandbox` leaves."""
    running.write_note(folder.path / "sandbox.toml", settings_text(45678))
    folder.note(sandbox=True, **{"parts": (), "server": None, **parts})


def test_other_terminals_read_the_sandbox_settings_while_it_runs(here):
    """Without any configuration the account is there, and it is gone with the sandbox."""
    with Folder() as folder:
        practise(folder)
        assert Settings.load(env={}).account().mode == "live"
        assert SANDBOX.stat().st_mode & 0o077 == 0
    assert config_file(None, {}) is None
    assert not SANDBOX.exists()
    assert Settings.load(env={}).accounts == {}


@pytest.mark.parametrize(
    ("env", "file", "expected"),
    [
        ({"DIALER_LOG__LEVEL": "debug"}, False, SANDBOX),
        ({"DIALER_ACCOUNTS__DEFAULT__USER_ID": "1"}, False, None),
        ({"DIALER_REDIS_URL": "redis://127.0.0.1:1/0"}, False, None),
        ({"DIALER_CONFIG": "x.toml"}, False, Path("x.toml")),
        ({}, True, Path("dialer.toml")),
    ],
)
def test_the_sandbox_is_never_mixed_with_somebodys_own(here, env, file, expected):
    """Its account is live and always open: one variable of a real one, and it is not read."""
    if file:
        Path("dialer.toml").touch()
    with Folder() as folder:
        practise(folder)
        assert config_file(None, env) == expected


@pytest.mark.parametrize(
    "change", [{"pid": 1}, {"started": 1.0}, {"sandbox": "yes"}, {"pid": "x"}, None]
)
def test_settings_that_outlived_their_stack_are_none(here, change):
    """When the process that left them is gone, or the note is no note, they count for nothing."""
    with Folder() as folder:
        practise(folder)
        said = running.read_stack()
        text = "[]" if change is None else json.dumps(said | change)
        (folder.path / "up.json").write_text(text)
        assert config_file(None, {}) is None


def test_a_folder_has_one_stack(here):
    """A second one is told who has it, and may have it afterwards."""
    with Folder() as folder:
        folder.note(sandbox=False, parts=(), server=None)
        with pytest.raises(FolderTaken, match=f"as process {os.getpid()}; stop it first"), Folder():
            pass
    with Folder():
        pass


def test_what_a_killed_stack_left_is_found_and_ended(here, child):
    """Its parts and its server are known by their notes, and nobody else is touched."""
    part, server, stranger = child(), child(), child()
    with Folder() as folder:
        folder.note(sandbox=False, parts=[part.pid], server=server.pid)
        parts, servers = folder.left_over()
        assert ([one.pid for one in parts], [one.pid for one in servers]) == (
            [part.pid],
            [server.pid],
        )
        end([*parts, *servers], timedelta(seconds=10))
        assert folder.left_over() == ([], [])
    assert not psutil.pid_exists(part.pid)
    assert not psutil.pid_exists(server.pid)
    assert stranger.poll() is None


def test_what_does_not_end_in_peace_is_ended_by_force(here, child):
    """A process that does not listen is gone too."""
    stubborn = child(STUBBORN)
    stubborn.stdout.readline()
    end([psutil.Process(stubborn.pid)], timedelta(milliseconds=200))
    assert not psutil.pid_exists(stubborn.pid)


def test_a_number_that_is_somebody_elses_now_is_left_alone(here, child):
    """A note names a process by its start too."""
    part = child()
    with Folder() as folder:
        folder.note(sandbox=False, parts=[part.pid], server=None)
        said = running.read_stack()
        said["parts"][0]["started"] -= 100
        (folder.path / "up.json").write_text(json.dumps(said))
        assert folder.left_over() == ([], [])
