"""
`dialer doctor`: what is wrong, and what to do about it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import typer

from dialer.cli import output
from dialer.cli.options import Json
from dialer.doctor import Finding, Level, examine
from dialer.errors import DialerError
from dialer.runtime import addresses
from dialer.settings import Settings

_MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def doctor(*, json: Json = False) -> None:
    """Check the installation; exit 1 when something fails."""
    found = []
    for finding in _findings():
        found.append(finding)
        if json:
            output.emit(
                {
                    "level": str(finding.level),
                    "check": finding.name,
                    "text": finding.text,
                    "step": finding.step or None,
                }
            )
        else:
            _tell(finding)
    counts = Counter(finding.level for finding in found)
    if not json:
        output.say()
        output.say(", ".join(f"{counts[level]} {level}" for level in Level))
    if counts[Level.FAIL]:
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    try:
        settings = Settings.load()
    except DialerError as error:
        step = "correct it in dialer.toml or in the DIALER_… variables"
        for line in str(error).splitlines():
            yield Finding(Level.FAIL, "settings", line, step)
        return
    try:
        where = addresses(settings.redis_url, settings.broker_url)
    except DialerError as error:
        text, _, step = str(error).partition("; ")
        yield Finding(Level.FAIL, "store", text, step)
        return
    yield from examine(settings, where, datetime.now(UTC))


def _tell(finding: Finding) -> None:
    output.say(f"{_MARKS[finding.level]:4}  {finding.name}: {finding.text}")
    if finding.step:
        output.say(f"      → {finding.step}")
