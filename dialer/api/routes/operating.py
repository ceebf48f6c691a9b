"""Operating: why a call is not rung, and stops."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from dialer.api.problems import ApiProblem, invalid
from dialer.api.reading import check_names, read_object
from dialer.api.routes.calls import reason_of
from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import BODY, OPERATE, READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Page
from dialer.api.shapes.operating import (
    ExplainIn,
    ExplanationsShape,
    HoldChangeShape,
    HoldIn,
    explanation_fields,
    hold_fields,
    scope_of,
)
from dialer.domain.call.number import read_number
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.scope import EVERYTHING, Scope
from dialer.errors import CampaignNotFound, JobNotFound

router = APIRouter(tags=["operating"])


@router.post(
    "/v1/explain",
    response_model=ExplanationsShape,
    summary="Why was it not rung?",
    **page(READ, body=ExplainIn, words=(*BODY, "not-found")),
)
async def explain(request: Request, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Say why a number, or a call, was not rung: every reason, until when, and the next step."""
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "number", "id", "key", "account")
    given = [name for name in ("number", "id", "key") if body.get(name) is not None]
    if len(given) != 1 or not isinstance(body[given[0]], str):
        raise invalid([("", "must have exactly one of number, id and key, as text")])
    return JSONResponse(await caller.service.run(_explain, caller, body, given[0]))


@router.get("/v1/holds", response_model=Page, summary="What is stopped?", **page(READ))
async def list_holds(caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """List the holds that stop something of this key's accounts."""
    return JSONResponse(await caller.service.run(_holds, caller))


@router.post(
    "/v1/holds",
    response_model=HoldChangeShape,
    summary="Stop calls",
    **page(OPERATE, body=HoldIn, words=BODY),
)
async def set_hold(request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]) -> JSONResponse:
    """Stop calls: when this answers, none of the scope starts."""
    return JSONResponse(await _change_hold(request, caller, release=False))


@router.post(
    "/v1/holds/release",
    response_model=HoldChangeShape,
    summary="Let calls go on",
    **page(OPERATE, body=HoldIn, words=(*BODY, "state")),
)
async def release_hold(
    request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """Take one owner's hold off; calls go on when no owner is left."""
    return JSONResponse(await _change_hold(request, caller, release=True))


def _explain(caller: ApiCaller, body: Mapping[str, Any], by: str) -> dict[str, Any]:
    dialer, text = caller.dialer, body[by]
    if by == "number":
        number = read_number(text, "number")
        answer = dialer.explain_number(number)
        calls = [one for one in answer.found if caller.key.may_use(one.job.account)]
        listed = [*answer.suppressed, *_own_entries(caller, number, body.get("account"))]
        may = not listed
        because = None if may else "the number is on the do-not-call list"
        if may and (rule := dialer.may_ring(number, _account(caller, body))):
            may, because = False, f"a rule for customers waits: {rule}"
    else:
        job_id = text
        if by == "key":
            job_id = _by_key(caller, text, _account(caller, body)).id
        found = dialer.explain(job_id)
        if not caller.sees(found.job):
            raise JobNotFound(f"no job has the id {job_id}")
        calls, may, because = [found], None, None
    shown = [explanation_fields(one, caller) for one in calls]
    return {"calls": shown, "may_be_rung": may, "because": because}


def _own_entries(caller: ApiCaller, number: str, account: object) -> list[Any]:
    names = [account] if isinstance(account, str) else list(caller.key.accounts or ())
    look_up = caller.dialer.operations.suppression.look_up
    return [one for name in names for one in look_up(number, name).entries if one.account]


def _by_key(caller: ApiCaller, key: str, account: str) -> Any:
    try:
        job = caller.dialer.find(key, account)
    except JobNotFound:
        job = None
    if job is None or not caller.sees(job):
        raise JobNotFound("no call of this account has this key; it may have been pruned")
    return job


def _account(caller: ApiCaller, body: Mapping[str, Any]) -> str:
    account = body.get("account") or caller.default_account
    if not isinstance(account, str):
        raise invalid([("account", "must be the name of an account")])
    return account


def _holds(caller: ApiCaller) -> dict[str, Any]:
    holds = caller.dialer.operations.holds.all()
    mine = [hold for hold in holds if _touches(caller, hold)]
    return {"data": [hold_fields(one, caller) for one in mine], "next_cursor": None}


def _touches(caller: ApiCaller, hold: Hold) -> bool:
    scope = Scope.parse(hold.scope)
    if scope.kind == "campaign":
        try:
            seen_by(caller, scope.name)
        except CampaignNotFound:
            return False
        return True
    return scope.kind == EVERYTHING or caller.key.may_use(scope.name)


async def _change_hold(request: Request, caller: ApiCaller, *, release: bool) -> dict[str, Any]:
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "scope", "owner", "reason")
    reason, scope = reason_of(body, needed=True), scope_of(body.get("scope"))
    if not scope:
        rule = 'must be {"kind": "all"}, or "account", "campaign" or "pool" with its name'
        raise invalid([("scope", rule)])
    if scope == EVERYTHING and caller.key.accounts is not None:
        raise ApiProblem("scope", "this key is bound to accounts; hold those: kind account")
    owner = body.get("owner")
    if owner is not None and not isinstance(owner, str):
        raise invalid([("owner", "must be text")])
    return await caller.service.run(_hold, caller, scope, owner, reason, release)


def _hold(
    caller: ApiCaller,
    scope: str,
    owner: str | None,
    reason: str,
    release: bool,  # noqa: FBT001 - handed through a thread
) -> dict[str, Any]:
    kind, name, _ = Scope.parse(scope)
    if kind == "campaign":
        try:
            seen_by(caller, name)
        except CampaignNotFound as error:
            raise invalid([("scope.campaign", str(error))]) from None
    elif kind != EVERYTHING:
        caller.dialer.settings.account(name)
    holds = caller.dialer.operations.holds
    change = holds.release if release else holds.set
    done = change(scope, owner=owner, reason=reason)
    return {"done": done.done, "owner": done.owner, "held": bool(done.rest) or not release}
