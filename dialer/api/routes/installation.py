"""The installation: accounts, what ended badly, hours, the whole at a glance."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from dialer.api.problems import ApiProblem, invalid
from dialer.api.reading import check_names, read_object
from dialer.api.routes.guard import ADMIN, BODY, READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Page, Shape, moment
from dialer.api.shapes.operating import (
    AccountShape,
    HoursIn,
    HoursShape,
    LimitsIn,
    account_fields,
    hold_fields,
)
from dialer.errors import SettingsError
from dialer.services.operations import installation
from dialer.services.operations.hours import in_zone, of_account, of_number

router = APIRouter(tags=["operating"])


class StatusShape(Shape):
    """The whole at a glance, as far as this key may see it."""

    states: dict[str, int] | None
    workers: int
    fullness: float


class DoctorShape(Shape):
    """Findings about the installation."""

    findings: list[dict[str, Any]]


@router.get("/v1/accounts", response_model=Page, summary="List accounts", **page(READ))
async def list_accounts(caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """List the accounts: limits, how much of them is used, calling hours."""
    return JSONResponse(await caller.service.run(_accounts, caller))


@router.patch(
    "/v1/accounts/{name}",
    response_model=AccountShape,
    summary="Change the limits of an account",
    **page(ADMIN, body=LimitsIn, words=(*BODY, "not-found")),
)
async def set_limits(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(ADMIN)]
) -> JSONResponse:
    """Store limits that win over the settings, at once on every worker; null takes one back."""
    body = await read_object(request, caller.service.settings.max_body)
    return JSONResponse(await caller.service.run(_set_limits, caller, name, body))


@router.post(
    "/v1/hours",
    response_model=HoursShape,
    summary="May somebody be called there and then?",
    **page(READ, body=HoursIn, words=BODY),
)
async def hours(request: Request, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Say whether calling hours are open: an account's, or those that are given."""
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, *HoursIn.model_fields)
    return JSONResponse(await caller.service.run(_hours, caller, body))


@router.get("/v1/status", response_model=StatusShape, summary="Everything at once", **page(READ))
async def status(caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Show the whole at a glance; counts over all accounts only to a key that is not bound."""
    return JSONResponse(await caller.service.run(_status, caller))


@router.get("/v1/doctor", response_model=DoctorShape, summary="Is all well?", **page(READ))
async def doctor(caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Check the installation; only for a key that is bound to no account."""
    caller.need_everything()
    found = await caller.service.run(
        lambda: list(installation.check(os.environ, lambda: datetime.now(UTC)))
    )
    findings = [
        {"level": str(one.level), "check": one.name, "text": one.text, "step": one.step or None}
        for one in found
    ]
    return JSONResponse({"findings": findings})


def _accounts(caller: ApiCaller) -> dict[str, Any]:
    found = [
        account_fields(one, caller)
        for one in caller.dialer.operations.accounts()
        if caller.key.may_use(one.name)
    ]
    return {"data": found, "next_cursor": None}


def _set_limits(caller: ApiCaller, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        caller.dialer.settings.account(name)
    except SettingsError:
        raise ApiProblem(
            "not-found", "no account has this name; GET /v1/accounts lists those there are"
        ) from None
    operations = caller.dialer.operations
    try:
        operations.change_limits(name, body)
    except SettingsError as error:
        # It names the setting; the field is its last part.
        path, _, rule = str(error).partition(": ")
        raise invalid([(path.rpartition(".")[2], rule)]) from None
    found = next(one for one in operations.accounts() if one.name == name)
    return account_fields(found, caller)


def _hours(caller: ApiCaller, body: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in body.items():
        if value is not None and not isinstance(value, str):
            raise invalid([(name, "must be text")])
    places = [name for name in ("number", "zone", "account") if body.get(name)]
    if len(places) > 1:
        raise invalid([("", "must have at most one of number, zone and account")])
    at, given, closed = _moment(body.get("at")), body.get("hours"), body.get("holidays") or ""
    if body.get("number"):
        found = of_number(body["number"], at, given, closed)
    elif body.get("zone"):
        found = in_zone(body["zone"], at, given, closed)
    else:
        name = body.get("account") or caller.default_account
        found = of_account(caller.dialer.settings.account(name), at, given, closed)
    return {
        "open": found.open,
        "next_change": moment(found.next_change),
        "zone": found.zone,
        "account": found.account,
        "hours": found.hours,
        "at": moment(found.at),
        "reasons": list(found.reasons),
    }


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise invalid([("at", "must be a time such as 2030-01-31T10:00:00+05:30")])
    return at


def _status(caller: ApiCaller) -> dict[str, Any]:
    seen, may_use = caller.dialer.operations.status(), caller.key.may_use
    oldest = seen.oldest_ready
    if oldest and not caller.sees(oldest.job):
        oldest = None
    bound = caller.key.accounts is not None
    return {
        "at": moment(seen.now),
        "states": None if bound else {str(state): n for state, n in seen.states.items()},
        "accounts": [account_fields(one, caller) for one in seen.accounts if may_use(one.name)],
        "holds": [hold_fields(one, caller) for one in seen.holds if not bound],
        "oldest_ready": {"id": oldest.job.id, "since": moment(oldest.job.entered)}
        if oldest
        else None,
        "campaigns": [
            {"name": one.progress.name, "standing": one.standing, "to_go": one.progress.open}
            for one in seen.campaigns
            if may_use(one.progress.account)
        ],
        "workers": len(seen.workers),
        "fullness": round(seen.fullness, 4),
    }
