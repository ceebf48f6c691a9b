"""The application: routes, the door around them, and answers to what goes wrong."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from dialer import __version__
from dialer.api.door import Door
from dialer.api.problems import ApiProblem, Fault, answer, pointer, problem_of
from dialer.api.reference import reference
from dialer.api.routes import (
    batches,
    calls,
    campaigns,
    contacts,
    endings,
    installation,
    metrics,
    open_routes,
    operating,
    outlook,
    searching,
    suppressions,
)
from dialer.api.service import Service
from dialer.errors import DialerError
from schedules.errors import HoursError

_ROUTERS = (
    open_routes.router,
    batches.router,
    searching.router,
    calls.router,
    contacts.router,
    campaigns.router,
    outlook.router,
    operating.router,
    suppressions.router,
    endings.router,
    installation.router,
    metrics.router,
)
_OF_HTTP = {404: "not-found", 405: "method-not-allowed"}


def build(make: Callable[[], Service], *, concurrency: int = 256) -> FastAPI:
    """
    Build the application.

    Args:
        make: Makes its service, when it starts; closed when it ends.
        concurrency: As for `Door`.
    """

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service = make()
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="Outbound dialer",
        version=__version__,
        lifespan=living,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in _ROUTERS:
        app.include_router(router)
    for kind in (ApiProblem, DialerError, HoursError):
        app.add_exception_handler(kind, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_parameters)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_middleware(Door, concurrency=concurrency)
    app.openapi = lambda: reference(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    return answer(problem_of(error), request.state.request_id)


async def _refuse_parameters(request: Request, error: Exception) -> Response:
    found: list[dict[str, Any]] = list(getattr(error, "errors", list)())
    if any(one["loc"][0] == "path" for one in found):
        return await _refuse_http(request, HTTPException(404))
    faults = [_fault(one) for one in found]
    names = ", ".join(one.parameter or one.header or str(one.pointer) for one in faults)
    problem = ApiProblem("validation", f"correct {names} and send it again", faults)
    return answer(problem, request.state.request_id)


def _fault(found: dict[str, Any]) -> Fault:
    where, *path = [str(part) for part in found["loc"]]
    name, rule = ".".join(path), str(found["msg"])
    if where == "body":
        return Fault("invalid", rule, pointer=pointer(name))
    if where == "header":
        return Fault("invalid", rule, header=name)
    return Fault("invalid", rule, parameter=name)


def _methods(request: Request) -> list[str]:
    """Name the methods of an address: those of all routes of its template."""
    routes = [one for router in _ROUTERS for one in router.routes if isinstance(one, APIRoute)]
    fits = (one.path for one in routes if one.matches(request.scope)[0] is not Match.NONE)
    template = next(fits, "")
    found = {name for one in routes if one.path == template for name in one.methods or ()}
    return sorted(found)


async def _refuse_http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    word = _OF_HTTP.get(status, "malformed")
    details = {
        "not-found": "there is nothing at this address; GET /v1/openapi.json lists what there is",
        "method-not-allowed": "the address does not know this method; Allow names those it knows",
        "malformed": "the request cannot be read; correct it",
    }
    headers = dict(getattr(error, "headers", None) or {})
    if word == "method-not-allowed":
        headers["Allow"] = ", ".join(_methods(request))
    problem = ApiProblem(word, details[word], headers=headers)
    return answer(problem, request.state.request_id)
