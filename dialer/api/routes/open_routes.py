"""What is open to everybody: health, the reference."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from dialer.api.docs_page import docs_page
from dialer.api.problems import ApiProblem, problem_of
from dialer.api.routes.guard import allow, page, responses
from dialer.api.service import ApiCaller, Service, service_of
from dialer.api.shapes.base import Moment, Shape, moment
from dialer.errors import DialerError

router = APIRouter(tags=["open"])


class HealthShape(Shape):
    """The process answers."""

    status: str


class ReadyShape(Shape):
    """The store answers and may be used."""

    status: str
    store: str
    settings: str | None = None


class KeyShape(Shape):
    """What a key may do."""

    id: str
    name: str
    scopes: list[str]
    accounts: list[str] | None
    reveal: bool
    expires: Moment | None


@router.get("/healthz", response_model=HealthShape, summary="Does the process answer?")
async def healthz() -> JSONResponse:
    """Say that this process answers, whatever becomes of the store."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    response_model=ReadyShape,
    summary="Can work be handed in?",
    responses=responses("store-unavailable"),
)
async def readyz(request: Request) -> JSONResponse:
    """Say whether the store answers and is fit, and whether anything is held."""
    service = service_of(request)
    try:
        body = await service.run(_ready, service)
    except DialerError as error:
        problem = problem_of(error)
        raise ApiProblem(problem.word, problem.detail) from None
    return JSONResponse(body)


@router.get(
    "/v1/key", response_model=KeyShape, summary="What may this key do?", tags=["keys"], **page()
)
async def key(caller: Annotated[ApiCaller, allow()]) -> JSONResponse:
    """Say what the key of this request may do."""
    one = caller.key
    return JSONResponse(
        {
            "id": one.prefix,
            "name": one.name,
            "scopes": sorted(one.scopes),
            "accounts": None if one.accounts is None else sorted(one.accounts),
            "reveal": one.reveal,
            "expires": moment(one.expires),
        }
    )


@router.get("/v1/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """Return the OpenAPI page."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Return the reference for people, without a line of script."""
    return HTMLResponse(docs_page(request.app.openapi()))


def _ready(service: Service) -> dict[str, Any]:
    found = service.dialer.operations.readiness()
    return {
        "status": "held" if found.held else "ready",
        "store": f"{found.fullness:.0%} full",
        "settings": "the workers have others: dialer doctor" if found.apart else None,
    }
