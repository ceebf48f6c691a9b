"""A file that appears whole or not at all."""

import stat

import pytest

from dialer.machine.whole_file import WholeFile


def test_what_was_kept_takes_the_place_of_what_was_there(tmp_path):
    """For its owner only, whatever the older file allowed, and nothing is left beside it."""
    path = tmp_path / "note"
    path.write_text("old")
    path.chmod(0o666)
    with WholeFile(path) as file:
        file.text.write("new\r\n")
        assert path.read_text() == "old"
        file.keep()
    assert path.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_what_broke_off_leaves_nothing(tmp_path, error):
    """However the block ends, the older file is as it was."""
    path = tmp_path / "note"
    path.write_text("old")
    file = WholeFile(path)
    file.text.write("half of it")
    with pytest.raises(type(error)), file:
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_not_kept_leaves_nothing(tmp_path):
    """A draft that nobody wanted in the end is gone."""
    with WholeFile(tmp_path / "note") as file:
        file.text.write("all of it")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_an_error_at_once(tmp_path):
    """Before anything was written for it."""
    with pytest.raises(FileNotFoundError):
        WholeFile(tmp_path / "missing" / "note")
