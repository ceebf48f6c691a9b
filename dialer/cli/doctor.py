"""
`dialer doctor`: what is wrong, and what to do about it.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from dialer.cli import output
from dialer.cli.options import Json
from dialer.doctor import Finding, Level, examine
from dialer.errors import DialerError
from dialer.probe import probe as ask_each
from dialer.settings import Settings
from dialer.settings.sources import unread_file

_MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def doctor(
    *,
    json: Json = False,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Ask the API once for each account; nobody is rung."),
    ] = False,
) -> None:
    """Check the installation; exit 1 when something fails."""
    if probe and not json:
        output.say("One request for each account, in developer mode: nobody is rung.")
        output.say()
    found = []
    for finding in _findings(probe=probe):
        found.append(finding)
        if json:
            output.emit(_fields(finding))
        else:
            _tell(finding)
    counts = Counter(finding.level for finding in found)
    if not json:
        output.say()
        output.say(", ".join(f"{counts[level]} {level}" for level in Level))
    if counts[Level.FAIL]:
        raise typer.Exit(1)


def _findings(*, probe: bool) -> Iterator[Finding]:
    try:
        settings = Settings.load()
    except DialerError as error:
        step = "correct it in dialer.toml or in the DIALER_… variables"
        for line in str(error).splitlines():
            yield Finding(Level.FAIL, "settings", line, step)
        return
    unread = unread_file(os.environ)
    if unread is not None:
        text = f"DIALER_CONFIG names another file, so ./{unread} is not read"
        yield Finding(Level.WARN, "settings", text, "remove one of the two")
    # Before the store: the API may be well while Redis is not.
    if probe:
        yield from ask_each(settings)
    yield from examine(settings, lambda: datetime.now(UTC))


def _fields(finding: Finding) -> dict[str, Any]:
    return {
        "level": str(finding.level),
        "check": finding.name,
        "text": finding.text,
        "step": finding.step or None,
    }


def _tell(finding: Finding) -> None:
    output.say(f"{_MARKS[finding.level]:4}  {finding.name}: {finding.text}")
    if finding.step:
        output.say(f"      → {finding.step}")
