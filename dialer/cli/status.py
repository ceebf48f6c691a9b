"""`dialer status`: the whole system at a glance."""

from collections.abc import Callable

from rich.console import Group, RenderableType

from dialer.cli import output
from dialer.cli.options import Json
from dialer.cli.session import session
from dialer.cli.views.status import alarm, draw, fields
from dialer.cli.views.watch import Watch, watched
from dialer.diagnosis.status import Overview
from dialer.errors import DialerError


def status(*, json: Json = False, watch: Watch = False) -> None:
    """Show the whole system at a glance."""
    if watched(page, watch=watch, json=json):
        return
    seen = _look()
    if json:
        output.emit(fields(seen))
        return
    for line in alarm(seen):
        output.say(line)
    output.draw(draw(seen))


def page() -> RenderableType:
    """Draw the overview, or why there is none: a server that is restarted comes back."""
    warnings: list[str] = []
    try:
        seen = _look(warnings.append)
    except DialerError as error:
        return output.text(str(error))
    return Group(*map(output.text, [*warnings, *alarm(seen)]), draw(seen))


def _look(warn: Callable[[str], None] = output.complain) -> Overview:
    with session(warn=warn) as opened:
        return opened.operations.status()
