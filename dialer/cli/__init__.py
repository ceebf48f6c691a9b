"""
The command line: `dialer`.

    app.py       the commands
    session.py   settings, store and services, opened for one command
    output.py    tables for people, JSON lines for programs
    options.py   options of several commands, and how they are read
    source.py    the file that a command reads
    <noun>.py    the commands of one noun: options in, one service asked, one view shown
    views/       one kind of thing each, for people and for programs; imports no command
"""

import contextlib
import errno
import os
import sys
from pathlib import Path

from dialer.cli.output import complain, complain_in_lines, prepare
from dialer.errors import TOO_MANY_FILES, DialerError, StoreUnavailable, out_of_files
from schedules.errors import HoursError

_REFUSED, _MISUSED, _INTERRUPTED = 1, 2, 130
#: Errors of a file that takes nothing more.
_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
#: Free text for the record: no stop is refused for its letters.
_WORDS = ("--reason", "--who")


def main(argv: list[str] | None = None) -> int:
    """
    Run one command.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 done, 1 refused, not found or nowhere to write, 2 wrong usage, 3 some of it
        was done, 130 interrupted. Errors stand on stderr, one sentence a line.
    """
    prepare()
    try:
        status = _status(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except OSError as error:
        return _failed(error)
    return status


def _status(argv: list[str]) -> int:
    try:
        _run(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else _REFUSED
    except StoreUnavailable as error:
        complain(f"{error}; start it, or correct redis_url")
        return _REFUSED
    except (DialerError, HoursError) as error:
        complain_in_lines(str(error))
        return _REFUSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _run(argv: list[str]) -> None:
    if unreadable := _unreadable(argv):
        complain(unreadable)
        raise SystemExit(_MISUSED)
    from dialer.cli.app import command  # noqa: PLC0415 - Ctrl-C is quiet while this loads, too

    command().main(args=argv, prog_name="dialer")


def _unreadable(argv: list[str]) -> str:
    """Name the argument that the store could not keep, because it is no text; "" for none."""
    for before, argument in zip(["", *argv], argv, strict=False):
        is_option = argument.startswith("--")
        option = (argument.partition("=")[0] if is_option else before).encode("utf-8", "replace")
        name = option.decode() if option.startswith(b"--") else "the arguments"
        shown = argument.encode("utf-8", "replace").decode()
        # A file may have any name.
        if shown != argument and name not in _WORDS and not os.path.lexists(argument):
            return f'{name}: "{shown}" is no text in UTF-8 (at "?"); write it in UTF-8'
    return ""


def _failed(error: OSError) -> int:
    """Complain of a file that could not be opened, read or written."""
    what = error.strerror or str(error)
    if out_of_files(error):
        what = TOO_MANY_FILES
    elif error.errno in _UNWRITTEN and not error.filename:
        what = f"stdout: {what}"
    elif not _is_somewhere():
        what = "the current folder is gone; change to one that is there"
    elif error.filename:
        what = f"{error.filename}: {what}"
    with contextlib.suppress(OSError):
        if error.errno != errno.EPIPE:  # the reader of our output is gone
            complain(what)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Python flushes it once more at its end, and would complain or end with 120.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return _REFUSED


def _is_somewhere() -> bool:
    try:
        return Path.cwd().is_dir()
    except OSError:
        return False
