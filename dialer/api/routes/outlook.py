"""What will become of a campaign."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Shape, moment

router = APIRouter(tags=["campaigns"])


class PreflightShape(Shape):
    """How many contacts will be rung, and why the others will not."""

    contacts: int
    will_ring: int
    reasons: dict[str, int]
    warnings: list[str]


class ForecastShape(Shape):
    """When a campaign will probably be done."""

    p10: str | None
    p50: str | None
    p90: str | None


@router.get(
    "/v1/campaigns/{name}/preflight",
    response_model=PreflightShape,
    summary="Who will be rung?",
    **page(READ, words=("not-found", "state")),
)
async def show_preflight(name: str, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Say how many contacts will be rung, and why the others will not."""
    return JSONResponse(await caller.service.run(_preflight, caller, name))


@router.get(
    "/v1/campaigns/{name}/forecast",
    response_model=ForecastShape,
    summary="When will it be done?",
    **page(READ, words=("not-found", "state")),
)
async def show_forecast(name: str, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """Say when a campaign will probably be done."""
    return JSONResponse(await caller.service.run(_forecast, caller, name))


def _preflight(caller: ApiCaller, name: str) -> dict[str, Any]:
    seen_by(caller, name)
    campaigns = caller.dialer.campaigns
    found = campaigns.preflight(campaigns.look(name))
    return {
        "contacts": found.rows,
        "will_ring": found.will_ring,
        "reasons": dict(found.reasons),
        "warnings": list(found.warnings),
        "first": moment(found.first),
    }


def _forecast(caller: ApiCaller, name: str) -> dict[str, Any]:
    seen_by(caller, name)
    campaigns = caller.dialer.campaigns
    found = campaigns.forecast(campaigns.look(name))
    return {
        **{one: moment(getattr(found, one)) for one in ("p10", "p50", "p90")},
        "done": round(found.done, 3),
        "assumptions": list(found.assumptions),
    }
