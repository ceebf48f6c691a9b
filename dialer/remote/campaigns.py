"""Campaigns over HTTP, with the face of `Dialer.campaigns`."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, Self
from urllib.parse import quote

from dialer.domain.campaign.names import as_fields, as_given
from dialer.errors import CampaignChanged
from dialer.services.campaigns.definition import TABLES
from dialer.services.campaigns.source import Source, opened
from dialer.text.duration import format_duration

_TRIES: Final = 5
_PIECE: Final = 2**16
_MEDIA: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson"}

#: Sends a request as `RemoteDialer` does, and returns what was answered.
Ask = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class RemoteCampaign:
    """
    A campaign as the service shows it.

    Attributes:
        state: As it was steered; *standing*: that, or finished, ended, starts.
        revision: Changes with each definition and each step.
        fields: Its definition, by the names of `Campaign`; times and durations are text.
        rows: Contacts of its list.
    """

    name: str
    account: str
    state: str
    standing: str
    revision: str
    rows: int
    fields: Mapping[str, Any]

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a campaign from an answer."""
        plain = {name: body[name] for name in ("name", "account", "state", "standing", "revision")}
        return cls(**plain, rows=body["contacts"], fields=as_fields(body["definition"]))


@dataclass(frozen=True, slots=True)
class RemoteProgress:
    """How far a campaign is: its contacts in all, and by where they are, "waiting" in the list."""

    rows: int
    counts: Mapping[str, int]
    because: str | None

    @property
    def waiting(self) -> int:
        """Contacts that are no jobs yet."""
        return self.counts["waiting"]


@dataclass(frozen=True, slots=True)
class RemoteImport:
    """Counts of a list that was handed in; the first is the sum of the others."""

    rows: int
    accepted: int
    duplicates: int
    rejected: int


@dataclass(frozen=True, slots=True)
class RemoteContact:
    """A contact of a list: where it is, its job if it has one, and when that is due."""

    row: int
    state: str
    job_id: str | None
    due: datetime | None


class RemoteCampaigns:
    """
    Defines campaigns, steers them and hands lists in; fields are named as those of `Campaign`.

    Every method raises StoreUnavailable, as `RemoteDialer`, and all that take a name
    CampaignNotFound.
    """

    def __init__(self, ask: Ask) -> None:
        self._send = ask

    def define(self, name: str, fields: Mapping[str, Any]) -> RemoteCampaign:
        """
        Define a campaign; the same definition again is no error.

        Raises:
            InvalidCampaign: A rule is broken; nothing was defined.
            CampaignRefused: Another campaign has this name.
        """
        headers = {"If-None-Match": "*"}
        return self._change("PUT", name, fields, headers=headers, again=True)

    def edit(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        whole: Collection[str] = (),
        revision: str | None = None,
    ) -> RemoteCampaign:
        """
        Change the fields that are given, and no other.

        Args:
            name: The campaign's.
            changes: By field; None takes one back to its default.
            whole: Tables that are replaced, not merged.
            revision: That which the caller has seen; None for any.

        Raises:
            InvalidCampaign, CampaignFixed: Nothing was changed.
            CampaignChanged: It is at another revision; nothing was changed.
        """
        for left in reversed(range(_TRIES if revision is None else 1)):
            seen = self.look(name)
            given = dict(changes)
            for table in [one for one in TABLES if one in whole and one in given]:
                gone = dict.fromkeys(seen.fields.get(table) or {})
                given[table] = {**gone, **(given[table] or {})}
            try:
                headers = {"If-Match": f'"{revision or seen.revision}"'}
                return self._change("PATCH", name, given, headers=headers)
            except CampaignChanged:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def steer(self, verb: str, name: str, *, reason: str = "") -> bool:
        """
        Start, pause, resume or cancel; when a stop returns, no call of it starts.

        Returns:
            False when it was so already.

        Raises:
            CampaignRefused: It is not in a state for that.
        """
        before, body = self.look(name), {"reason": reason} if reason else {}
        after = self._ask("POST", f"{_path(name)}/{quote(verb, safe='')}", json=body, again=True)
        return bool(after["revision"] != before.revision)

    def look(self, name: str) -> RemoteCampaign:
        """Look at a campaign."""
        return RemoteCampaign.read(self._ask("GET", _path(name)))

    def every(self) -> list[RemoteCampaign]:
        """Look at all campaigns, oldest first."""
        return list(map(RemoteCampaign.read, self._ask("GET", "/v1/campaigns")["data"]))

    def progress(self, name: str) -> RemoteProgress:
        """Read how far a campaign is."""
        body = self._ask("GET", f"{_path(name)}/progress")
        return RemoteProgress(body["total"], body["counts"], body["because"])

    def add(self, name: str, source: Source, *, form: str | None = None) -> RemoteImport:
        """
        Add a list of contacts, of any length, as it is read; twice adds nobody.

        Args:
            name: The campaign's.
            source: CSV with a header, or JSONL: its path, or a binary stream; or rows.
            form: "csv" or "jsonl"; None to look at the first line.

        Raises:
            ListError: The list cannot be read or lacks a column; nothing was added.
            CampaignRefused: It takes no contacts; those added before stay.
        """
        with opened(source) as stream:
            first = stream.read(_PIECE)
            rows = not (isinstance(source, Path) or hasattr(source, "read"))
            jsonl = rows or form == "jsonl" or (form is None and first.lstrip().startswith(b"{"))
            headers = {"Content-Type": _MEDIA["jsonl" if jsonl else "csv"]}
            body = _pieces(first, stream)
            said = self._ask("POST", f"{_path(name)}/contacts", data=body, headers=headers)
        return RemoteImport(said["rows"], said["accepted"], said["duplicate"], said["rejected"])

    def forget(self, name: str) -> None:
        """Forget the list of a campaign that is over; its definition and its counts stay."""
        self._ask("POST", f"{_path(name)}/forget", json={}, again=True)

    def contact(self, name: str, row: int) -> RemoteContact:
        """Look at the contact of a row, from 1; ContactNotFound where there is none."""
        return _contact(self._send("GET", f"{_path(name)}/contacts/{row}"))

    def move(self, name: str, row: int, not_before: datetime, agent: str = "") -> RemoteContact:
        """Have a contact rung at a time, and by an agent if one is named."""
        body = {"not_before": not_before.isoformat()} | ({"agent": agent} if agent else {})
        path = f"{_path(name)}/contacts/{row}/move"
        return _contact(self._send("POST", path, json=body, again=True))

    def remove(self, name: str, row: int, reason: str) -> RemoteContact:
        """Take a contact out: it is not rung."""
        path = f"{_path(name)}/contacts/{row}/remove"
        return _contact(self._send("POST", path, json={"reason": reason}, again=True))

    def _change(
        self, method: str, name: str, fields: Mapping[str, Any], **more: Any
    ) -> RemoteCampaign:
        text = json.dumps(as_given(fields), default=_written)
        headers = {"Content-Type": "application/json", **more.pop("headers")}
        answer = self._ask(method, _path(name), data=text, headers=headers, **more)
        return RemoteCampaign.read(answer)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        return self._send(method, path, campaign=True, **more)


def _path(name: str) -> str:
    return f"/v1/campaigns/{quote(name, safe='')}"


def _pieces(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while first:
        yield first
        first = stream.read(_PIECE)


def _contact(body: Mapping[str, Any]) -> RemoteContact:
    due = datetime.fromisoformat(body["due"]) if body["due"] else None
    return RemoteContact(body["row"], body["state"], body["id"], due)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a campaign has no field of type {type(value).__name__}")
