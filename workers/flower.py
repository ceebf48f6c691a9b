"""
Flower with our configuration, from wherever we are installed: `python -m workers.flower`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dialer.errors import DialerError, SettingsError
from workers import logs

CONFIG = Path(__file__).with_name("flowerconfig.py")
#: As Celery is to start it. Without logging of tornado's own, whose lines would be plain text.
COMMAND = ("flower", f"--conf={CONFIG}", "--logging=none")


def refuse_other_settings(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """
    Make sure that nothing but `[flower]` in the settings says who may look.

    Flags win over Flower's configuration file, and some variables are read
    past it, so that one of either could open the page to everybody.

    Args:
        arguments: The command line after the program.
        env: The variables of the process.

    Raises:
        SettingsError: There is a flag, or a `FLOWER_…` variable; nothing was started.
    """
    strange = [*arguments, *sorted(name for name in env if name.startswith("FLOWER_"))]
    if strange:
        raise SettingsError(
            f"{strange[0]}: is not read here; set address, port, user and password in [flower]"
            " of dialer.toml, or as DIALER_FLOWER__…"
        )


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
        print(error, file=sys.stderr)  # noqa: T201 - this is a command
        return 2
    logs.set_up()
    try:
        app.start(list(COMMAND))
    except OSError as error:
        # Nothing is open yet: without a broker Flower starts, and waits for it.
        print(f"flower: cannot serve: {error.strerror}; set DIALER_FLOWER__PORT", file=sys.stderr)  # noqa: T201 - this is a command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
