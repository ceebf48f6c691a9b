"""What `dialer up` decides: pauses, restarts, commands, lines, and what it refuses."""

import errno
import io
import os
import re
import threading
from datetime import timedelta

import psutil
import pytest
from rich.console import Console

from dialer.cli import main
from dialer.errors import SettingsError
from dialer.local.embedded_server import ServerFailed
from dialer.local.up.commands import FLOWER_USER, Options, commands
from dialer.local.up.part import CAP, FIRST, WELL, Part, next_pause, words
from dialer.local.up.printer import Printer, _Unbuffered
from dialer.local.up.run import _part, refuse_beside, settings_text
from dialer.local.up.server import ServerPart
from dialer.settings import Settings
from dialer.settings.sources import own_settings

SECOND, NOTHING = timedelta(seconds=1), timedelta(0)
ACCOUNT = {"accounts": {"default": {"user_id": "00000001", "token": "made-up-token"}}}


@pytest.mark.parametrize(
    ("last", "lived", "expected"),
    [
        (None, NOTHING, FIRST),
        (FIRST, NOTHING, FIRST * 2),
        (FIRST * 4, WELL - SECOND, FIRST * 8),
        (CAP, NOTHING, CAP),
        (CAP, WELL, FIRST),
        (timedelta(seconds=8), NOTHING, CAP),
    ],
)
def test_pauses_grow_until_a_life_was_long(last, lived, expected):
    """Each early death doubles the pause up to the cap; a long life forgives them."""
    assert next_pause(last, lived) == expected


def test_one_death_is_repaired_well_within_30_seconds():
    """Even the longest pause leaves a worker the time to start."""
    assert timedelta(seconds=10) < CAP <= timedelta(seconds=15)


def test_only_workers_are_given_tokens():
    """What places no calls has none in its variables, where others on the machine may look."""
    env = {
        "DIALER_ACCOUNTS__DEFAULT__TOKEN": "made-up-token",
        "DIALER_ACCOUNTS__SALES_NORTH__TOKEN": "made-up-token",
        "DIALER_ACCOUNTS__DEFAULT__TOKEN_FILE": "/run/secrets/token",
        "DIALER_ACCOUNTS__DEFAULT__USER_ID": "00000001",
        "PATH": "/bin",
    }
    planned = commands(Options(sandbox=True), Settings.parse(ACCOUNT), stack="1")
    with Printer(6, Console(file=io.StringIO())) as printer:
        given = {one.name: _part(one, printer, env)._runs._env for one in planned}
    assert given["worker1"] == env
    for name in ("beat", "flower", "sandbox"):
        assert "made-up-token" not in given[name].values(), name
        assert given[name].items() <= env.items()
        assert given[name]["PATH"] == "/bin"


class Fake:
    """Something that runs, ends and starts as the test says."""

    def __init__(self) -> None:
        self.pid = 0
        self.status: int | None = None
        self.fails = False
        self.asked = 0
        self.why = ""

    def start(self) -> None:
        if self.fails:
            raise ServerFailed("no room")
        self.pid += 1
        self.status = None

    def ended(self) -> int | None:
        return self.status

    def last_words(self) -> str:
        return self.why

    def ask(self) -> None:
        self.asked += 1

    def kill(self) -> None:
        self.status = -9


@pytest.fixture
def fake() -> Fake:
    """What the part runs."""
    return Fake()


@pytest.fixture
def said() -> list[str]:
    """What the part said."""
    return []


@pytest.fixture
def part(fake: Fake, said: list[str]) -> Part:
    """A part that was started at 0."""
    one = Part("beat", fake, said.append, SECOND)
    one.start(NOTHING)
    return one


def test_a_part_that_dies_is_started_again_after_its_pause(part, fake, said):
    """It stays down for its pause, says how it ended, and runs as a new process then."""
    fake.status = -9
    assert (part.look(SECOND), part.pid) == (False, None)
    assert part.look(SECOND + FIRST / 2) is False
    assert (part.look(SECOND + FIRST), part.pid) == (True, 2)
    assert said == [
        "was ended by SIGKILL; starts again in 500ms",
        "started again as process 2",
    ]


def test_a_start_that_fails_is_tried_again_after_a_longer_pause(part, fake, said):
    """What cannot be started is down, and nothing is given up."""
    fake.status, fake.fails = 1, True
    part.look(SECOND)
    assert part.look(SECOND + FIRST) is False
    fake.fails = False
    assert part.look(SECOND + FIRST * 2) is False
    assert part.look(SECOND + FIRST * 3) is True
    assert said[:2] == [
        "ended with status 1; starts again in 500ms",
        "cannot be started: no room; starts again in 1s",
    ]


