"""Flower with our configuration, from wherever we are installed: `python -m workers.flower`."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flower.views.monitor import Metrics
from tornado.web import authenticated

from dialer.errors import DialerError, SettingsError
from dialer.text.printable import printable_lines
from workers import logs

CONFIG = Path(__file__).with_name("flowerconfig.py")
#: As Celery is to start it. Without logging of tornado's own, whose lines would be plain text.
COMMAND = ("flower", f"--conf={CONFIG}", "--logging=none")


def refuse_other_settings(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """
    Make sure that `[flower]` in the settings alone decides who may look.

    Flags win over Flower's configuration file, and some variables are read past it: either could
    open the page to everybody.

    Raises:
        SettingsError: There is a flag, or a `FLOWER_…` variable; nothing was started.
    """
    strange = [*arguments, *sorted(name for name in env if name.startswith("FLOWER_"))]
    if strange:
        raise SettingsError(
            f"{strange[0]}: is not read here; set address, port, user and password in [flower]"
            " of dialer.toml, or as DIALER_FLOWER__…"
        )


def close_metrics() -> None:
    """
    Have Flower ask for the login at /metrics too, where there is one; by itself it does not.

    /healthcheck stays open: it only says OK.
    """
    Metrics.get = authenticated(Metrics.get)


def main() -> int:
    """
    Serve until SIGINT or SIGTERM.

    Returns:
        0 after a signal, 1 when the port is taken, 2 when the settings must not
        be used; the reason is on stderr.
    """
    try:
        refuse_other_settings(sys.argv[1:], os.environ)
        # Importing the application reads the settings.
        from workers.app import app  # noqa: PLC0415 - its errors are shown like the others
    except (DialerError, SystemExit) as error:
        _complain(str(error))
        return 2
    logs.set_up()
    close_metrics()
    try:
        app.start(list(COMMAND))
    except OSError as error:
        # Nothing is open yet: without a broker Flower starts, and waits for it.
        _complain(f"flower: cannot serve: {error.strerror}; set DIALER_FLOWER__PORT")
        return 1
    return 0


def _complain(text: str) -> None:
    print(*printable_lines(text), sep="\n", file=sys.stderr)  # noqa: T201 - this is a command


if __name__ == "__main__":
    sys.exit(main())
