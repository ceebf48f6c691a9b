"""Calls that ended badly: dead letters, and those that may have rung."""

import json
from collections.abc import Mapping
from datetime import datetime
from heapq import nlargest
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.problems import ApiProblem, invalid
from dialer.api.reading import check_names, read_object
from dialer.api.routes.calls import reason_of, whole
from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import BODY, OPERATE, READ, allow, page
from dialer.api.routes.searching import Cursor, Limit, MovedShape
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Page
from dialer.api.shapes.calls import CallShape, JobView
from dialer.api.shapes.operating import RedriveIn, ResolveIn
from dialer.domain.job.job import State
from dialer.services.calls import JobFilter

router = APIRouter(tags=["operating"])

#: Dead letters that one request names, at most.
_MOST: Final = 1000


@router.get(
    "/v1/dead",
    response_model=Page,
    summary="List dead letters",
    **page(READ, words=("cursor-expired",)),
)
async def list_dead(
    caller: Annotated[ApiCaller, allow(READ)],
    group: Annotated[Literal["code"] | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List dead letters, the last to die first, or count them by code."""
    if group:
        return JSONResponse(await caller.service.run(_dead_by_code, caller))
    return JSONResponse(await caller.service.run(_entered, caller, State.DEAD, limit, cursor))


@router.post(
    "/v1/dead/redrive",
    response_model=MovedShape,
    summary="Put dead letters back",
    **page(OPERATE, body=RedriveIn, words=(*BODY, "not-found")),
)
async def redrive(request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]) -> JSONResponse:
    """Put dead letters back with fresh tries, so many a second; only this key's accounts'."""
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "ids", "code", "campaign", "rate")
    given = [name for name in ("ids", "code", "campaign") if body.get(name) is not None]
    if len(given) != 1:
        raise invalid([("", "must have exactly one of ids, code and campaign")])
    return JSONResponse(await caller.service.run(_redrive, caller, body, given[0]))


@router.get(
    "/v1/unconfirmed",
    response_model=Page,
    summary="List calls that may have rung",
    **page(READ, words=("cursor-expired",)),
)
async def list_unconfirmed(
    caller: Annotated[ApiCaller, allow(READ)], limit: Limit = 100, cursor: Cursor = None
) -> JSONResponse:
    """List the calls that may have rung, the newest first."""
    return JSONResponse(
        await caller.service.run(_entered, caller, State.UNCONFIRMED, limit, cursor)
    )


@router.post(
    "/v1/unconfirmed/{id}/resolve",
    response_model=CallShape,
    summary="Say what became of a call",
    **page(OPERATE, body=ResolveIn, words=(*BODY, "not-found", "state")),
)
async def resolve(
    request: Request,
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(OPERATE)],
) -> JSONResponse:
    """Resolve an unconfirmed call by a person's finding: placed, dead or again."""
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "as", "reason")
    reason, finding = reason_of(body, needed=True), body.get("as")
    if finding not in ("placed", "dead", "again"):
        raise invalid([("as", "must be placed, dead or again")])
    return JSONResponse(await caller.service.run(_resolve, caller, id, finding, reason))


def _entered(caller: ApiCaller, state: State, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of a state; a job that stays in it all the while is on exactly one."""
    secret, what = caller.service.signing_secret, str(state)
    found = (job for job in caller.dialer.jobs(JobFilter(state)) if caller.sees(job))
    if cursor:
        at, job_id = json.loads(read_cursor(secret, what, cursor))
        after = (datetime.fromisoformat(at), job_id)
        found = (job for job in found if (job.entered, job.id) < after)
    jobs = nlargest(limit + 1, found, key=lambda job: (job.entered, job.id))
    more = None
    if len(jobs) > limit:
        last = jobs[limit - 1]
        more = write_cursor(secret, what, json.dumps([last.entered.isoformat(), last.id]))
    view = JobView(caller, caller.dialer.now())
    return {"data": [view.listed(job) for job in jobs[:limit]], "next_cursor": more}


def _dead_by_code(caller: ApiCaller) -> dict[str, Any]:
    jobs = (job for job in caller.dialer.jobs(JobFilter("dead")) if caller.sees(job))
    counts: dict[str, int] = {}
    for job in jobs:
        counts[job.code] = counts.get(job.code, 0) + 1
    ordered = sorted(counts.items(), key=lambda one: -one[1])
    data = [{"code": code or None, "count": count} for code, count in ordered]
    return {"data": data, "next_cursor": None}


def _redrive(caller: ApiCaller, body: Mapping[str, Any], by: str) -> dict[str, Any]:
    dialer, given, rate = caller.dialer, body[by], body.get("rate", 1.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise invalid([("rate", "must be a number of jobs each second")])
    if by == "ids":
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise invalid([("ids", "must be a list of ids")])
        if len(given) > _MOST:
            raise invalid([("ids", f"must be at most {_MOST} ids; send them in parts")])
        ids = [caller.job(one).id for one in given]
    elif not isinstance(given, str):
        raise invalid([(by, "must be text")])
    else:
        if by == "campaign":
            seen_by(caller, given)
        which = JobFilter("dead", **{by: given})
        ids = [job.id for job in dialer.jobs(which) if caller.sees(job)][::-1]
    moved = dialer.redrive(ids, per_second=float(rate))
    return {"done": moved.done, "refused": moved.refused}


def _resolve(caller: ApiCaller, job_id: str, finding: str, reason: str) -> dict[str, Any]:
    job = caller.job(job_id)
    left = caller.dialer.resolve(job.id, finding, reason=reason)
    if left:
        raise ApiProblem(
            "state",
            f"it may not be rung again yet: its quarantine lasts {round(left.total_seconds())} s"
            " more; ask again then",
            headers={"Retry-After": str(max(1, round(left.total_seconds())))},
        )
    return whole(caller, caller.job(job_id))