@pytest.mark.parametrize(
    ("status", "why", "expected"),
    [
        (1, "", ["ended with status 1; starts again in 500ms"]),
        (1, "no room", ["ended with status 1; no room; starts again in 500ms"]),
        (
            1,
            "its log:\n  no\n  room",
            ["ended with status 1; its log:; starts again in 500ms", "  no", "  room"],
        ),
        # Whoever killed it knows why, and its log does not.
        (-9, "no room", ["was ended by SIGKILL; starts again in 500ms"]),
    ],
)
def test_a_part_that_ended_by_itself_says_why(part, fake, said, status, why, expected):
    """A server's log is a file that nobody watches."""
    fake.status, fake.why = status, why
    part.look(SECOND)
    assert said == ["\n".join(expected)]


def test_a_part_that_was_asked_to_end_is_not_started_again(part, fake):
    """After `ask` it is gone as soon as it has ended, and stays so."""
    part.ask()
    assert (fake.asked, part.gone()) == (1, False)
    fake.status = 0
    assert part.gone()
    assert part.look(SECOND * 60) is False
    assert fake.pid == 1


def test_a_part_in_its_pause_is_gone_when_it_is_asked_to_end(part, fake):
    """What is down is not brought up to be stopped."""
    fake.status = 1
    part.look(SECOND)
    part.ask()
    assert (part.gone(), fake.asked) == (True, 0)
    assert part.look(SECOND * 60) is False


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, "ended with status 0"),
        (2, "ended with status 2"),
        (-15, "was ended by SIGTERM"),
        (-250, "was ended by 250"),
    ],
)
def test_an_end_is_told_in_words(status, expected):
    """A signal has its name."""
    assert words(status) == expected


def names(options: Options, settings: Settings) -> list[str]:
    """The names of the processes, in order."""
    return [one.name for one in commands(options, settings, stack="1")]


def test_processes_follow_the_options():
    """The sandbox comes first and beat always; Flower and the HTTP service can be left out."""
    settings = Settings.parse(ACCOUNT)
    assert names(Options(), settings) == ["worker1", "beat", "api", "flower"]
    options = Options(sandbox=True, workers=2, flower=False, api=False)
    assert names(options, settings) == ["sandbox", "worker1", "worker2", "beat"]


def test_workers_stop_first_and_are_given_the_time_for_their_calls():
    """Whoever has calls on the wire goes before what they need, and is not hurried."""
    settings = Settings.parse({**ACCOUNT, "worker": {"shutdown_grace": "90s"}})
    by_name = {
        one.name: one for one in commands(Options(sandbox=True), settings, stack="1", sandbox=())
    }
    assert [by_name[name].stops for name in ("worker1", "beat", "flower", "sandbox")] == [
        0, 1, 1, 2,
    ]  # fmt: skip
    assert by_name["worker1"].patience > timedelta(seconds=90)


def test_only_flower_knows_its_password_and_no_command_line_does():
    """The made password is a variable of one process, and no repr shows it."""
    made = list(commands(Options(), Settings.parse(ACCOUNT), stack="1", flower_password="made-up"))
    assert [one.name for one in made if "made-up" in one.env.values()] == ["flower"]
    assert made[-1].env["DIALER_FLOWER__USER"] == FLOWER_USER
    assert "made-up" not in repr(made)


def test_the_account_for_practice_is_complete_and_on_this_machine(tmp_path):
    """The settings of --sandbox are valid, always open, and reach nobody else."""
    path = tmp_path / "sandbox.toml"
    path.write_text(settings_text(45678))
    account = Settings.load(path, env={}).account()
    assert account.base_url.startswith("http://127.0.0.1:45678/")
    assert (account.mode, account.calling_hours, account.user_id) == ("live", "always", "00000001")
    assert "sandbox" in account.endpoint_token()


@pytest.mark.parametrize(
    ("env", "file", "expected"),
    [
        ({}, False, None),
        ({"DIALER_LOG__LEVEL": "debug", "PATH": "x"}, False, None),
        ({}, True, "dialer.toml"),
        ({"DIALER_CONFIG": "x.toml"}, True, "DIALER_CONFIG"),
        ({"DIALER_ACCOUNTS__DEFAULT__USER_ID": "1"}, False, "DIALER_ACCOUNTS__DEFAULT__USER_ID"),
        ({"dialer_accounts__default__token": "x"}, False, "dialer_accounts__default__token"),
        ({"DIALER_REDIS_URL": "x"}, False, "DIALER_REDIS_URL"),
        ({"DIALER_BROKER_URL": "x"}, False, "DIALER_BROKER_URL"),
    ],
)
def test_practice_is_refused_where_something_says_whose_calls_are_meant(
    tmp_path, monkeypatch, env, file, expected
):
    """A file, an account or a store of somebody's own is named, and the sandbox stays away."""
    monkeypatch.chdir(tmp_path)
    if file:
        (tmp_path / "dialer.toml").touch()
    assert own_settings(env) == expected
    if expected is not None:
        with pytest.raises(SettingsError, match=f"{expected}: is there"):
            refuse_beside(expected)


