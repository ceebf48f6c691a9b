"""Watching: the same picture again and again, until Ctrl-C."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import RenderableType

from dialer.cli import output

Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")]
#: Between two looks.
_EVERY = timedelta(seconds=1)


def watched(draw: Callable[[], RenderableType], *, watch: bool, json: bool) -> bool:
    """
    Show a picture again and again on a terminal.

    Returns:
        False for a pipe, and a program: they are shown it once.
    """
    if not watch or json or not sys.stdout.isatty():
        return False
    from rich.live import Live  # noqa: PLC0415 - most looks are single

    # Ctrl-C is how one stops watching.
    with (
        suppress(KeyboardInterrupt),
        Live(draw(), console=output.console(), auto_refresh=False) as live,
    ):
        while True:
            time.sleep(_EVERY.total_seconds())
            live.update(draw(), refresh=True)
    return True
