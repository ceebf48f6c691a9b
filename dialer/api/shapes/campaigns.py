"""Campaigns: as they are defined, and as they are shown."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from dialer.api.problems import invalid
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import AskedShape, Moment, Shape, moment
from dialer.api.shapes.calls import StateName
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.names import as_fields, as_given, name_of
from dialer.domain.campaign.progress import Progress
from dialer.services.campaigns.contacts import ContactView
from dialer.services.campaigns.imports import ImportRecord
from dialer.services.campaigns.snapshot import CampaignSnapshot
from dialer.text.duration import format_duration
from schedules.zones import ZONES_JOIN

_FIELDS: Final = [one for one in Campaign.model_fields if one not in ("name", "zone_column")]
#: All names of a definition, as they stand in a body.
WIRE: Final = [name_of(field) for field in _FIELDS]


class CampaignIn(AskedShape):
    """The definition of a campaign; in a PATCH null takes a field away."""

    model_config = ConfigDict(extra="allow")

    account: str | None = None
    set: dict[str, Any] | None = None
    columns: dict[str, Any] | None = None
    hours: str | None = None
    zone: str | None = None
    zone_from: str | None = None
    starts: Moment | None = None
    ends: Moment | None = None


class CampaignShape(Shape):
    """A campaign; its contacts are counted in `/progress`."""

    name: str
    account: str
    state: Literal["draft", "running", "paused", "cancelled"]
    standing: str
    revision: str
    definition: dict[str, Any]
    contacts: int
    re_rendering: int
    created: Moment
    changed: Moment
    changed_by: str
    notes: list[str]


class ProgressShape(Shape):
    """Exclusive counts of a campaign's contacts; they sum to `total`."""

    total: int
    counts: dict[str, int]
    because: str | None


class MoveIn(AskedShape):
    """When a contact asked to be called, and by whom."""

    not_before: Moment
    agent: str | None = Field(default=None, description="The id of an agent, who rings it.")


class ContactShape(Shape):
    """A contact of a campaign's list; `waiting` until it becomes a call."""

    campaign: str
    row: int
    state: StateName | Literal["waiting", "pruned"]
    id: str | None
    numbers: list[str]
    zones: list[str]
    metadata: dict[str, str]
    due: Moment | None
    reason: str | None


class ImportShape(Shape):
    """What became of a list."""

    id: str
    campaign: str
    who: str
    began: Moment
    state: Literal["running", "done", "cut_off", "refused"]
    rows: int
    accepted: int
    duplicate: int
    rejected: int
    last_line: int
    why: str | None


class ImportRowsShape(Shape):
    """Rows that were not taken, without their values."""

    data: list[dict[str, Any]]
    next_cursor: str | None
    rows_truncated: bool


def fields_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Read a definition on the wire as fields of a campaign.

    Raises:
        ApiProblem: It has a name that means nothing.
    """
    known = {*WIRE, "name"}
    if strange := [name for name in body if name not in known]:
        rule = f"is unknown; the names are: {', '.join(WIRE)}"
        raise invalid([(name, rule) for name in strange[:100]])
    return as_fields({name: value for name, value in body.items() if name != "name"})


def definition(campaign: Campaign) -> dict[str, Any]:
    """Write a definition as it stands in a body."""
    fields = {one: _written(getattr(campaign, one)) for one in _FIELDS}
    return as_given(fields | {"zone_column": campaign.zone_column})


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Mapping):
        return {str(name): _written(one) for name, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def campaign_fields(seen: CampaignSnapshot) -> dict[str, Any]:
    """Write a campaign."""
    progress = seen.progress
    return {
        "name": progress.name,
        "account": progress.account,
        "state": str(progress.state),
        "standing": seen.standing,
        "revision": progress.revision,
        "definition": definition(seen.campaign),
        "contacts": progress.rows,
        "re_rendering": 0 if progress.renewed else progress.queued,
        "created": moment(progress.created),
        "changed": moment(progress.changed),
        "changed_by": progress.changed_by,
        "notes": list(seen.notes),
    }


def progress_fields(progress: Progress) -> dict[str, Any]:
    """Write the counts of a campaign."""
    counts = {str(state): count for state, count in progress.counts.items()}
    return {"total": progress.rows, "counts": {"waiting": progress.waiting, **counts}}


def contact_fields(view: ContactView, campaign: str, caller: ApiCaller) -> dict[str, Any]:
    """Write a contact."""
    job = view.job
    return {
        "campaign": campaign,
        "row": view.row,
        "state": str(job.state) if job else "pruned" if view.fed else "waiting",
        "id": job.id if job else None,
        "numbers": [caller.number(one) for one in view.numbers],
        "zones": view.zones.split(ZONES_JOIN),
        "metadata": view.metadata,
        "due": moment(job.due) if job else None,
        "reason": caller.words(job.reason) if job else None,
    }


def import_fields(record: ImportRecord) -> dict[str, Any]:
    """Write what became of a list."""
    counts = ("rows", "accepted", "duplicate", "rejected", "last_line")
    return {
        "id": record.id,
        "campaign": record.campaign,
        "who": record.who,
        "began": moment(record.began),
        "state": str(record.state),
        **{name: getattr(record, name) for name in counts},
        "why": record.why or None,
    }
