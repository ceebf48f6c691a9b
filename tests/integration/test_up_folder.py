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

from dialer.errors import SettingsError
from dialer.local.embedded_server import EmbeddedServer
from dialer.local.up.folder import Folder, FolderTaken, FolderUnfit, end
from dialer.local.up.part import Part
from dialer.local.up.run import settings_text
from dialer.local.up.server import ServerPart
from dialer.local.up.stack import Stack
from dialer.machine import run_directory as running
from dialer.settings import Settings
from dialer.settings.discovery import addresses
from dialer.settings.sources import config_file

SANDBOX = Path(".dialer/sandbox.toml")
SLEEP = [sys.executable, "-c", "input()"]
#: As a part's command line looks like.
PART = [*SLEEP, "-m", "celery", "-A", "workers.app", "beat"]
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
    folder.note(sandbox=True, **{"parts": (), **parts})


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
        folder.note(sandbox=False, parts=())
        with pytest.raises(FolderTaken, match=f"as process {os.getpid()}; stop it first"), Folder():
            pass
    with Folder():
        pass


def test_what_a_killed_stack_left_is_found_and_ended(here, child):
    """Its parts are known by their notes, and nobody else is touched."""
    part, stranger = child(PART), child(PART)
    with Folder() as folder:
        folder.note(sandbox=False, parts=[part.pid])
        parts, servers = folder.left_over()
        assert ([one.pid for one in parts], servers) == ([part.pid], [])
        end(parts, timedelta(seconds=10))
        assert folder.left_over() == ([], [])
    assert not psutil.pid_exists(part.pid)
    assert stranger.poll() is None


def test_only_what_we_run_is_ended(here, child, monkeypatch):
    """A note that names another program, or another user's, is no reason to end it."""
    part, editor = child(PART), child()
    with Folder() as folder:
        folder.note(sandbox=False, parts=[part.pid, editor.pid])
        assert [one.pid for one in folder.left_over()[0]] == [part.pid]
        monkeypatch.setattr("os.geteuid", lambda: 12_345)
        assert folder.left_over() == ([], [])


def test_who_only_reads_the_lock_file_is_left_alone(here, child):
    """A backup, a pager: they have it open, and are no server."""
    with Folder() as folder, EmbeddedServer(folder.path / "redis") as server:
        lock = folder.path / "redis" / "server.lock"
        reader = child(
            [sys.executable, "-c", f"f = open({str(lock)!r}); print(flush=True); input()"]
        )
        reader.stdout.readline()
        assert [one.pid for one in folder.left_over()[1]] == [server.pid]
        server.kill()
        assert folder.left_over() == ([], [])


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_is_refused(here, mode):
    """Its notes say which processes are ended, and where calls are handed over."""
    with Folder() as folder:
        practise(folder)
        folder.path.chmod(mode)
        assert running.read_stack() == {}
        assert running.sandbox_settings() is None
        with pytest.raises(SettingsError, match=r"others may write in it \(chmod go-w\)"):
            addresses(None, None)
    with pytest.raises(FolderUnfit, match=r"others may write in it \(chmod go-w\)"), Folder():
        pass


def test_a_folder_of_somebody_else_is_refused(here, monkeypatch):
    """Also where we may write in it: root may anywhere."""
    with Folder() as folder:
        practise(folder)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(FolderUnfit, match="is another user's"), Folder():
        pass


def test_a_folder_that_cannot_be_written_is_one_sentence(here, monkeypatch):
    """A disk that is read-only, a file in its place: which folder, why, and what to do."""
    Path(".dialer").touch()
    with pytest.raises(FolderUnfit, match="cannot be written: File exists; start in"), Folder():
        pass
    Path(".dialer").unlink()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), ".dialer")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(FolderUnfit, match="cannot be written: Read-only file system"), Folder():
        pass


@pytest.mark.parametrize("how", ["link", "mode"])
def test_a_note_that_others_may_have_written_counts_for_nothing(here, child, how):
    """A link leads to somebody's file, and a file may be open to others in a folder that is not."""
    with Folder() as folder:
        folder.note(sandbox=False, parts=[child(PART).pid])
        note = folder.path / "up.json"
        if how == "link":
            note.rename(here / "elsewhere")
            note.symlink_to(here / "elsewhere")
        else:
            note.chmod(0o666)
        assert folder.left_over() == ([], [])


