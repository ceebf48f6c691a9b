"""Contacts: lists that are uploaded, as they come, and what became of them."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.pipe import BodyCut, BodyPipe
from dialer.api.problems import ApiProblem, invalid
from dialer.api.reading import CSV, NDJSON, check_names, media_of, read_object, read_optional
from dialer.api.routes.calls import reason_of
from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import BODY, ENQUEUE, OPERATE, READ, allow, page
from dialer.api.routes.searching import Cursor, Limit, instant_in
from dialer.api.service import ApiCaller
from dialer.api.shapes.calls import ReasonIn
from dialer.api.shapes.campaigns import (
    ContactShape,
    ImportRowsShape,
    ImportShape,
    MoveIn,
    contact_fields,
    import_fields,
)
from dialer.errors import CampaignNotFound, ImportNotFound
from dialer.services.campaigns.contacts import ContactService, ContactView
from dialer.services.campaigns.imports import ImportRecord

router = APIRouter(tags=["campaigns"])

_FORMS: Final = {CSV: "csv", NDJSON: "jsonl"}


@router.post(
    "/v1/campaigns/{name}/contacts",
    status_code=202,
    response_model=ImportShape,
    summary="Add a list to a campaign",
    **page(
        ENQUEUE,
        OPERATE,
        body={CSV: {}, NDJSON: {}},
        words=("not-found", "state", "unsupported-media", "request-timeout", "store-full"),
    ),
)
async def add_contacts(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(ENQUEUE, OPERATE)]
) -> JSONResponse:
    """
    Add a list of any size; rows go to the store as they come.

    The same list twice adds nobody: after a connection that was cut send all of it again.
    """
    service = caller.service
    form = _FORMS[media_of(request, CSV, NDJSON)]
    with service.uploads:
        pipe = BodyPipe(request, lambda: service.still_valid(caller.key))
        try:
            record = await service.run(_take, caller, name, pipe, form)
        except BodyCut as error:
            # Nobody reads it; the log says what happened.
            raise ApiProblem("malformed", str(error)) from None
    headers = {"Location": f"/v1/imports/{record.id}"}
    return JSONResponse(import_fields(record), 202, headers)


Row = Annotated[int, Path(ge=1, le=999_999_999)]


@router.get(
    "/v1/campaigns/{name}/contacts/{row}",
    response_model=ContactShape,
    summary="Look at a contact",
    **page(READ, words=("not-found",)),
)
async def show_contact(
    name: str, row: Row, caller: Annotated[ApiCaller, allow(READ)]
) -> JSONResponse:
    """Look at the contact of a row, from 1: whether it waits, and what became of it."""
    return await _done(caller, name, lambda contacts: contacts.look(name, row))


@router.post(
    "/v1/campaigns/{name}/contacts/{row}/move",
    response_model=ContactShape,
    summary="Call a contact at the time it asked for",
    **page(OPERATE, body=MoveIn, words=(*BODY, "not-found", "state", "store-full")),
)
async def move_contact(
    request: Request, name: str, row: Row, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """
    Have a contact rung at a time, and by an agent if one is named; not before it was rung only.

    Its hours, its caps and the end of its campaign hold all the same. One that was rung is 409:
    hand a call of its own in, with `not_before`.
    """
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "not_before", "agent")
    when, agent = instant_in(body, "not_before"), body.get("agent")
    if when is None:
        raise invalid([("not_before", "is missing")])
    if agent is not None and (not isinstance(agent, str) or not agent.isdecimal()):
        raise invalid([("agent", "must be the id of an agent: digits, as text")])
    return await _done(caller, name, lambda contacts: contacts.move(name, row, when, agent or ""))


@router.post(
    "/v1/campaigns/{name}/contacts/{row}/remove",
    response_model=ContactShape,
    summary="Take a contact out",
    **page(OPERATE, body=ReasonIn, needed=False, words=(*BODY, "not-found", "state", "store-full")),
)
async def remove_contact(
    request: Request, name: str, row: Row, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """Take a contact out: when this answers 200 it is not rung; repeated it changes nothing."""
    body = await read_optional(request, caller.service.settings.max_body)
    check_names(body, "reason")
    reason = reason_of(body)
    return await _done(caller, name, lambda contacts: contacts.remove(name, row, reason))


@router.get(
    "/v1/imports/{id}",
    response_model=ImportShape,
    summary="What became of a list?",
    **page(READ, ENQUEUE, OPERATE, words=("not-found",)),
)
async def show_import(
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(READ, ENQUEUE, OPERATE)],
) -> JSONResponse:
    """Say what became of a list; kept for 7 days."""
    record = await caller.service.run(_record, caller, id)
    return JSONResponse(import_fields(record))


@router.get(
    "/v1/imports/{id}/rows",
    response_model=ImportRowsShape,
    summary="Which rows were not taken?",
    **page(READ, ENQUEUE, OPERATE, words=("not-found", "cursor-expired")),
)
async def import_rows(
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(READ, ENQUEUE, OPERATE)],
    outcome: Annotated[Literal["rejected", "duplicate"], Query()] = "rejected",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List rows that were not taken: line, column, rule, and no value."""
    return JSONResponse(await caller.service.run(_rows, caller, id, outcome, limit, cursor))


async def _done(
    caller: ApiCaller, name: str, do: Callable[[ContactService], ContactView]
) -> JSONResponse:
    """Do something with a contact of a campaign that this key sees, and answer how it is."""

    def work() -> dict[str, Any]:
        seen_by(caller, name)
        return contact_fields(do(caller.dialer.contacts), name, caller)

    return JSONResponse(await caller.service.run(work))


def _take(caller: ApiCaller, name: str, pipe: BodyPipe, form: str) -> ImportRecord:
    seen_by(caller, name)
    stream: Any = pipe
    return caller.dialer.imports.take(name, stream, cast("Any", form), lambda: pipe.lines)


def _record(caller: ApiCaller, import_id: str) -> ImportRecord:
    record = caller.dialer.imports.read(import_id)
    try:
        seen_by(caller, record.campaign)
        seen = caller.key.may((READ, OPERATE)) or record.who == caller.key.name
    except CampaignNotFound:
        seen = False
    if not seen:
        raise ImportNotFound("no import has this id; they are kept for 7 days")
    return record


def _rows(
    caller: ApiCaller, import_id: str, outcome: str, limit: int, cursor: str | None
) -> dict[str, Any]:
    record = _record(caller, import_id)
    secret, what = caller.service.signing_secret, f"rows {import_id} {outcome}"
    first = int(json.loads(read_cursor(secret, what, cursor))) if cursor else 0
    found = caller.dialer.imports.rows(import_id, outcome, first, limit)
    after = first + len(found)
    more = write_cursor(secret, what, json.dumps(after)) if len(found) == limit else None
    truncated = caller.dialer.imports.truncated(record, outcome)
    return {"data": found, "next_cursor": more, "rows_truncated": truncated}
