"""The options that define a campaign, and which field each of them writes."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Annotated, Any, Final

import typer

from dialer.cli.options import Who
from schedules.presets import PRESETS

Name = Annotated[str, typer.Argument(metavar="NAME", help="The campaign.")]
_File = Annotated[
    str | None, typer.Option("--file", metavar="FILE.toml", help="Fields by name; options win.")
]

#: Field of a campaign -> its option and the help.
_OPTIONS: Final = {
    "account": ("--account", "Whose calls.  [default: default]"),
    "call": ("--set", "Parameter of each call; may be repeated."),
    "columns": ("--column", "The column of the list that fills it."),
    "caller_ids": ("--caller-id", "fromCLI; of several, with commas, each in turn."),
    "purpose": ("--purpose", "promotional, service, transactional or recovery."),
    "customer": ("--customer", "The leg that the rules protect: to, from, both."),
    "calling_hours": ("--hours", 'Such as "Mon-Fri 10:00-18:00".'),
    "preset": ("--preset", f"Beside --hours: {', '.join(PRESETS)}."),
    "holidays": ("--holidays", "Regions and dates: IN-MH, 2030-01-26."),
    "time_zone": ("--zone", "Where the hours are meant: Asia/Kolkata."),
    "zone_from": ("--zone-from", "Where the zone of a contact comes from."),
    "starts": ("--starts", "Not earlier: 2h, or ISO with offset."),
    "ends": ("--ends", "No call from here on: 7d, or ISO with offset.  [default: 30d]"),
    "weight": ("--weight", "Its share beside other campaigns, 1 to 1000."),
    "calls_per_second": ("--calls-per-second", "Its own rate: 2, 30/min, 100/h."),
    "max_posting": ("--max-posting", "Its requests on the wire at once."),
    "max_live_calls": ("--max-live-calls", "Its calls going on at once; 0 for no bound."),
    "live_per_agent": (
        "--live-per-agent",
        "Calls going on for each agent in from; 0 for no bound.",
    ),
    "max_tries": ("--max-tries", "Tries of each contact in all."),
    "delays": ("--delay", "Wait after an attempt: provider, agent, capacity."),
    "not_same_day": ("--not-same-day", "After these not again that day."),
}
#: Field whose option may be repeated -> one value in the help.
REPEATED: Final[Mapping[str, str]] = {
    "call": "PARAM=VALUE",
    "columns": "PARAM=COLUMN",
    "caller_ids": "NUMBER",
    "delays": "KIND=10m",
    "not_same_day": "KIND",
}
_METAVARS: Final = {**REPEATED, "zone_from": "campaign|number|column:NAME"}
#: Field of a campaign -> its option.
FLAGS: Final[Mapping[str, str]] = {
    "name": "NAME",
    "zone_column": "--zone-from",
    **{field: flag for field, (flag, _) in _OPTIONS.items()},
}


def defining(
    command: Callable[[str, str | None, Mapping[str, Any], str], None],
) -> Callable[..., None]:
    """
    Give a command NAME, --file, all options of a definition, and --who.

    Its function takes the name, the file, the options by field (None for one left out) and who.
    Everything is taken as text, so that all problems can be named at once.
    """

    def run(name: str, file: str | None, who: str, **written: Any) -> None:
        command(name, file, written, who)

    annotations: dict[str, Any] = {"name": Name, "file": _File}
    for field, (flag, text) in _OPTIONS.items():
        option = typer.Option(flag, metavar=_METAVARS.get(field), help=text)
        annotations[field] = Annotated[(list[str] if field in REPEATED else str) | None, option]
    annotations["who"] = Who
    defaults = {"name": Parameter.empty, "who": ""}
    run.__signature__ = Signature(  # type: ignore[attr-defined]  # what typer reads
        [
            Parameter(one, Parameter.KEYWORD_ONLY, default=defaults.get(one), annotation=annotation)
            for one, annotation in annotations.items()
        ]
    )
    run.__annotations__, run.__doc__ = annotations, command.__doc__
    return run
