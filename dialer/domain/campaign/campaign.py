"""
A campaign as its operator defined it: which calls, when, how fast and how often.

Contacts and their progress live in the store.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dialer.domain.call.call import Customer
from dialer.domain.call.customer import CustomerRules
from dialer.domain.call.parameters import Problem
from dialer.domain.campaign.template import Template
from dialer.domain.job.redial import Redial
from dialer.errors import InvalidCampaign
from dialer.text.duration import Duration
from dialer.text.reading import plainly
from schedules.calendar import Calendar
from schedules.errors import HoursError
from schedules.holidays import HolidaySet
from schedules.hours import CallingHours
from schedules.presets import PRESETS, Preset
from schedules.rule import Rule
from schedules.zones import ZONES_JOIN

#: What the redial rules tell apart; "provider" also covers calls that could not be sent.
OutcomeKind = Literal["provider", "agent", "capacity"]
#: What a campaign is for; decides which series its caller ids may come from.
Purpose = Literal["promotional", "service", "transactional", "recovery"]

#: How long a campaign may run when its end is not given.
DEFAULT_LENGTH = timedelta(days=30)


class CampaignState(StrEnum):
    """An operator's decision about a campaign."""

    #: Defined; contacts may be added; nobody is rung.
    DRAFT = "draft"
    #: Rings, whenever its hours, its start and its end allow.
    RUNNING = "running"
    #: Stopped by a person; `resume` goes on where it stopped.
    PAUSED = "paused"
    #: Ended by a person, for good: nothing of it ever rings again.
    CANCELLED = "cancelled"


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,40}", name, re.ASCII):
        raise ValueError("must be 1 to 40 of a-z, 0-9 and _")
    return name


def _preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"is no preset; the presets are: {', '.join(PRESETS)}")
    return name


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("needs an offset from UTC, such as +05:30")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]


