"""Campaigns: define, change, steer, look."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from dialer.api.problems import ApiProblem, Fault
from dialer.api.reading import check_names, read_object, read_optional
from dialer.api.routes.calls import reason_of
from dialer.api.routes.guard import ADMIN, BODY, OPERATE, READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Page
from dialer.api.shapes.calls import ReasonIn
from dialer.api.shapes.campaigns import (
    CampaignIn,
    CampaignShape,
    ProgressShape,
    campaign_fields,
    fields_of,
    progress_fields,
)
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.names import name_of
from dialer.domain.campaign.progress import Progress
from dialer.errors import CampaignFixed, CampaignNotFound, CampaignRefused, InvalidCampaign
from dialer.services.campaigns.definition import TABLES
from dialer.services.campaigns.snapshot import CampaignSnapshot

router = APIRouter(tags=["campaigns"])

Step = Literal["start", "pause", "resume", "cancel"]
_WORDS: Final = ("not-found", "state", *BODY)
_EDIT: Final = (*_WORDS, "stale-revision", "revision-required", "store-full")


@router.put(
    "/v1/campaigns/{name}",
    response_model=CampaignShape,
    summary="Define a campaign, or replace its definition",
    **page(
        OPERATE,
        body=CampaignIn,
        words=_EDIT,
        also={201: CampaignShape},
        headers={"If-None-Match": "`*` creates.", "If-Match": "The revision that it replaces."},
    ),
)
async def put_campaign(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """
    Create with `If-None-Match: *`, replace with `If-Match: "revision"`.

    It holds for the next call that is dialled when this answers.
    """
    creates = request.headers.get("if-none-match", "").strip() == "*"
    revision = None if creates else _revision(request)
    fields = fields_of(await read_object(request, caller.service.settings.max_body))
    if creates:
        return await caller.service.run(_create, caller, name, fields)
    whole = {one: None for one in Campaign.model_fields if one not in ("name", "ends")}
    return await caller.service.run(
        _edit, caller, name, {**whole, **fields}, TABLES, revision or ""
    )


@router.patch(
    "/v1/campaigns/{name}",
    response_model=CampaignShape,
    summary="Change a campaign",
    **page(
        OPERATE,
        body=CampaignIn,
        words=_EDIT,
        headers={"If-Match": "The revision that it changes."},
    ),
)
async def patch_campaign(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """Change what is named; null takes away, `set`, `columns` and `delays` merge by name."""
    revision = _revision(request)
    fields = fields_of(await read_object(request, caller.service.settings.max_body))
    return await caller.service.run(_edit, caller, name, fields, (), revision)


@router.get("/v1/campaigns", response_model=Page, summary="List campaigns", **page(READ))
async def list_campaigns(caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """List all campaigns, oldest first."""
    return JSONResponse(await caller.service.run(_list, caller))


@router.get(
    "/v1/campaigns/{name}",
    response_model=CampaignShape,
    summary="Look at a campaign",
    **page(READ, words=("not-found",)),
)
async def show_campaign(name: str, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Look at a campaign; `ETag` is its revision."""
    return await caller.service.run(_show, caller, name)