@pytest.mark.parametrize(
    ("arguments", "file", "told"),
    [
        ([], "", "no account is configured: .*dialer up --sandbox"),
        (["--sandbox"], "", "dialer.toml: is there"),
        ([], '[accounts.default]\nuser_id = "1"', r"accounts\.default\.token: is not set"),
        ([], "[acounts]", "acounts"),
    ],
)
def test_up_says_in_words_why_it_does_not_start(
    tmp_path, monkeypatch, capsys, arguments, file, told
):
    """Without something to dial with, nothing is started, and the next step is named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dialer.toml").write_text(file)
    assert main(["up", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert re.search(told, said.err, re.DOTALL)
    assert not (tmp_path / ".dialer/runtime.json").exists()


@pytest.mark.parametrize(
    ("line", "terminal", "expected"),
    [
        ("placed [red]x", False, "beat    | placed [red]x\n"),
        ("a\tb\x1b[2J", False, "beat    | a   b\ufffd[2J\n"),
        ("a\n b", False, "beat    | a\nbeat    |  b\n"),
        ("", False, ""),
        ("placed", True, "\x1b[36mbeat    | \x1b[0mplaced\n"),
    ],
)
def test_lines_are_headed_with_who_wrote_them(line, terminal, expected):
    """One line each; coloured on a terminal only; nothing moves the cursor."""
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=terminal, color_system="standard" if terminal else None,
        markup=False, highlight=False, width=40,
    )  # fmt: skip
    with Printer(7, console) as printer:
        printer.writer("beat")(line)
    assert file.getvalue() == expected


class Halted(io.StringIO):
    """A terminal that shows nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.goes_on = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.asked.set()
        self.goes_on.wait()
        return super().write(text)


def test_nobody_waits_for_a_terminal_that_was_halted():
    """Who speaks goes on at once; what found no room is counted when somebody reads again."""
    file = Halted()
    try:
        with Printer(6, Console(file=file, width=80), room=2) as printer:
            say = printer.writer("beat")
            say("first")
            assert file.asked.wait(10)
            say("second\nthird\nfourth\nfifth")
            file.goes_on.set()
        assert [line.split(" | ")[1] for line in file.getvalue().splitlines()] == [
            "first", "second", "third", "2 lines are not here: nobody read them in time",
        ]  # fmt: skip
    finally:
        file.goes_on.set()


class Disk(io.StringIO):
    """A disk that is full for some writes."""

    def __init__(self, refusals: int, number: int) -> None:
        super().__init__()
        self.refusals, self.number, self.asked = refusals, number, 0

    def write(self, text: str) -> int:
        self.asked += 1
        if self.asked <= self.refusals:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(text)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EAGAIN])
def test_a_disk_that_was_full_is_written_to_again(number):
    """What it refused is counted and told; what comes later is there, each line once."""
    file = Disk(2, number)
    printer = Printer(6, Console(file=file, width=80))
    # Before anything is printed, so that nothing is told between them.
    printer.writer("beat")("first\nsecond\nthird\nfourth")
    with printer:
        pass
    why = os.strerror(number).lower()
    assert file.getvalue().splitlines() == [
        "beat   | third", "beat   | fourth", f"dialer | 2 lines are not here: {why}",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.EBADF, errno.ENOSPC])
def test_nobody_waits_for_a_reader_who_is_gone_or_a_disk_that_stays_full(number):
    """Only the lines are lost, not the time of whoever speaks or stops."""
    file = Disk(1000, number)
    with Printer(6, Console(file=file, width=80)) as printer:
        printer.writer("beat")("first\nsecond")
    assert not printer._thread.is_alive()
    assert file.getvalue() == ""


def test_a_line_cut_short_is_not_glued_to_the_next():
    """A terminal that does not wait takes as much as it has room for, and refuses the rest."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with os.fdopen(read, "rb", buffering=0) as reader, os.fdopen(write, "wb"):
        out = _Unbuffered(write)
        with pytest.raises(BlockingIOError):
            out.write("x" * 2_000_000)
        cut = reader.read(1_000_000)
        out.write("next\n")
        assert (set(cut), reader.read(100)) == (set(b"x"), b"\nnext\n")


def test_long_lines_stay_one_line():
    """A log that is read by another program is never wrapped."""
    file = io.StringIO()
    with Printer(7, Console(file=file, width=20)) as printer:
        printer.writer("beat")("x" * 300)
    assert file.getvalue() == f"beat    | {'x' * 300}\n"


def test_nobody_listening_stops_nothing():
    """When the reader has gone, lines are dropped and no writer is held up."""
    file = io.StringIO()
    with Printer(7, Console(file=file, width=20)) as printer:
        hear = printer.writer("beat")
        file.close()
        hear("one")
        hear("two")
    assert not printer._thread.is_alive()


def test_the_server_has_a_bound_below_the_memory_of_the_machine(tmp_path):
    """A store that is full refuses calls; one that fills the machine is killed."""
    bound = ServerPart(tmp_path / "redis", tmp_path)._maxmemory
    assert 0 < bound < psutil.virtual_memory().total / 2
