"""Guards: which scopes open a route, and what its page of the reference says."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Depends, Request

from dialer.api.problems import MEDIA, WORDS, ApiProblem, Fault
from dialer.api.service import ApiCaller, service_of
from dialer.api.shapes.base import ProblemShape
from dialer.domain.api_key import ApiScope

READ, ENQUEUE, OPERATE, ADMIN = ApiScope
#: What any route with a key may answer.
_ALWAYS: Final = (
    *("unauthorized", "scope", "not-acceptable", "slow-down", "headers-too-large"),
    *("busy", "store-unavailable", "internal", "malformed", "validation"),
)


#: What a route that reads a body may answer as well.
BODY: Final = ("too-large", "unsupported-media", "request-timeout")
_JSON: Final = frozenset({"*/*", "application/*", "application/json", ""})


class _Guard:
    """Lets keys in that have one of some scopes; None: any key."""

    def __init__(self, scopes: tuple[ApiScope, ...]) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request) -> ApiCaller:
        """Say who asks."""
        caller = await service_of(request).identify(request)
        _check_accept(request)
        request.scope["state"]["key"] = caller.key.prefix
        if self.scopes:
            caller.need(self.scopes)
        return caller


def _check_accept(request: Request) -> None:
    """Refuse a client that takes no JSON, before anything is done for it."""
    accept = request.headers.get("accept", "*/*").lower()
    wanted = [one.partition(";")[0].strip() for one in accept.split(",")]
    if not _JSON.intersection(wanted):
        detail = "answers are application/json; leave Accept out, or name it"
        fault = Fault("unsupported", "must allow application/json", header="Accept")
        raise ApiProblem("not-acceptable", detail, [fault])


def allow(*scopes: ApiScope) -> Any:
    """Make the parameter of a route that these scopes open; without any, every key does."""
    return Depends(_Guard(scopes))


def page(
    *scopes: ApiScope,
    words: tuple[str, ...] = (),
    body: type[Any] | Mapping[str, Any] | None = None,
    needed: bool = True,
    also: Mapping[int, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """
    Write what the reference says of a route beside its answer.

    Args:
        scopes: Those that open it, as for `allow`.
        words: Problems that it answers beside those of all routes.
        body: The shape of its body, or schemas by media type.
        needed: Whether the body must be there.
        also: Shapes of other answers than the usual one, by status.
        headers: What optional headers say, by name.
    """
    extra: dict[str, Any] = {"security": [{"key": []}], "x-scopes": [str(one) for one in scopes]}
    if body is not None:
        content = body if isinstance(body, Mapping) else {"application/json": body}
        extra["requestBody"] = {
            "required": needed,
            "content": {media: {"schema": _schema(one)} for media, one in content.items()},
        }
    if headers:
        extra["parameters"] = [
            {
                "name": name,
                "in": "header",
                "required": False,
                "description": said,
                "schema": {"type": "string"},
            }
            for name, said in headers.items()
        ]
    shapes = {status: {"model": shape} for status, shape in (also or {}).items()}
    return {"responses": {**responses(*_ALWAYS, *words), **shapes}, "openapi_extra": extra}


def responses(*words: str) -> dict[int | str, dict[str, Any]]:
    """List the problems of a route by their status."""
    found: dict[int | str, dict[str, Any]] = {}
    for word in words:
        status, title = WORDS[word]
        said = found.get(status, {}).get("description", "")
        found[status] = {
            "model": ProblemShape,
            "description": f"{said}; {title}" if said else title,
            "content": {MEDIA: {}},
        }
    return found


def _schema(shape: Any) -> Mapping[str, Any]:
    if isinstance(shape, Mapping):
        return shape
    schema: Mapping[str, Any] = shape.model_json_schema(
        by_alias=True, ref_template="#/components/schemas/{model}"
    )
    return schema


#: What reads a caller's request.
Reader = Callable[[Request], Any]
