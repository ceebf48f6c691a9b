"""The notes of `dialer up` in `.dialer/`: for other terminals, and for whoever comes next."""

import errno
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from dialer import running
from dialer.embedded import EmbeddedServer
from dialer.errors import SettingsError
from dialer.runtime import addresses
from dialer.settings import Settings
from dialer.settings.sources import config_file
from dialer.up.folder import Folder, FolderTaken, end
from dialer.up.notes import Notes
from dialer.up.part import Part
from dialer.up.practice import settings_text
from dialer.up.server import ServerPart
from dialer.up.stack import Stack

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


@pytest.mark.parametrize("started", [False, True])
def test_a_server_that_no_note_names_is_found_by_its_data(here, started):
    """Whoever is killed while the server starts has left no word of it."""
    with Folder() as folder, EmbeddedServer(folder.path / "redis") as server:
        folder.note(sandbox=False, parts=(), server=server.pid if started else None)
        parts, servers = folder.left_over()
        assert (parts, [one.pid for one in servers]) == ([], [server.pid])
        end(servers, timedelta(seconds=10))
        assert server.ended() is not None
        assert folder.left_over() == ([], [])


@pytest.fixture
def notes(here):
    """What a `dialer up --sandbox` leaves, with this process for each of its own."""
    server = ServerPart(here / "redis")
    with Folder() as folder:
        server.start()
        try:
            yield Notes(folder, server, settings_text(45678))
        finally:
            server.kill()


@pytest.mark.parametrize("name", ["runtime.json", "up.json", "sandbox.toml"])
@pytest.mark.parametrize("text", [None, "{"])
def test_a_note_that_was_taken_away_is_written_again(notes, name, text):
    """A worker that starts again finds its way, whatever somebody did to the folder."""
    notes.keep([os.getpid()], None)
    file = notes.folder.path / name
    said = file.read_text()
    file.unlink()
    if text is not None:
        file.write_text(text)
    notes.keep([os.getpid()], None)
    assert file.read_text() == said
    assert Settings.load(env={}).account().mode == "live"
    assert addresses(None, None).redis_url.startswith("redis://")


def test_notes_that_stand_are_not_written_again(notes):
    """Looking once a second costs no disk."""
    notes.keep([os.getpid()], None)
    before = {file.name: file.stat().st_ino for file in notes.folder.path.iterdir()}
    notes.keep([os.getpid()], None)
    assert {file.name: file.stat().st_ino for file in notes.folder.path.iterdir()} == before


def test_a_clock_that_was_set_does_not_hide_what_runs(notes, monkeypatch):
    """A process is named by its start, and the system tells that by its clock."""
    notes.keep([os.getpid()], None)
    assert running.sandbox_settings() == SANDBOX
    told = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: told(process) + 5)
    assert running.sandbox_settings() is None
    notes.keep([os.getpid()], None)
    assert running.sandbox_settings() == SANDBOX
    assert addresses(None, None).redis_url.startswith("redis://")


def test_practice_never_meets_a_real_account(notes, here, monkeypatch):
    """Who reads other settings than the sandbox's is not led to the jobs made for practice."""
    notes.keep([os.getpid()], None)
    assert addresses(None, None).redis_url.startswith("redis://")
    Path("dialer.toml").touch()
    with pytest.raises(SettingsError, match=r"dialer.toml: is there, and .*must not meet a real"):
        addresses(None, None)
    assert addresses("redis://127.0.0.1:1/0", None).redis_url == "redis://127.0.0.1:1/0"
    monkeypatch.setenv("DIALER_CONFIG", str(SANDBOX.absolute()))
    assert addresses(None, None).redis_url.startswith("redis://")
    monkeypatch.setenv("DIALER_CONFIG", "dialer.toml")
    with pytest.raises(SettingsError, match="DIALER_CONFIG: is there"):
        addresses(None, None)


@pytest.mark.parametrize(
    ("embedded", "told"),
    [
        (True, "the embedded server is down, and `dialer up`.* starts it again"),
        (False, "is not set"),
    ],
)
def test_a_server_that_is_down_for_a_moment_is_no_missing_stack(here, embedded, told):
    """Nobody is sent to start a second `dialer up` while the first one repairs its server."""
    with Folder() as folder:
        folder.note(sandbox=False, parts=(), server=None, embedded=embedded)
        with pytest.raises(SettingsError, match=told):
            addresses(None, None)
    with pytest.raises(SettingsError, match="redis_url: is not set, and no embedded server runs"):
        addresses(None, None)


class Full:
    """A folder on a disk without room, as `Notes` finds it after the first time."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.asked = 0

    def keep(self, parts, server) -> None:
        self.asked += 1
        if self.asked > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Dying:
    """Something that ends as soon as it is looked at."""

    pid = 1
    lives = 0

    def start(self) -> None:
        self.lives += 1

    def ended(self) -> int:
        return 1

    def last_words(self) -> str:
        return ""

    def ask(self) -> None:
        """It has ended."""

    kill = ask


class Patience:
    """Asks for the end once something was started three times."""

    def __init__(self, one: Dying) -> None:
        self._one = one

    @property
    def asked(self) -> bool:
        return self._one.lives == 3


def test_a_full_disk_does_not_end_the_stack(here):
    """What dies is started again though no note can be written of it, and one line says so."""
    said: list[str] = []
    one = Dying()
    part = Part("beat", one, lambda _: None, timedelta(0))
    stack = Stack(None, [(0, part)], notes=Full(Folder()), say=said.append)
    stack.start()
    stack.watch(Patience(one))
    stack.stop()
    full = f"{Path('.dialer').absolute()}: cannot be written: No space left on device"
    assert [line.split(";")[0] for line in said] == [full, "stopping beat"]