def test_a_stack_whose_lock_was_deleted_is_still_there(here, child):
    """A second one does not end the parts of one that lives."""
    first = child()
    with Folder() as folder:
        said = {"sandbox": False, "parts": [], "embedded": True, **running.mark(first.pid)}
        running.write_note(folder.path / "up.json", json.dumps(said))
        (folder.path / "up.lock").unlink()
        with pytest.raises(FolderTaken, match=f"as process {first.pid}"), Folder():
            pass
    running.write_note(folder.path / "up.json", json.dumps(said))
    first.kill()
    first.wait()
    with Folder():
        pass


def test_folders_of_notes_are_made_for_their_owner(here):
    """Whatever the umask says, and however many are missing."""
    before = os.umask(0)
    try:
        running.write_note(here / "a" / "b" / "note", "")
    finally:
        os.umask(before)
    assert {one.stat().st_mode & 0o777 for one in (here / "a", here / "a" / "b")} == {0o700}


def test_what_does_not_end_in_peace_is_ended_by_force(here, child):
    """A process that does not listen is gone too."""
    stubborn = child(STUBBORN)
    stubborn.stdout.readline()
    end([psutil.Process(stubborn.pid)], timedelta(milliseconds=200))
    assert not psutil.pid_exists(stubborn.pid)


def test_a_number_that_is_somebody_elses_now_is_left_alone(here, child):
    """A note names a process by its start too."""
    part = child(PART)
    with Folder() as folder:
        folder.note(sandbox=False, parts=[part.pid])
        said = running.read_stack()
        said["parts"][0]["started"] -= 100
        (folder.path / "up.json").write_text(json.dumps(said))
        assert folder.left_over() == ([], [])


def test_a_server_is_found_by_its_data(here):
    """Whoever is killed while the server starts has left no word of it."""
    with Folder() as folder, EmbeddedServer(folder.path / "redis") as server:
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
            folder.server, folder.practice = server, settings_text(45678)
            yield folder
        finally:
            server.kill()


@pytest.mark.parametrize("name", ["runtime.json", "up.json", "sandbox.toml"])
@pytest.mark.parametrize("text", [None, "{"])
def test_a_note_that_was_taken_away_is_written_again(notes, name, text):
    """A worker that starts again finds its way, whatever somebody did to the folder."""
    notes.keep([os.getpid()])
    file = notes.path / name
    said = file.read_text()
    file.unlink()
    if text is not None:
        file.write_text(text)
    notes.keep([os.getpid()])
    assert file.read_text() == said
    assert Settings.load(env={}).account().mode == "live"
    assert addresses(None, None).redis_url.startswith("redis://")


def test_notes_that_stand_are_not_written_again(notes):
    """Looking once a second costs no disk."""
    notes.keep([os.getpid()])
    before = {file.name: file.stat().st_ino for file in notes.path.iterdir()}
    notes.keep([os.getpid()])
    assert {file.name: file.stat().st_ino for file in notes.path.iterdir()} == before


def test_a_clock_that_was_set_does_not_hide_what_runs(notes, monkeypatch):
    """A process is named by its start, and the system tells that by its clock."""
    notes.keep([os.getpid()])
    assert running.sandbox_settings() == SANDBOX
    told = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: told(process) + 5)
    assert running.sandbox_settings() is None
    notes.keep([os.getpid()])
    assert running.sandbox_settings() == SANDBOX
    assert addresses(None, None).redis_url.startswith("redis://")


def test_practice_never_meets_a_real_account(notes, here, monkeypatch):
    """Who reads other settings than the sandbox's is not led to the jobs made for practice."""
    notes.keep([os.getpid()])
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
        folder.note(sandbox=False, parts=(), embedded=embedded)
        with pytest.raises(SettingsError, match=told):
            addresses(None, None)
    with pytest.raises(SettingsError, match="redis_url: is not set, and no embedded server runs"):
        addresses(None, None)


class Full:
    """A folder on a disk without room after the first time."""

    path = Path(".dialer")
    asked = 0

    def keep(self, parts) -> None:
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
    stack = Stack(None, [(0, part)], folder=Full(), say=said.append)
    stack.start()
    stack.watch(Patience(one))
    stack.stop()
    full = f"{Path('.dialer').absolute()}: cannot be written: No space left on device"
    assert [line.split(";")[0] for line in said] == [full, "stopping beat"]
