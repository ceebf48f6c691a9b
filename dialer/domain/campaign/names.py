"""Names of a campaign's fields as they stand in a body or a file, where they are others."""

from collections.abc import Mapping
from typing import Any, Final

#: Name in a body or a file -> field of a campaign.
FIELDS: Final[Mapping[str, str]] = {"set": "call", "hours": "calling_hours", "zone": "time_zone"}
_NAMES: Final = {field: name for name, field in FIELDS.items()} | {"zone_column": "zone_from"}
_COLUMN: Final = "column:"


def as_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read a definition as fields: "set" is `call`, and zones from "column:NAME" are two fields."""
    fields = {FIELDS.get(name, name): value for name, value in given.items()}
    if "zone_from" in fields:
        source = fields["zone_from"]
        if isinstance(source, str) and source.startswith(_COLUMN):
            fields |= {"zone_from": "column", "zone_column": source.removeprefix(_COLUMN)}
        else:
            fields.setdefault("zone_column", None)
    return fields


def as_given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write fields as they stand in a body; the inverse of `as_fields`."""
    given = {name_of(name): value for name, value in fields.items() if name != "zone_column"}
    if column := fields.get("zone_column"):
        given["zone_from"] = f"{_COLUMN}{column}"
    return given


def name_of(field: str) -> str:
    """Name a field, or a part of one, as it stands in a body: "call.from" is "set.from"."""
    head, dot, rest = field.partition(".")
    return f"{_NAMES.get(head, head)}{dot}{rest}"


def field_of(name: str) -> str:
    """Name the field that a name in a body means: "set.from" is "call.from"."""
    head, dot, rest = name.partition(".")
    return f"{FIELDS.get(head, head)}{dot}{rest}"
