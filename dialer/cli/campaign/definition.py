"""
From what was typed and a file to the fields of a campaign, or to what is wrong with them.

An empty text takes a field back to what it is when nothing is said.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer

from dialer.campaign import Campaign
from dialer.cli.campaign.options import FLAGS
from dialer.cli.options import read_moment, read_rate
from dialer.errors import InvalidCampaign, SettingsError
from dialer.settings import Settings

#: Fields that hold one value for each of the user's names.
_TABLES: Final = ("call", "columns", "delays")
_LISTS: Final = ("caller_ids", "not_same_day")
_WHOLE: Final = ("weight", "max_posting", "max_live_calls", "live_per_agent", "max_tries")
_ZONE_SOURCE: Final = re.compile(r"(campaign|number)|column:(.+)")
#: A name in the place of one that is wrong.
_NAMELESS: Final = "nameless"
#: Of each pair a parameter stands in one.
_OTHER: Final = {"call": "columns", "columns": "call"}


@dataclass
class Draft:
    """
    The fields of a campaign while they are put together.

    Attributes:
        fields: Values by field.
        problems: What is wrong so far, each as "OPTION: rule".
        typed: Fields that an option wrote; (field, name) for one name of a table.
        file: The file that others are from; "" for none.
    """

    fields: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    typed: set[str | tuple[str, str]] = field(default_factory=set)
    file: str = ""
    _from_file: set[str] = field(default_factory=set)

    def read_file(self, path: str) -> None:
        """Take over the fields of a TOML file; those it does not name stay."""
        self.file = path
        try:
            said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            self.problems.append(f"--file {path}: cannot be read: {error.strerror}")
            return
        except ValueError as error:
            self.problems.append(f"--file {path}: is no TOML: {error}")
            return
        if said.setdefault("name", self.fields["name"]) != self.fields["name"]:
            rule = f"is not {self.fields['name']}, the name that was typed"
            self.problems.append(f"{path}: name: {rule}")
        self._from_file = set(said)
        self.fields |= said | {"name": self.fields["name"]}

    def read_options(self, given: Mapping[str, Any]) -> None:
        """Take over what was typed, by field; None was not."""
        for name, value in given.items():
            if not value and value != "":
                continue
            self.typed.add(name)
            if name in _TABLES:
                self._read_table(name, value)
            else:
                self._read_value(name, value)

    def make(self, settings: Settings, now: datetime) -> Campaign | None:
        """
        Return the campaign; None when something is wrong, and `problems` says what.

        Args:
            settings: For what follows from the account.
            now: Aware.
        """
        extra: Collection[str] = ()
        usual: dict[str, Any] = {"time_zone": "UTC"}
        try:
            account = settings.account(str(self.fields.get("account") or "default"))
        except SettingsError as error:
            rule = str(error).partition(": ")[2]
            self.problems.append(f"{self.label('account')}: {rule}")
        else:
            extra = account.extra_params
            usual = {"time_zone": account.time_zone, "customer": account.customer}
        rest = dict(self.fields)
        while True:
            try:
                made = Campaign.read(rest, now=now, allowed_extra=extra, **usual)
            except InvalidCampaign as error:
                self._add(error.problems, rest)
                # Once more without what is wrong: it may hide what else is.
                if not _drop(rest, error.problems):
                    return None
            else:
                return None if self.problems else made

    def label(self, path: str) -> str:
        """Name a field as the user wrote it, "call.from" as "--set from"."""
        name, _, key = path.partition(".")
        if name in self._from_file and name not in self.typed:
            return f"{self.file}: {path}"
        key = key.removesuffix(".[key]")
        if not key or name not in _TABLES:
            return FLAGS.get(name, path)
        if name in self._from_file and (name, key) not in self.typed:
            return f"{self.file}: {path}"
        return f"{FLAGS[name]} {key}"

    def _read_table(self, name: str, written: list[str]) -> None:
        table = self._table(name)
        other = dict(self._table(_OTHER[name])) if name in _OTHER else {}
        for one in written:
            key, equals, value = one.partition("=")
            key = key.strip()
            if not equals or not key:
                shape = "KIND=10m" if name == "delays" else "PARAM=" + FLAGS[name][2:].upper()
                rule = f'"{one}" is not {shape.replace("SET", "VALUE")}'
                self.problems.append(f"{FLAGS[name]}: {rule}")
            elif (name, key) in self.typed:
                self.problems.append(f"{FLAGS[name]} {key}: is given twice")
            else:
                self.typed.add((name, key))
                table[key] = value.strip()
                if (_OTHER.get(name, ""), key) not in self.typed:
                    other.pop(key, None)
        self.fields[name] = {key: value for key, value in table.items() if value != ""}
        if name in _OTHER:
            self.fields[_OTHER[name]] = other

    def _table(self, name: str) -> dict[str, Any]:
        # What the file holds there may be no table at all; the campaign will say so.
        table = self.fields.get(name)
        return dict(table) if isinstance(table, Mapping) else {}

    def _read_value(self, name: str, written: str | list[str]) -> None:
        try:
            self.fields |= _values(name, written)
        except typer.BadParameter as error:
            self.problems.append(f"{FLAGS[name]}: {error.message}")
            self.fields.pop(name, None)

    def _add(self, problems: list[tuple[str, str]], rest: Mapping[str, Any]) -> None:
        # Where a parameter could not be read, nobody knows whether it is missing.
        unread = any(one.startswith(("--set:", "--column:")) for one in self.problems)
        for path, rule in problems:
            kind = f"{path}Type"
            if kind in self._table("call") and kind not in (rest.get("call") or {}):
                continue  # whose ids or numbers these are was not to be read
            if path.partition(".")[0] in {*Campaign.model_fields, *self._from_file}:
                found = f"{self.label(path)}: {rule}"
            elif not rule.startswith("is missing"):
                found = f"{self._parameter(path)}: {rule}"
            elif unread or any(rest.get(name) != self.fields.get(name) for name in _OTHER):
                continue
            else:
                found = f"--set {path}=VALUE or --column {path}=COLUMN: one of them is needed"
            if found not in self.problems:
                self.problems.append(found)

    def _parameter(self, path: str) -> str:
        """Name a parameter of the call as the user wrote it."""
        key = path.removeprefix("extra_params.")
        if key == "fromCLI" and self.fields.get("caller_ids"):
            return self.label("caller_ids")
        table = "columns" if key in self._table("columns") else "call"
        return self.label(f"{table}.{key}")


def _drop(fields: dict[str, Any], problems: list[tuple[str, str]]) -> bool:
    """Take out what is wrong; say whether there was anything to take out."""
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
        for table in _OTHER:
            if key in (fields.get(table) or {}):
                fields[table] = {one: fields[table][one] for one in fields[table] if one != key}
                dropped = True
    return dropped


def _values(name: str, written: str | list[str]) -> dict[str, Any]:
    """
    Return the fields that one option writes.

    Raises:
        BadParameter: It cannot be read.
    """
    if name in _LISTS:
        ones = (one.strip() for text in written for one in text.split(","))
        return {name: tuple(one for one in ones if one)}
    text = str(written)
    if name == "zone_from":
        return _zone_source(text or "campaign")
    read = _READERS.get(name, _text)
    return {name: read(text, FLAGS[name]) if text else None}


def _text(text: str, _option: str) -> str:
    return text


def _whole(text: str, option: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise typer.BadParameter(f'"{text}" is no whole number', param_hint=option)
    return int(text)


#: What reads the value of an option where it is no plain text.
_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    **dict.fromkeys(_WHOLE, _whole),
    "starts": read_moment,
    "ends": read_moment,
    "calls_per_second": read_rate,
}


def _zone_source(text: str) -> dict[str, Any]:
    match = _ZONE_SOURCE.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f'"{text}" is not campaign, number or column:NAME')
    return {"zone_from": match[1] or "column", "zone_column": match[2]}
