"""`dialer doctor` and `dialer migrate`: checks of the installation, with next steps."""

import os
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from dialer.cli import output
from dialer.cli.options import Json
from dialer.diagnosis.doctor import Finding, Level
from dialer.services.operations import installation
from dialer.settings import Settings
from dialer.settings.discovery import addresses

_MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def doctor(
    *,
    json: Json = False,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Ask the API once for each account; nobody is rung."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Make indexes and books anew from the records; hold everything first."
        ),
    ] = False,
) -> None:
    """Check the installation; exit 1 when something fails."""
    if probe and not json:
        output.say("One request for each account, in developer mode: nobody is rung.")
        output.say()
    counts: Counter[Level] = Counter()
    for finding in installation.check(
        os.environ, lambda: datetime.now(UTC), probe=probe, repair=repair
    ):
        counts[finding.level] += 1
        _show(finding, json=json)
    if not json:
        output.say()
        output.say(", ".join(f"{counts[level]} {level}" for level in Level))
    if counts[Level.FAIL]:
        raise typer.Exit(1)


def _show(finding: Finding, *, json: bool) -> None:
    level, step = finding.level, finding.step
    if json:
        found = {"level": str(level), "check": finding.name, "text": finding.text}
        output.emit({**found, "step": step or None})
        return
    output.say(f"{_MARKS[level]:4}  {finding.name}: {finding.text}")
    if step:
        output.say(f"      → {step}")


def migrate() -> None:
    """Carry the data over to the layout of this version; repeat it where it was interrupted."""
    settings = Settings.load()
    where = addresses(settings.redis_url, settings.broker_url)
    for line in installation.migrate(where.redis_url):
        output.say(line)
