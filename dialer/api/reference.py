"""The OpenAPI page: complete enough to generate a client from."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_ABOUT = """\
Hand outbound calls in, follow them, and steer campaigns.

Each call has a key of its own: the same key never makes a second call, so any request may be
repeated. Numbers are masked unless the API key has `reveal`. Errors are `application/problem+json`;
the last part of `type` is a stable word.
"""


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
        app.openapi_schema = page
    return app.openapi_schema


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
