"""The OpenAPI page: complete enough to generate a client from."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_ABOUT = """\
Hand outbound calls in, follow them, and steer campaigns.

Each call has a key of its own: the same key never makes a second call, so any request may be
repeated. Numbers are masked unless the API key has `reveal`. Errors are `application/problem+json`;
the last part of `type` is a stable word.
"""
_OF_CAMPAIGN: Final = ("show_campaign", "show_progress", "start_campaign", "pause_campaign")
#: Path, method and status of an answer -> what of it names what, and what may be asked then.
_LINKS: Final = {
    ("/v1/calls", "post", "201"): ("$response.body#/id", "id", ("show", "cancel")),
    ("/v1/calls", "post", "200"): ("$response.body#/id", "id", ("show", "cancel")),
    ("/v1/campaigns/{name}", "put", "201"): ("$response.body#/name", "name", _OF_CAMPAIGN),
    ("/v1/campaigns/{name}/contacts", "post", "202"): (
        *("$response.body#/id", "id"),
        ("show_import", "import_rows"),
    ),
}


def reference(app: FastAPI) -> dict[str, Any]:
    """Return the page of an application; it is made once."""
    if app.openapi_schema is None:
        page = get_openapi(
            title=app.title, version=app.version, description=_ABOUT, routes=app.routes
        )
        page["components"].setdefault("securitySchemes", {})["key"] = {
            "type": "http",
            "scheme": "bearer",
            "description": "`dlr_…`, made by `dialer key create`.",
        }
        _lift_definitions(page)
        _link(page)
        app.openapi_schema = page
    return app.openapi_schema


def _link(page: dict[str, Any]) -> None:
    """Say which answers lead on to which questions."""
    for (path, method, status), (where, name, targets) in _LINKS.items():
        links = page["paths"][path][method]["responses"][status].setdefault("links", {})
        for target in targets:
            links[target] = {"operationId": target, "parameters": {name: where}}


def _lift_definitions(page: dict[str, Any]) -> None:
    """Put the definitions that bodies brought along where the page keeps them."""
    shared = page["components"].setdefault("schemas", {})
    for path in page["paths"].values():
        for operation in path.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                shared.update(media["schema"].pop("$defs", {}))
            # FastAPI says of its own checks what ours answer as a problem.
            operation["responses"].pop("default", None)
    for name in ("HTTPValidationError", "ValidationError"):
        shared.pop(name, None)
