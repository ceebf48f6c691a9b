"""Definitions: made of changes and the one before, or all their problems at once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dialer.domain.call.parameters import Problem
from dialer.domain.campaign.campaign import Campaign
from dialer.errors import CampaignFixed, InvalidCampaign, SettingsError
from dialer.settings import Settings

#: Fields that hold one value for each of the user's names.
TABLES: Final = ("call", "columns", "delays")
#: A parameter of the call stands in one of these.
PARAMETERS: Final = ("call", "columns")
#: Fields that decide how a contact is read.
_READ_BY: Final = ("columns", "customer", "zone_from", "zone_column")
_TYPES: Final = ("fromType", "toType")
#: A name in the place of one that is wrong.
_NAMELESS: Final = "nameless"


def merged(
    before: Mapping[str, Any], changes: Mapping[str, Any], whole: Collection[str] = ()
) -> dict[str, Any]:
    """
    Put the fields of a definition together: *changes* win over those that held *before*.

    None takes a field, or one name of a table, back to its default. Tables are merged by name,
    but for those in *whole*.
    """
    fields = {**before, **changes}
    for name in TABLES:
        if isinstance(said := changes.get(name), Mapping):
            table = {**({} if name in whole else table_in(before, name)), **said}
            fields[name] = {key: value for key, value in table.items() if value is not None}
    return fields


def table_in(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Read a table; empty where the field is none, which `read` refuses."""
    table = fields.get(name)
    return dict(table) if isinstance(table, Mapping) else {}


def read(
    fields: Mapping[str, Any], settings: Settings, now: datetime, unread: Sequence[Problem] = ()
) -> Campaign:
    """
    Read a definition; its account in the settings gives the defaults.

    Raises:
        InvalidCampaign: A rule is broken; all that are known are named, first those *unread*,
            which the caller could not read.
    """
    found = list(unread)
    extra: Collection[str] = ()
    usual: dict[str, Any] = {"time_zone": "UTC"}
    try:
        account = settings.account(str(fields.get("account") or "default"))
    except SettingsError as error:
        found.append(("account", str(error).partition(": ")[2]))
    else:
        extra = account.extra_params
        usual = {"time_zone": account.time_zone, "customer": account.customer}
    rest = dict(fields)
    while True:
        try:
            made = Campaign.read(rest, now=now, allowed_extra=extra, **usual)
        except InvalidCampaign as error:
            news = [one for one in error.problems if _is_news(one, fields, rest, unread)]
            placed = [(_place(path, rule, fields), rule) for path, rule in news]
            found += [one for one in placed if one not in found]
            # Once more without the wrong fields: they may hide others.
            if not _drop(rest, error.problems):
                raise InvalidCampaign(found or error.problems) from None
        else:
            break
    if found:
        raise InvalidCampaign(found)
    return made


def _is_news(
    problem: Problem, fields: Mapping[str, Any], rest: Mapping[str, Any], unread: Sequence[Problem]
) -> bool:
    """Say whether a problem of *rest* is more than the echo of one in *fields*."""
    path, rule = problem
    kind = f"{path}Type"
    if kind in table_in(fields, "call") and kind not in (rest.get("call") or {}):
        return False  # without their type, ids and numbers cannot be told apart
    if not rule.startswith("is missing") or path in Campaign.model_fields:
        return True
    # Where a parameter could not be read, nobody knows whether it is missing.
    return not any(one in PARAMETERS for one, _ in unread) and all(
        rest.get(name) == fields.get(name) for name in PARAMETERS
    )


def _place(path: str, rule: str, fields: Mapping[str, Any]) -> str:
    """Name the field in which a parameter of the call stands, as "call.from"."""
    key = path.removeprefix("extra_params.")
    if rule.startswith("is missing") or path.partition(".")[0] in {*Campaign.model_fields, *fields}:
        return path
    if key == "fromCLI" and fields.get("caller_ids"):
        return "caller_ids"
    return f"columns.{key}" if key in table_in(fields, "columns") else f"call.{key}"


def _drop(fields: dict[str, Any], problems: Sequence[Problem]) -> bool:
    """Take wrong fields out; say whether there were any."""
    dropped = False
    for path, _ in problems:
        name = path.partition(".")[0]
        if name in fields:
            dropped |= fields[name] not in (None, _NAMELESS)
            fields |= {"name": _NAMELESS} if name == "name" else {name: None}
            continue
        if name == "fromCLI":
            dropped |= bool(fields.pop("caller_ids", None))
        key = path.removeprefix("extra_params.")
        for table in PARAMETERS:
            if key in (fields.get(table) or {}):
                fields[table] = {one: fields[table][one] for one in fields[table] if one != key}
                dropped = True
    return dropped


def refuse_what_is_fixed(before: Campaign, after: Campaign, rows: int) -> None:
    """
    Refuse a change that the contacts of a list, so many *rows*, would not survive.

    Raises:
        CampaignFixed: There are such changes, all named by field.
    """
    changed = [name for name in _READ_BY if getattr(before, name) != getattr(after, name)]
    changed += [f"call.{name}" for name in _TYPES if before.call.get(name) != after.call.get(name)]
    if rows and changed:
        those = "1 contact was" if rows == 1 else f"{rows} contacts were"
        rule = f"cannot change any more: {those} read by it; create another campaign"
        raise CampaignFixed([(path, rule) for path in changed])
