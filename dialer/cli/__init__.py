"""
The command line: `dialer`.

    app.py         which commands there are
    opening.py     settings and store, opened for one command
    output.py      tables for people, JSON lines for programs
    shape.py       what is shown of a job, masked
    options.py     options that several commands have, and how they are read
    <noun>.py      the commands of one noun
"""

import os
import sys
from typing import Any

from dialer.cli.output import complain
from dialer.errors import DialerError, StoreUnavailable
from schedules.errors import HoursError

_REFUSED, _MISUSED, _INTERRUPTED = 1, 2, 130
#: Words for the record. No stop is refused for the letters somebody writes.
_WORDS = ("--reason", "--who")


def main(argv: list[str] | None = None) -> int:
    """
    Run one command.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 done, 1 refused or not found, 2 wrong usage, 130 interrupted. What
        went wrong stands on stderr, in one sentence a line.
    """
    try:
        _run(sys.argv[1:] if argv is None else argv)
    except SystemExit as end:
        return _status(end.code)
    except StoreUnavailable as error:
        complain(f"{error}; start it, or correct redis_url")
        return _REFUSED
    except (DialerError, HoursError) as error:
        complain(str(error))
        return _REFUSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _nobody_listens()
    return 0


def _run(argv: list[str]) -> None:
    if unreadable := _unreadable(argv):
        complain(unreadable)
        raise SystemExit(_MISUSED)
    from dialer.cli.app import command  # noqa: PLC0415 - Ctrl-C is quiet while this loads, too

    command().main(args=argv, prog_name="dialer")


def _unreadable(argv: list[str]) -> str:
    """Say which argument the store could not keep, because it is no text; "" for none."""
    for before, argument in zip(["", *argv], argv, strict=False):
        is_option = argument.startswith("--")
        option = (argument.partition("=")[0] if is_option else before).encode("utf-8", "replace")
        name = option.decode() if option.startswith(b"--") else "the arguments"
        shown = argument.encode("utf-8", "replace").decode()
        # A file may have any name.
        if shown != argument and name not in _WORDS and not os.path.lexists(argument):
            return f'{name}: "{shown}" is no text in UTF-8 (at "?"); write it in UTF-8'
    return ""


def _status(code: Any) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_listens()
    return code if isinstance(code, int) else 0 if code is None else _REFUSED


def _nobody_listens() -> int:
    # Python flushes stdout once more at its end, and would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _REFUSED
