"""What is said on stderr when stdout takes nothing, whatever lies in its buffer by then."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dialer.cli import main, output

FULL = os.strerror(errno.ENOSPC)


class FullDisk(io.RawIOBase):
    """Takes nothing until there is room."""

    room = False

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, FULL)
        return len(data)


@contextmanager
def full_stdout(monkeypatch: pytest.MonkeyPatch, *, buffered: bool) -> Iterator[None]:
    """A stdout as a process has it, or as it is with PYTHONUNBUFFERED."""
    disk = FullDisk()
    below = io.BufferedWriter(disk) if buffered else disk
    stream = io.TextIOWrapper(below, "utf-8", write_through=not buffered)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        yield
    disk.room = True  # what nobody wrote goes when the stream does


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("line", ["--help", "hours --help", "hours --zone Asia/Kolkata"])
def test_full_stdout_is_one_sentence(monkeypatch, capsys, line, buffered):
    """The sentence does not wait for what cannot be written."""
    with full_stdout(monkeypatch, buffered=buffered):
        assert main(line.split()) == 1

    assert capsys.readouterr().err == f"stdout: {FULL}\n"


def test_full_stdout_hides_no_complaint(monkeypatch, capsys):
    """What a command complains of is said, all of it, and the full stdout is not forgotten."""
    with full_stdout(monkeypatch, buffered=True):
        output.say("what was done")
        with pytest.raises(OSError, match=FULL):
            output.complain_in_lines("a row is bad\nand another")

    assert capsys.readouterr().err == "a row is bad\nand another\n"
