"""What `dialer up` runs: real processes and a real server, started, killed and started again."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from stack import wait_until

from dialer.local.process import Process, ProcessFailed
from dialer.local.up.folder import Folder
from dialer.local.up.server import ServerPart
from dialer.machine.run_directory import find, read_runtime

WAITS = "print('ready', flush=True); import signal; signal.pause()"


@pytest.fixture
def heard() -> list[str]:
    """The lines that were passed on."""
    return []


@pytest.fixture
def process(heard):
    """Makes processes that run Python, and ends what is left of them."""
    made: list[Process] = []

    def make(code: str, **env: str) -> Process:
        command = [sys.executable, "-c", code]
        made.append(Process(command, {**os.environ, **env}, heard.append))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def test_lines_of_both_outputs_are_passed_on(process, heard):
    """Stdout and stderr, each line once, without its end; the last one before the end is told."""
    one = process(
        "import os, sys; print(os.environ['X']); print('no\\xe9', file=sys.stderr)", X="a"
    )
    one.start()
    wait_until(lambda: one.ended() is not None, within=20, why="it ends")
    assert (one.ended(), sorted(heard)) == (0, ["a", "no\xe9"])


def test_a_process_runs_again_and_again(process, heard):
    """Asked to end, killed, or started anew: each life is one process."""
    one = process(WAITS)
    with pytest.raises(ProcessFailed, match="call start"):
        _ = one.pid
    for lives, end in enumerate([one.ask, one.kill], start=1):
        one.start()
        wait_until(lambda lives=lives: len(heard) == lives, within=20, why="it is ready")
        assert one.ended() is None
        end()
        wait_until(lambda: one.ended() is not None, within=20, why="it ends")
    assert one.ended() == -signal.SIGKILL


def test_ctrl_c_on_our_terminal_does_not_reach_it(process, heard):
    """It has a session of its own, so that we decide who ends when."""
    one = process(WAITS)
    one.start()
    wait_until(lambda: heard == ["ready"], within=20, why="it is ready")
    assert os.getsid(one.pid) == one.pid != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_it_is_asked_to_end_when_whoever_started_it_is_gone(heard, process):
    """Nobody is left to look after it, so it does not go on."""
    one = process(WAITS)

    def start_and_see() -> None:
        one.start()
        wait_until(lambda: heard == ["ready"], within=20, why="it is ready")

    # The kernel watches the thread; a process that was killed has none left.
    starter = threading.Thread(target=start_and_see)
    starter.start()
    starter.join()
    wait_until(lambda: one.ended() is not None, within=20, why="it ends")
    assert one.ended() == -signal.SIGTERM


def test_nothing_runs_whose_parent_is_gone_already():
    """Between our death and its first step, a child notices too."""
    tied = [sys.executable, "-m", "dialer.local.tied", "1", sys.executable, "-c", "print('ran')"]
    done = subprocess.run(tied, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_killed_server_comes_back_where_it_was(tmp_path):
    """Same address and password, with a note of its new process; stopped, its note is none."""
    part = ServerPart(tmp_path / "redis", tmp_path)
    part.note()
    assert read_runtime(tmp_path) is None
    part.start()
    part.note()
    try:
        before, first = read_runtime(tmp_path), part.pid
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: part.ended() is not None, within=10, why="it is killed")
        assert (part.ended(), read_runtime(tmp_path)) == (-signal.SIGKILL, None)
        part.note()  # nothing to say, and nothing to stumble over
        part.start()
        part.note()
        assert part.pid != first
        assert part.ended() is None
        assert before is not None
        assert read_runtime(tmp_path) == before
        part.ask()
        assert (part.ended(), read_runtime(tmp_path)) == (0, None)
    finally:
        part.kill()


def test_only_the_lock_says_whose_the_folder_is(tmp_path):
    """A process that we started does not keep the folder when we are gone."""
    with Folder(tmp_path) as folder:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        folder.note(sandbox=False, parts=[child.pid])
    try:
        with Folder(tmp_path) as folder:
            assert folder.left_over() == ([], [])
    finally:
        child.communicate()
    assert find({"pid": child.pid, "started": 0.0}) is None
