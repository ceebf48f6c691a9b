"""Calls: hand one in, ask for it, take it back."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from dialer.api.problems import ApiProblem, Fault, faults, invalid
from dialer.api.reading import check_names, read_object, read_optional
from dialer.api.routes.guard import BODY, ENQUEUE, OPERATE, READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.calls import (
    CallIn,
    CallShape,
    CheckedShape,
    HandedOverShape,
    JobView,
    ReasonIn,
    handed_over,
)
from dialer.domain.job.job import Job, State
from dialer.domain.job.order import id_of_key
from dialer.domain.job.receipt import Receipt, Verdict
from dialer.errors import JobNotFound, StateConflict
from dialer.services.calls.handover import HandedOver

router = APIRouter(tags=["calls"])

Mode = Literal["live", "developer"]
_MODES: Final[tuple[Mode, ...]] = ("live", "developer")
#: Between two looks at a call that somebody waits for, and the longest wait; s.
_LOOK: Final = 0.25
_LONGEST_WAIT: Final = 60
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@router.post(
    "/v1/calls",
    status_code=201,
    response_model=HandedOverShape,
    summary="Hand a call in",
    **page(
        ENQUEUE,
        body=CallIn,
        words=(
            *("key-required", "key-mismatch", "key-conflict", "store-full"),
            *BODY,
        ),
        also={200: HandedOverShape | CheckedShape},
        headers={"Idempotency-Key": "The call's key, instead of `key` in the body."},
    ),
)
async def create(
    request: Request,
    caller: Annotated[ApiCaller, allow(ENQUEUE)],
    check: Annotated[bool, Query(description="Apply every rule, and store nothing.")] = False,  # noqa: FBT002 - a query parameter has a name
) -> JSONResponse:
    """
    Hand a call in: 201 when it is a new job, 200 when its key names that job already.

    Treat both alike. After any 5xx, or a connection that was cut, repeat it with the same key.
    """
    service = caller.service
    row = await read_object(request, service.settings.max_body)
    row["key"] = _key_of(request, row)
    account = caller.default_account
    if check:
        receipt = await service.run(caller.hand_over.check, row, account)
        return _checked(receipt)
    took = await service.gatherer.hand_over(caller.hand_over.take, caller.key.prefix, row, account)
    return _answered(caller, took, row, account)


@router.get(
    "/v1/calls/by-key/{account}/{key}",
    response_model=CallShape,
    summary="Ask for a call by its key",
    **page(READ, ENQUEUE, words=("not-found",)),
)
async def by_key(
    account: str,
    key: str,
    caller: Annotated[ApiCaller, allow(READ, ENQUEUE)],
    mode: Annotated[Mode | None, Query(description="Left out: live before developer.")] = None,
) -> JSONResponse:
    """Ask for a call by its own key; one with a slash in it only through `GET /v1/calls?key=`."""
    return JSONResponse(await caller.service.run(_show_by_key, caller, account, key, mode))


@router.get(
    "/v1/calls/{id}",
    response_model=CallShape,
    summary="Ask for a call",
    **page(READ, ENQUEUE, words=("not-found",)),
)
async def show(
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(READ, ENQUEUE)],
    wait: Annotated[str | None, Query(pattern="^[0-9]{1,2}s$", description="Up to 60s.")] = None,
) -> JSONResponse:
    """Ask for a call, and wait a while for it to change if you like: state, attempts, history."""
    if wait:
        await _await_change(caller, id, min(int(wait[:-1]), _LONGEST_WAIT))
    return JSONResponse(await caller.service.run(_show, caller, id))


@router.post(
    "/v1/calls/{id}/cancel",
    response_model=CallShape,
    summary="Take a call back",
    **page(
        ENQUEUE,
        OPERATE,
        body=ReasonIn,
        needed=False,
        words=("not-found", "state", "unsupported-media", "too-large"),
    ),
)
async def cancel(
    request: Request,
    id: str,  # noqa: A002 - the contract's name
    caller: Annotated[ApiCaller, allow(ENQUEUE, OPERATE)],
) -> JSONResponse:
    """Take a call back; when this answers 200 it is not rung, and doing it again is no error."""
    body = await read_optional(request, caller.service.settings.max_body)
    check_names(body, "reason")
    reason = reason_of(body) or "cancelled"
    return JSONResponse(await caller.service.run(_cancel, caller, id, reason))


async def _await_change(caller: ApiCaller, job_id: str, seconds: int) -> None:
    """Look now and then until a call leaves its state; no thread is held meanwhile."""
    run, loop = caller.service.run, asyncio.get_running_loop()
    before, until = (await run(caller.job, job_id)).entered, loop.time() + seconds
    while loop.time() < until:
        await asyncio.sleep(min(_LOOK, until - loop.time()))
        await caller.service.still_valid(caller.key)
        if (await run(caller.job, job_id)).entered != before:
            return


def reason_of(body: Mapping[str, Any], *, needed: bool = False) -> str:
    """
    Read the reason in a body; "" where it has none.

    Raises:
        ApiProblem: It is no text, too long, or missing where it is *needed*.
    """
    reason = body.get("reason")
    if reason is None and not needed:
        return ""
    if reason is None:
        raise invalid([("reason", "is missing: say why; it is kept on record")])
    if not isinstance(reason, str) or not reason.strip() or len(reason) > 200:  # noqa: PLR2004 - said below
        raise invalid([("reason", "must be text of 1 to 200 characters")])
    return reason


def _key_of(request: Request, row: Mapping[str, Any]) -> str:
    """Find the one key of a call, in the header or the body."""
    header, body = request.headers.get("idempotency-key"), row.get("key")
    if header is not None:
        if len(header) > 1 and header[0] == header[-1] == '"':
            header = header[1:-1]
        if not _KEY.fullmatch(header):
            rule = "must be 1 to 200 visible ASCII characters"
            fault = Fault("invalid", rule, header="Idempotency-Key")
            raise ApiProblem("validation", f"Idempotency-Key {rule}; correct it", [fault])
        if body is not None and body != header:
            rule = "is not the key of the Idempotency-Key header; send one of them"
            raise ApiProblem("key-mismatch", f"key {rule}", faults([("key", rule)]))
        return header
    if body is None:
        rule = "is missing: give the call a name of its own, such as the number of an order"
        raise ApiProblem("key-required", f"key {rule}", faults([("key", rule)]))
    return body  # type: ignore[no-any-return]  # the order's reader says what is wrong with it


def _answered(
    caller: ApiCaller, took: HandedOver, row: Mapping[str, Any], account: str
) -> JSONResponse:
    receipt = took.receipt
    account = str(row.get("account") or account)
    if receipt.verdict is Verdict.REJECTED:
        raise invalid(receipt.problems)
    if receipt.verdict is Verdict.CONFLICT:
        raise conflict(took, caller)
    headers = {"Location": f"/v1/calls/{receipt.job_id}"}
    if receipt.verdict is Verdict.CREATED:
        return JSONResponse(handed_over(took, row["key"], account), 201, headers)
    headers["Idempotent-Replayed"] = "true"
    return JSONResponse(handed_over(took, row["key"], account), 200, headers)


def conflict(took: HandedOver, caller: ApiCaller) -> ApiProblem:
    """Make the problem of a key that another call has."""
    job, receipt = took.job, took.receipt
    more: dict[str, Any] = {"id": receipt.job_id, "state": receipt.state}
    if job is None:
        detail = "this key was used for another call, which is pruned by now: take a new key"
        return ApiProblem("key-conflict", detail, faults([("key", "names another call")]), more)
    fields = ", ".join(took.differs)
    made = caller.words(f"job {job.id}, made at {job.created:%Y-%m-%dT%H:%M:%SZ}")
    step = "take a new key for another call, or send the same one"
    if job.state is State.DEAD:
        step += "; the one that is dead can be put back: POST /v1/dead/redrive"
    errors = [
        Fault("differs", "is another in the job of this key", pointer=f"/{name}")
        for name in took.differs
    ]
    more["created"] = job.created.isoformat()
    detail = f"this key names another call ({made}, {job.state}); different are: {fields}; {step}"
    return ApiProblem("key-conflict", detail, errors, more)


def _checked(receipt: Receipt) -> JSONResponse:
    if receipt.verdict is Verdict.REJECTED:
        raise invalid(receipt.problems)
    body = {"id": receipt.job_id, "verdict": str(receipt.verdict), "mode": receipt.mode}
    return JSONResponse({**body, "checked": True})


def _show(caller: ApiCaller, job_id: str) -> dict[str, Any]:
    return whole(caller, caller.job(job_id))


def _show_by_key(caller: ApiCaller, account: str, key: str, mode: Mode | None) -> dict[str, Any]:
    for one in (mode,) if mode else _MODES:
        try:
            return _show(caller, id_of_key(account, one, key))
        except JobNotFound:
            continue
    raise JobNotFound("no call of this account has this key; it may have been pruned")


def whole(caller: ApiCaller, job: Job) -> dict[str, Any]:
    """Write all of a job, as it is now."""
    dialer = caller.dialer
    (prospect,) = caller.look_ahead([job])
    return JobView(caller, dialer.now()).whole(job, dialer.metadata(job.id), prospect)


def _cancel(caller: ApiCaller, job_id: str, reason: str) -> dict[str, Any]:
    job = caller.job(job_id)
    if job.state is not State.CANCELLED:
        moved = caller.dialer.cancel([job.id], reason=reason)
        job = caller.job(job_id)
        if moved.refused and job.state is not State.CANCELLED:
            raise StateConflict(
                job.id, expected="scheduled or ready", actual=str(job.state), verb="cancel"
            )
    return whole(caller, job)
