"""
`dialer campaign create`, `dialer campaign set`: options and a file as the fields of a campaign.

Problems are named as they were written. An empty text takes a field back to its default.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import starmap
from pathlib import Path
from typing import Any, Final

import typer

from dialer.cli import output
from dialer.cli.campaign.options import FLAGS, REPEATED, defining
from dialer.cli.options import read_moment, read_rate
from dialer.cli.session import session
from dialer.cli.views.campaign_changes import tell_changed, tell_defined
from dialer.domain.call.parameters import Problem
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.names import FIELDS, as_fields
from dialer.errors import InvalidCampaign
from dialer.services.campaigns.definition import PARAMETERS, TABLES, table_in

_WHOLE: Final = ("weight", "max_posting", "max_live_calls", "live_per_agent", "max_tries")
_ZONE_SOURCE: Final = re.compile(r"(campaign|number)|column:(.+)")


@defining
def create(name: str, file: str | None, written: Mapping[str, Any], who: str) -> None:
    """Define a campaign; nobody is rung yet."""
    draft = Draft.read(name, file, written)
    with session(who=who) as opened, draft.blamed():
        seen = opened.campaigns.define(name, draft.fields, unread=draft.problems)
        tell_defined(seen, opened.settings)


@defining
def change(name: str, file: str | None, written: Mapping[str, Any], who: str) -> None:
    """Change what is given, from the next call on; "" takes a field back to its default."""
    draft = Draft.read(name, file, written)
    if not (file or draft.typed):
        raise typer.BadParameter("give at least one option, such as --weight 2", param_hint="NAME")
    with session(who=who) as opened, draft.blamed():
        whole, unread = draft.from_file, draft.problems
        seen = opened.campaigns.edit(name, draft.fields, whole=whole, unread=unread)
        tell_changed(seen, opened.settings)


@dataclass
class Draft:
    """
    A definition on the command line.

    Attributes:
        name: The campaign's.
        fields: As `CampaignService.edit` takes them.
        problems: Of options and a file that cannot be read.
        file: The path of the file; "" for none.
        from_file: Fields that the file names.
        typed: Fields that an option wrote; (field, name) for one name of a table.
        as_written: Fields that the file names otherwise.
    """

    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    file: str = ""
    from_file: set[str] = field(default_factory=set)
    typed: set[str | tuple[str, str]] = field(default_factory=set)
    as_written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, file: str | None, written: Mapping[str, Any]) -> "Draft":
        """Read a TOML file, and then the options by field, which win."""
        draft = cls(name, file=file or "")
        if file:
            draft._read_file(Path(file))
        for one, value in written.items():
            if value or value == "":
                draft.typed.add(one)
                draft._read_option(one, value)
        draft._move_parameters()
        return draft

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Complain of problems as they were written, and end with status 2."""
        try:
            yield
        except InvalidCampaign as error:
            for line in dict.fromkeys(starmap(self._line, error.problems)):
                output.complain(line)
            raise typer.Exit(2) from None

    def _read_file(self, path: Path) -> None:
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            self.problems.append((f"--file {path}", f"cannot be read: {error.strerror}"))
            return
        except ValueError as error:
            self.problems.append((f"--file {path}", f"is no TOML: {error}"))
            return
        if said.setdefault("name", self.name) != self.name:
            self.problems.append(("name", f"is not {self.name}, the name that was typed"))
        self.as_written = {FIELDS[one]: one for one in said if one in FIELDS}
        twice = [
            (one, f"is given beside {FIELDS[one]}, which is the same")
            for one in said
            if FIELDS.get(one) in said
        ]
        self.problems += twice
        fields = as_fields(said)
        self.from_file = set(fields)
        self.fields |= fields

    def _read_option(self, name: str, written: str | list[str]) -> None:
        if name in TABLES:
            self.fields[name] = {**table_in(self.fields, name), **dict(self._pairs(name, written))}
            return
        try:
            self.fields |= _values(name, written)
        except typer.BadParameter as error:
            self.problems.append((name, error.message))
            self.fields[name] = None

    def _pairs(self, name: str, written: str | list[str]) -> Iterator[tuple[str, str | None]]:
        for one in written:
            key, equals, value = one.partition("=")
            key = key.strip()
            if not equals or not key:
                self.problems.append((name, f'"{one}" is not {REPEATED[name]}'))
            elif (name, key) in self.typed:
                self.problems.append((f"{name}.{key}", "is given twice"))
            else:
                self.typed.add((name, key))
                yield key, value.strip() or None

    def _move_parameters(self) -> None:
        """Take a parameter that was typed out of the other table it may stand in."""
        for name, other in (PARAMETERS, PARAMETERS[::-1]):
            for key in table_in(self.fields, name):
                if (name, key) in self.typed and (other, key) not in self.typed:
                    self.fields[other] = {**table_in(self.fields, other), key: None}

    def _line(self, path: str, rule: str) -> str:
        if rule.startswith("is missing") and path not in {*Campaign.model_fields, *self.from_file}:
            return f"--set {path}=VALUE or --column {path}=COLUMN: one of them is needed"
        return f"{self._label(path)}: {rule}"

    def _label(self, path: str) -> str:
        """Name a field as the user wrote it, "call.from" as "--set from"."""
        name, _, key = path.partition(".")
        key = key.removesuffix(".[key]") if name in TABLES else ""
        typed = (name, key) in self.typed if key else name in self.typed
        if name in self.from_file and not typed:
            return f"{self.file}: {self.as_written.get(name, name)}{path.removeprefix(name)}"
        return f"{FLAGS[name]} {key}" if key else FLAGS.get(name, path)


def _values(name: str, written: str | list[str]) -> dict[str, Any]:
    """
    Return the fields that one option writes.

    Raises:
        BadParameter: It cannot be read.
    """
    if isinstance(written, list):
        ones = (one.strip() for text in written for one in text.split(","))
        return {name: tuple(one for one in ones if one)}
    if name == "zone_from":
        match = _ZONE_SOURCE.fullmatch(written or "campaign")
        if match is None:
            raise typer.BadParameter(f'"{written}" is not campaign, number or column:NAME')
        return {"zone_from": match[1] or "column", "zone_column": match[2]}
    read = _READERS.get(name)
    return {name: read(written, FLAGS[name]) if read and written else written or None}


def _whole(text: str, flag: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise typer.BadParameter(f'"{text}" is no whole number', param_hint=flag)
    return int(text)


#: Readers of options that are no plain text.
_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    **dict.fromkeys(_WHOLE, _whole),
    "starts": read_moment,
    "ends": read_moment,
    "calls_per_second": read_rate,
}
