"""
Presets of calling hours, each with its source.

Pure data; `schedules.hours` reads `ranges`. None of it is legal advice: a preset is
always shown beside `NOT_LEGAL_ADVICE`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

#: The sentence that goes wherever a preset is shown to a person.
NOT_LEGAL_ADVICE = (
    "Presets are a starting point, not legal advice: ask whoever answers for your calls."
)


@dataclass(frozen=True, slots=True)
class Cap:
    """The most calls to one person in any period of length `per`; it slides, no calendar days."""

    calls: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """
    One rule set under a name that may be written as calling hours.

    Attributes:
        ranges: The hours, as for `CallingHours.parse`.
        zone: Their IANA zone; None where the law says the called party's own.
        holidays: Public holidays of the rule, as for `HolidaySet.parse`.
        cap: None where the rule has none.
        source: Where the hours come from, for a person to check.
        note: What the hours leave out.
    """

    name: str
    ranges: str
    zone: str | None = None
    holidays: str = ""
    cap: Cap | None = None
    source: str
    note: str


_ALL = (
    Preset(
        name="india-commercial",
        ranges="daily 09:00-21:00",
        zone="Asia/Kolkata",
        source="TRAI regulations of 2010: no commercial communication from 21:00 to 09:00, "
        "to registered and unregistered customers alike",
        note="TCCCPR 2018 lets each customer choose time bands and day types as well; "
        "those are in the preference register, not in these hours.",
    ),
    Preset(
        name="india-recovery",
        ranges="daily 08:00-19:00",
        zone="Asia/Kolkata",
        source="Reserve Bank of India, circular of 12 August 2022 on recovery agents: no calls "
        "to the borrower before 08:00 or after 19:00 for recovery of overdue loans",
        note="Microfinance loans have rules of their own. Persistent calling is barred without "
        "a number; choose a cap.",
    ),
    Preset(
        name="us-federal",
        ranges="daily 08:00-21:00",
        source="47 CFR 64.1200(c)(1): no telephone solicitation before 08:00 or after 21:00, "
        "local time at the called party's location",
        note="Several states are stricter. Debt collection (12 CFR 1006.14) also presumes at most "
        "7 calls in 7 days per debt, and none for 7 days after a conversation.",
    ),
    Preset(
        name="us-florida",
        ranges="daily 08:00-20:00",
        cap=Cap(calls=3, per=timedelta(hours=24)),
        source="Florida Statutes 501.616(6), as amended in 2021: 08:00 to 20:00 in the called "
        "person's time zone, at most three calls in 24 hours on one subject from any number",
        note="Florida spans America/New_York and America/Chicago.",
    ),
    Preset(
        name="uk",
        ranges="Mon-Fri 08:00-21:00, Sat 09:00-21:00",
        zone="Europe/London",
        # A number does not tell the nation, so the holidays of all four close.
        holidays="GB-ENG GB-NIR GB-SCT GB-WLS",
        source="Direct Marketing Association (UK), telemarketing guide: 08:00 to 21:00 on "
        "weekdays, from 09:00 on Saturdays, none on Sundays and public holidays",
        note="An industry guide: no statute or Ofcom rule names hours in the United Kingdom.",
    ),
)

#: Every preset by its name.
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
