"""
The options that define a campaign, and which field each of them writes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import typer

from schedules.presets import PRESETS

Name = Annotated[str, typer.Argument(metavar="NAME", help="The campaign.")]

# All of them are read as text, so that everything wrong can be said at once.
File = Annotated[
    str | None, typer.Option("--file", metavar="FILE.toml", help="Fields by name; options win.")
]
Account = Annotated[str | None, typer.Option("--account", help="Whose calls.  [default: default]")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PARAM=VALUE", help="Parameter of each call; may be repeated."),
]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="PARAM=COLUMN", help="The column of the list that fills it."),
]
CallerId = Annotated[
    list[str] | None,
    typer.Option(
        "--caller-id", metavar="NUMBER", help="fromCLI; of several, with commas, each in turn."
    ),
]
Purpose = Annotated[
    str | None, typer.Option("--purpose", help="promotional, service, transactional or recovery.")
]
Customer = Annotated[
    str | None, typer.Option("--customer", help="The leg that the rules protect: to, from, both.")
]
Hours = Annotated[str | None, typer.Option("--hours", help='Such as "Mon-Fri 10:00-18:00".')]
PresetName = Annotated[
    str | None, typer.Option("--preset", help=f"Beside --hours: {', '.join(PRESETS)}.")
]
Holidays = Annotated[
    str | None, typer.Option("--holidays", help="Regions and dates: IN-MH, 2030-01-26.")
]
Zone = Annotated[
    str | None, typer.Option("--zone", help="Where the hours are meant: Asia/Kolkata.")
]
ZoneFrom = Annotated[
    str | None,
    typer.Option(
        "--zone-from",
        metavar="campaign|number|column:NAME",
        help="Where the zone of a contact comes from.",
    ),
]
Starts = Annotated[
    str | None, typer.Option("--starts", help="Not earlier: 2h, or ISO with offset.")
]
Ends = Annotated[
    str | None,
    typer.Option("--ends", help="No call from here on: 7d, or ISO with offset.  [default: 30d]"),
]
Weight = Annotated[
    str | None, typer.Option("--weight", help="Its share beside other campaigns, 1 to 1000.")
]
Rate = Annotated[
    str | None, typer.Option("--calls-per-second", help="Its own rate: 2, 30/min, 100/h.")
]
MaxPosting = Annotated[
    str | None, typer.Option("--max-posting", help="Its requests on the wire at once.")
]
MaxLive = Annotated[
    str | None, typer.Option("--max-live-calls", help="Its calls going on at once; 0 for no bound.")
]
PerAgent = Annotated[
    str | None,
    typer.Option("--live-per-agent", help="Calls going on for each agent in from; 0 for no bound."),
]
MaxTries = Annotated[str | None, typer.Option("--max-tries", help="Tries of each contact in all.")]
Delay = Annotated[
    list[str] | None,
    typer.Option(
        "--delay", metavar="KIND=10m", help="Wait after an attempt: provider, agent, capacity."
    ),
]
NotSameDay = Annotated[
    list[str] | None,
    typer.Option("--not-same-day", metavar="KIND", help="After these not again that day."),
]

#: The field of a campaign -> the option that writes it.
FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "NAME",
        "account": "--account",
        "call": "--set",
        "columns": "--column",
        "caller_ids": "--caller-id",
        "purpose": "--purpose",
        "customer": "--customer",
        "calling_hours": "--hours",
        "preset": "--preset",
        "holidays": "--holidays",
        "time_zone": "--zone",
        "zone_from": "--zone-from",
        "zone_column": "--zone-from",
        "starts": "--starts",
        "ends": "--ends",
        "weight": "--weight",
        "calls_per_second": "--calls-per-second",
        "max_posting": "--max-posting",
        "max_live_calls": "--max-live-calls",
        "live_per_agent": "--live-per-agent",
        "max_tries": "--max-tries",
        "delays": "--delay",
        "not_same_day": "--not-same-day",
    }
)
