"""
The logs of our processes: one handler, and no person's number in them.

Every line passes `dialer.text.masking.mask`, those of foreign libraries too: lines of
urllib3 or kombu at DEBUG, a traceback, the arguments of a broken log call.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, TextIO

from dialer.text.masking import mask
from dialer.text.printable import printable, printable_json, printable_lines

_LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
#: What a record has before anybody adds to it.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_log = logging.getLogger("dialer.logs")


def configure(level: int | str, stream: TextIO | None = None, *, json: bool = False) -> None:
    """
    Send everything this process logs, from every logger, through one masking handler.

    Other handlers are removed, because they would write unmasked. Uncaught exceptions, of threads
    too, and warnings are logged instead of printed. Calling it again replaces the handler.

    Args:
        level: The least important level that is written: "info", logging.DEBUG.
        stream: stderr by default.
        json: One JSON object a line instead of text for a person.

    Raises:
        ValueError: There is no such level; nothing was changed.
    """
    root = logging.getLogger()
    root.setLevel(level.upper() if isinstance(level, str) else level)
    handler = MaskingHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    for logger in [*_known_loggers(), root]:
        for other in logger.handlers[:]:
            logger.removeHandler(other)
        logger.propagate = True
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


class TextFormatter(logging.Formatter):
    """One line for a person, UTC, with the traceback below it; masked."""

    def __init__(self) -> None:
        super().__init__(_LINE)

    def formatTime(  # noqa: N802 - logging's own name
        self,
        record: logging.LogRecord,
        datefmt: str | None = None,  # noqa: ARG002 - one form only
    ) -> str:
        """The instant in UTC, to the millisecond."""
        return _at(record)

    def format(self, record: logging.LogRecord) -> str:
        """The masked line; further ones stand below it, indented."""
        return "\n    ".join(printable_lines(mask(super().format(record))))


class JsonFormatter(logging.Formatter):
    """
    One JSON object: `at`, `level`, `logger`, `message`, the fields of `extra`, `error`; masked.

    Fixed names win over those of `extra`; values JSON does not know are text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The masked object on one line."""
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line = {
            **_masked_tree(extra),
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = mask(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = mask(record.stack_info)
        return printable_json(json.dumps(line, ensure_ascii=False))


class MaskingHandler(logging.StreamHandler[TextIO]):
    """Writes lines, and never a record's raw arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Name the broken call; the inherited method prints its message and arguments."""
        error = sys.exc_info()[0]
        name = error.__name__ if error else "error"
        line = f"a log line of {record.name} at {record.filename}:{record.lineno}"
        with suppress(OSError, ValueError):  # stderr is gone, too
            sys.stderr.write(printable(f"{line} could not be written: {name}") + "\n")


def _at(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _known_loggers() -> list[logging.Logger]:
    known = logging.getLogger().manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]


def _masked_tree(value: Any) -> Any:
    """The same shape with every text masked; a number that looks like a phone's becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_masked_name(str(name)): _masked_item(name, item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_tree(inner) for inner in value]
    text = mask(str(value))
    return value if isinstance(value, int | float) and text == str(value) else text


#: The names of fields are few, and the same in every line.
_masked_name = lru_cache(maxsize=256)(mask)


def _masked_item(name: object, value: Any) -> Any:
    return "***" if str(name).lower() in {"token", "password"} else _masked_tree(value)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("uncaught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    error = args.exc_value
    if error is not None and not isinstance(error, SystemExit):
        name = args.thread.name if args.thread else "a thread"
        _log.critical("uncaught in %s", name, exc_info=(args.exc_type, error, args.exc_traceback))
