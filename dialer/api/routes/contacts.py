"""Contacts: lists that are uploaded, as they come, and what became of them."""

import json
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.pipe import BodyCut, BodyPipe
from dialer.api.problems import ApiProblem
from dialer.api.reading import CSV, NDJSON, media_of
from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import OPERATE, READ, allow, page
from dialer.api.routes.searching import Cursor, Limit
from dialer.api.service import ApiCaller
from dialer.api.shapes.campaigns import ImportRowsShape, ImportShape, import_fields
from dialer.errors import CampaignNotFound, ImportNotFound
from dialer.services.campaigns.imports import ImportRecord

router = APIRouter(tags=["campaigns"])

_FORMS: Final = {CSV: "csv", NDJSON: "jsonl"}


@router.post(
    "/v1/campaigns/{name}/contacts",
    status_code=202,
    response_model=ImportShape,
    summary="Add a list to a campaign",
    **page(
        OPERATE,
        body={CSV: {}, NDJSON: {}},
        words=("not-found", "state", "unsupported-media", "request-timeout", "store-full"),
    ),
)
async def add_contacts(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(OPERATE)]
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


@router.get(
    "/v1/imports/{id}",
    response_model=ImportShape,
    summary="What became of a list?",
    **page(READ, OPERATE, words=("not-found",)),
)
async def show_import(id: str, caller: Annotated[ApiCaller, allow(READ, OPERATE)]) -> JSONResponse:  # noqa: A002 - the contract's name
    """Say what became of a list; kept for 7 days."""
    record = await caller.service.run(_record, caller, id)
    return JSONResponse(import_fields(record))


@router.get(
    "/v1/imports/{id}/rows",
    response_model=ImportRowsShape,
    summary="Which rows were not taken?",
    **page(READ, OPERATE, words=("not-found", "cursor-expired")),
)
async def import_rows(
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(READ, OPERATE)],
    outcome: Annotated[Literal["rejected", "duplicate"], Query()] = "rejected",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List rows that were not taken: line, column, rule, and no value."""
    return JSONResponse(await caller.service.run(_rows, caller, id, outcome, limit, cursor))


def _take(caller: ApiCaller, name: str, pipe: BodyPipe, form: str) -> ImportRecord:
    seen_by(caller, name)
    stream: Any = pipe
    return caller.dialer.imports.take(name, stream, cast("Any", form), lambda: pipe.lines)


def _record(caller: ApiCaller, import_id: str) -> ImportRecord:
    record = caller.dialer.imports.read(import_id)
    try:
        seen_by(caller, record.campaign)
    except CampaignNotFound:
        raise ImportNotFound("no import has this id; they are kept for 7 days") from None
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