class Campaign(BaseModel):
    """
    The definition of a campaign; immutable, and valid once `read` has made it.

    Attributes:
        name: 1 to 40 of a-z, 0-9 and _; never used for another campaign.
        call: Parameters by wire name that are the same in every call.
        columns: Parameters by wire name -> the column of the list that fills them.
        caller_ids: `fromCLI` values, used in turn; empty for none.
        purpose: None for undeclared.
        customer: The protected leg.
        calling_hours: Ranges, a preset, or "always"; the account's own apply as well.
        preset: A preset that applies beside `calling_hours`.
        holidays: Days that stay shut, by country and subdivision, or by date.
        time_zone: IANA name: where the hours are meant, unless each contact has its own.
        zone_from: Source of a contact's zone: "campaign" (`time_zone` for all), "number", or
            "column" (`zone_column`).
        starts: Nobody is rung before; None for no such bound.
        ends: No attempt starts from here on; the deadline of its jobs.
        weight: Its share beside other campaigns of the account.
        calls_per_second: Its own rate; None for the account's alone.
        max_posting: Its requests on the wire at once; 0 for the account's bound alone.
        max_live_calls: Its calls going on at once; 0 for no bound of its own.
        live_per_agent: Calls going on at once for each agent or number in
            `from`; 0 for no bound; None for 1, and no bound for a Group.
        max_tries: Tries of each contact in all; None for `jobs.max_tries`.
        delays: Waits after an attempt that ended so; others wait as `[retry]` says.
        not_same_day: Outcomes after which a contact is not tried again on the
            same day, as days are counted in `time_zone`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Annotated[str, AfterValidator(_name)]
    account: str = "default"
    call: dict[str, str | int | bool] = {}
    columns: dict[str, str] = {}
    caller_ids: tuple[str, ...] = ()
    purpose: Purpose | None = None
    customer: Customer = "to"
    calling_hours: Annotated[str, AfterValidator(lambda text: str(CallingHours.parse(text)))] = (
        "always"
    )
    preset: Annotated[str, AfterValidator(_preset)] | None = None
    holidays: Annotated[str, AfterValidator(lambda text: str(HolidaySet.parse(text)))] = ""
    time_zone: str
    zone_from: Literal["campaign", "number", "column"] = "campaign"
    zone_column: str | None = None
    starts: Moment | None = None
    ends: Moment
    weight: int = Field(default=1, ge=1, le=1000)
    calls_per_second: float | None = Field(default=None, ge=0.00001, le=1000)
    max_posting: int = Field(default=0, ge=0)
    max_live_calls: int = Field(default=0, ge=0)
    live_per_agent: int | None = Field(default=None, ge=0)
    max_tries: int | None = Field(default=None, ge=1, le=100)
    delays: dict[OutcomeKind, Duration] = {}
    not_same_day: tuple[OutcomeKind, ...] = ()

    @classmethod
    def read(
        cls,
        raw: Mapping[str, Any],
        *,
        now: datetime,
        time_zone: str,
        customer: Customer = "to",
        allowed_extra: Collection[str] = (),
    ) -> Self:
        """
        Return the campaign that *raw* defines, with defaults for absent fields.

        Args:
            raw: Fields by name; None means absent; times are datetimes or ISO 8601 text.
            now: Aware; the default end is `DEFAULT_LENGTH` after the later of it and the start.
            time_zone: The account's; for a campaign that names none.
            customer: The account's; the same.
            allowed_extra: Undocumented parameters that the account may send.

        Raises:
            InvalidCampaign: One or more rules are broken; all are named by field.
        """
        given = {name: value for name, value in raw.items() if value is not None}
        defaults: dict[str, Any] = {"time_zone": time_zone, "customer": customer}
        if "ends" not in given:
            defaults["ends"] = max(_moment(given.get("starts")) or now, now) + DEFAULT_LENGTH
        try:
            made = cls.model_validate(defaults | given)
        except ValidationError as error:
            raise InvalidCampaign(_problems_of(error)) from None
        if problems := made.misfits(now, allowed_extra):
            raise InvalidCampaign(problems)
        return made

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the campaign that `to_json` wrote."""
        return cls.model_validate_json(text)

    def to_json(self) -> str:
        """Write the definition as one line of JSON."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def shape(self) -> str:
        """
        Digest of the fields that contacts depend on once read, 16 hex digits.

        Their columns, the side that makes their identity, and the source of their zone.
        """
        kinds = [self.call.get("fromType", "Number"), self.call.get("toType", "Number")]
        read = [self.columns, self.customer, self.zone_from, self.zone_column, kinds]
        return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def manner(self) -> str:
        """
        Digest of the fields that affect pace and outcome of its calls, 16 hex digits.

        Its start and end and the waits after a failure do not.
        """
        aside = {"purpose", "starts", "ends", "delays", "not_same_day"}
        rest = self.model_dump(mode="json", exclude=aside)
        return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def redial(self) -> Redial:
        """Its rules for further attempts."""
        zone = self.time_zone.split(ZONES_JOIN)[0]
        delays: dict[str, timedelta] = dict(self.delays.items())
        return Redial(self.max_tries, delays, frozenset(self.not_same_day), zone)

    @property
    def template(self) -> Template:
        """The template of its contacts' calls."""
        return Template(self.call, self.columns, self.caller_ids)

    def calendar(self, zones: str = "") -> Calendar:
        """
        Return the hours of contacts in *zones*, the account's own hours aside.

        Args:
            zones: Names joined by "+": the contact is in one of them, so all
                must be open. "" for the campaign's own.

        Raises:
            HoursError: A zone is unknown.
        """
        rules = [
            Rule.parse(hours, zone=zone, holidays=self.holidays)
            for zone in (zones or self.time_zone).split(ZONES_JOIN)
            for hours in filter(None, (self.calling_hours, self.preset))
        ]
        return Calendar(tuple(rules))

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The presets it names, in either field."""
        named = (self.preset or "", self.calling_hours)
        return tuple(PRESETS[name] for name in named if name in PRESETS)

    @property
    def customer_rules(self) -> CustomerRules:
        """The caps on calls to one customer, from its presets."""
        caps = dict.fromkeys(preset.cap for preset in self.presets if preset.cap)
        return CustomerRules(timedelta(0), tuple(caps))

    def agent_limit(self, from_type: str) -> int:
        """Return how many calls each agent may have going on at once; 0 for no bound."""
        if self.live_per_agent is not None:
            return self.live_per_agent
        return 0 if from_type.lower() == "group" else 1

    def misfits(self, now: datetime, allowed_extra: Collection[str]) -> list[Problem]:
        """Return the problems between its fields, and those of its template."""
        found = self.template.problems(allowed_extra)
        if self.starts and self.ends <= self.starts:
            found.append(("ends", "must be later than starts"))
        elif self.ends <= now:
            found.append(("ends", "has passed"))
        if (self.zone_column is not None) != (self.zone_from == "column"):
            found.append(("zone_column", 'is named exactly when zone_from is "column"'))
        try:
            self.calendar()
        except HoursError as error:
            found.append(("time_zone", str(error)))
        return found


def _moment(value: object) -> datetime | None:
    """Return an aware moment from itself or its text; None for anything else, which is refused."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    aware = isinstance(moment, datetime) and moment.utcoffset() is not None
    return moment if aware else None  # type: ignore[return-value]  # `aware` has looked


def _problems_of(error: ValidationError) -> list[Problem]:
    problems = []
    for one in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in one["loc"]) or "campaign"
        rule = {"missing": "is missing", "extra_forbidden": "is no field of a campaign"}.get(
            one["type"], plainly(one["msg"])
        )
        problems.append((field, rule))
    return problems
