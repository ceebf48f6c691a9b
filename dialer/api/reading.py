"""Bodies: read whole, within their limits of size and time, as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final, NoReturn

from fastapi import Request

from dialer.api.problems import ApiProblem, Fault
from dialer.text.size import format_size

#: A body that must be read whole comes in within this time, or is refused.
WHOLE_WITHIN: Final = timedelta(seconds=30)
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"


def media_of(request: Request, *known: str) -> str:
    """
    Return the media type of a body, without its parameters.

    Raises:
        ApiProblem: It is none of those.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in known:
        said = f'"{media[:80]}"' if media else "nothing"
        raise ApiProblem(
            "unsupported-media",
            f"Content-Type is {said}; send {' or '.join(known)}",
            [Fault("unsupported", f"must be {' or '.join(known)}", header="Content-Type")],
        )
    return media


async def read_body(request: Request, most: int) -> bytes:
    """
    Read a body whole.

    Raises:
        ApiProblem: It is longer than *most* bytes, or takes too long.
    """
    if request.headers.get("content-length", "0").isdecimal():
        _refuse_large(int(request.headers.get("content-length", "0")), most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(WHOLE_WITHIN.total_seconds()):
            async for part in _stream(request):
                size += len(part)
                _refuse_large(size, most)
                parts.append(part)
    except TimeoutError:
        raise ApiProblem(
            "request-timeout",
            f"the body was not here within {WHOLE_WITHIN.seconds} s; send it again, at once",
            headers={"Connection": "close"},
        ) from None
    return b"".join(parts)


async def read_json(request: Request, most: int) -> Any:
    """
    Read a body of JSON.

    Raises:
        ApiProblem: It is of another type, too large, too slow, or no JSON.
    """
    media_of(request, JSON)
    return parse_json(await read_body(request, most))


async def read_object(request: Request, most: int) -> dict[str, Any]:
    """Read a body that is a JSON object, as `read_json` does."""
    value = await read_json(request, most)
    if not isinstance(value, dict):
        raise _malformed("the body is no JSON object; send one: {…}")
    return value


async def read_optional(request: Request, most: int) -> dict[str, Any]:
    """Read a body that is a JSON object, or is left out."""
    if not request.headers.get("content-type"):
        if not await read_body(request, most):
            return {}
        media_of(request, JSON)
    return await read_object(request, most)


def parse_json(text: bytes) -> Any:
    """
    Parse JSON; of an object each name stands once.

    Raises:
        ApiProblem: It is none.
    """
    try:
        value = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        if b"\\u" in text:
            # Half of a surrogate pair is no text.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise _malformed("the body is nested too deeply; a call is one flat object") from None
    except UnicodeError:
        raise _malformed("the body is no text in UTF-8; write it in UTF-8") from None
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise _malformed(f"the body is no JSON{where}: {why[:100]}; correct it") from None
    return value


def check_names(body: Mapping[str, Any], *known: str) -> None:
    """
    Refuse an object with other names than these.

    Raises:
        ApiProblem: There is one; all of them are named.
    """
    strange = [name for name in body if name not in known]
    if strange:
        rule = f"is unknown; the names are: {', '.join(known)}"
        raise ApiProblem(
            "validation",
            f"the body has a name that means nothing here; the names are: {', '.join(known)}",
            [Fault("unknown", rule, pointer=_pointer(name)) for name in strange[:100]],
        )


def _pointer(name: str) -> str:
    return "/" + name[:100].replace("~", "~0").replace("/", "~1")


async def _stream(request: Request) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part


def _refuse_large(size: int, most: int) -> None:
    if size > most:
        raise ApiProblem(
            "too-large",
            f"the body is larger than {format_size(most)}; send less at once",
            headers={"Connection": "close"},
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands in an object twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _malformed(detail: str) -> ApiProblem:
    return ApiProblem("malformed", detail)