@router.get(
    "/v1/campaigns/{name}/progress",
    response_model=ProgressShape,
    summary="How far is a campaign?",
    **page(READ, words=("not-found",)),
)
async def show_progress(name: str, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Count the contacts of a campaign by where they are."""
    return JSONResponse(await caller.service.run(_progress, caller, name))


@router.post(
    "/v1/campaigns/{name}/forget",
    response_model=CampaignShape,
    summary="Forget the list of a campaign that is over",
    **page(ADMIN, body=ReasonIn, needed=False, words=_WORDS),
)
async def forget(
    request: Request, name: str, caller: Annotated[ApiCaller, allow(ADMIN)]
) -> JSONResponse:
    """Forget the list of a campaign that is over, for good; its counts stay."""
    body = await read_optional(request, caller.service.settings.max_body)
    check_names(body, "reason")
    reason_of(body)
    return await caller.service.run(_forget, caller, name)


def _steering(step: Step) -> Callable[..., Awaitable[JSONResponse]]:
    """Make the route of one step."""

    async def steer(
        request: Request, name: str, caller: Annotated[ApiCaller, allow(OPERATE)]
    ) -> JSONResponse:
        body = await read_optional(request, caller.service.settings.max_body)
        check_names(body, "reason")
        return await caller.service.run(_steer, caller, name, step, reason_of(body))

    return steer


for _step in get_args(Step):
    router.add_api_route(
        f"/v1/campaigns/{{name}}/{_step}",
        _steering(_step),
        methods=["POST"],
        name=f"{_step}_campaign",
        response_model=CampaignShape,
        summary=f"{_step.capitalize()} a campaign",
        description="When this answers it holds everywhere; repeated it changes nothing.",
        **page(OPERATE, body=ReasonIn, needed=False, words=_WORDS),
    )


def seen_by(caller: ApiCaller, name: str) -> Progress:
    """
    Read how far a campaign is.

    Raises:
        CampaignNotFound: There is none for this key.
    """
    try:
        progress = caller.dialer.campaigns.progress(name)
    except CampaignNotFound:
        progress = None
    if progress is None or not caller.key.may_use(progress.account):
        raise CampaignNotFound("no campaign has this name; GET /v1/campaigns lists those there are")
    return progress


def _revision(request: Request) -> str:
    """Read the revision that a change is meant for."""
    given = request.headers.get("if-match", "").strip()
    if not given or given == "*":
        rule = 'must name the revision, as in If-Match: "…"; GET answers it as ETag'
        fault = Fault("missing", rule, header="If-Match")
        raise ApiProblem("revision-required", f"If-Match {rule}", [fault])
    return given.removeprefix("W/").strip('"')


def _create(caller: ApiCaller, name: str, fields: Mapping[str, Any]) -> JSONResponse:
    campaigns = caller.dialer.campaigns
    given = {"account": caller.default_account, **fields}
    before = None
    try:
        before = campaigns.progress(name)
        seen = _named(lambda: campaigns.define(name, given))
    except CampaignNotFound:
        seen = _named(lambda: campaigns.define(name, given))
    except CampaignRefused:
        raise ApiProblem("stale-revision", "another campaign has this name; take another") from None
    return _answer(seen, 200 if before else 201)


def _edit(
    caller: ApiCaller, name: str, fields: Mapping[str, Any], whole: tuple[str, ...], revision: str
) -> JSONResponse:
    progress = seen_by(caller, name)
    if "account" in fields and fields["account"] is None:
        fields = {**fields, "account": progress.account}
    change = caller.dialer.campaigns.edit
    return _answer(_named(lambda: change(name, fields, whole=whole, revision=revision)))


def _named(change: Any) -> CampaignSnapshot:
    """Name the fields of broken rules as they stand in a body."""
    try:
        seen: CampaignSnapshot = change()
    except InvalidCampaign as error:
        kind = CampaignFixed if isinstance(error, CampaignFixed) else InvalidCampaign
        raise kind([(name_of(name), rule) for name, rule in error.problems]) from None
    return seen


def _answer(seen: CampaignSnapshot, status: int = 200) -> JSONResponse:
    headers = {"ETag": f'"{seen.progress.revision}"'}
    return JSONResponse(campaign_fields(seen), status, headers)


def _list(caller: ApiCaller) -> dict[str, Any]:
    every = caller.dialer.campaigns.every()
    mine = [one for one in every if caller.key.may_use(one.progress.account)]
    return {"data": [campaign_fields(one) for one in mine], "next_cursor": None}


def _show(caller: ApiCaller, name: str) -> JSONResponse:
    seen_by(caller, name)
    return _answer(caller.dialer.campaigns.look(name, hours=False))


def _progress(caller: ApiCaller, name: str) -> dict[str, Any]:
    progress = seen_by(caller, name)
    seen = caller.dialer.campaigns.look(name, hours=False)
    why = [hold.owner for hold in seen.holds]
    because = f"held by {', '.join(why)}" if why else None
    if seen.standing != "running":
        because = f"it is {seen.standing}"
    return {**progress_fields(progress), "because": because}


def _steer(caller: ApiCaller, name: str, step: Step, reason: str) -> JSONResponse:
    seen_by(caller, name)
    campaigns = caller.dialer.campaigns
    campaigns.steer(step, name, reason=reason)
    return _answer(campaigns.look(name, hours=False))


def _forget(caller: ApiCaller, name: str) -> JSONResponse:
    seen_by(caller, name)
    caller.dialer.campaigns.forget(name)
    return _answer(caller.dialer.campaigns.look(name, hours=False))
