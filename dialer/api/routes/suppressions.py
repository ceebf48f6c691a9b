"""Do-not-call lists: look, add, remove, import."""

import json
from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.pipe import BodyCut, BodyPipe
from dialer.api.problems import ApiProblem, invalid
from dialer.api.reading import CSV, NDJSON, check_names, media_of, read_object
from dialer.api.routes.calls import reason_of
from dialer.api.routes.guard import BODY, OPERATE, READ, allow, page
from dialer.api.routes.searching import Cursor, Instant, Limit, instant_in, read_instant
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import Page, Shape
from dialer.api.shapes.operating import (
    NumbersIn,
    SuppressIn,
    suppressed_fields,
)
from dialer.lists import NumberList
from dialer.services.operations.suppression import place_of

router = APIRouter(tags=["operating"])

_FORMS: Final = {CSV: "csv", NDJSON: "jsonl"}


class ChangedShape(Shape):
    """How many numbers were changed, of those that were given."""

    changed: int
    given: int


class SuppressionImportShape(Shape):
    """What became of a list of numbers."""

    added: int
    listed: int
    rejected: int


@router.get(
    "/v1/suppressions",
    response_model=Page,
    summary="List numbers nobody may ring",
    **page(READ, words=("cursor-expired",)),
)
async def list_suppressions(
    caller: Annotated[ApiCaller, allow(READ)],
    account: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List everybody's do-not-call list, or an account's own, the newest entries first."""
    return JSONResponse(await caller.service.run(_suppressions, caller, account, limit, cursor))


@router.post(
    "/v1/suppressions",
    response_model=ChangedShape,
    summary="Put numbers on the do-not-call list",
    **page(OPERATE, body=SuppressIn, words=BODY),
)
async def suppress(request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]) -> JSONResponse:
    """Put numbers on a do-not-call list: when this answers no call to them starts."""
    return JSONResponse(await _change_numbers(request, caller, remove=False))


@router.post(
    "/v1/suppressions/remove",
    response_model=ChangedShape,
    summary="Take numbers off the do-not-call list",
    **page(OPERATE, body=NumbersIn, words=BODY),
)
async def unsuppress(
    request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """Take numbers off a do-not-call list; who did it, and why, stays on record."""
    return JSONResponse(await _change_numbers(request, caller, remove=True))


@router.post(
    "/v1/suppressions/import",
    response_model=SuppressionImportShape,
    summary="Put a list of numbers on the do-not-call list",
    **page(OPERATE, body={CSV: {}, NDJSON: {}}, words=BODY),
)
async def import_suppressions(  # noqa: PLR0917 - query parameters have names
    request: Request,
    caller: Annotated[ApiCaller, allow(OPERATE)],
    reason: Annotated[str, Query(min_length=1, max_length=200)] = "imported",
    account: Annotated[str | None, Query(max_length=40)] = None,
    source: Annotated[str, Query(max_length=200)] = "",
    expires_at: Instant = None,
) -> JSONResponse:
    """Put every number of a list on a do-not-call list, as it comes."""
    service = caller.service
    form = _FORMS[media_of(request, CSV, NDJSON)]
    with service.uploads:
        pipe = BodyPipe(request, lambda: service.still_valid(caller.key))
        try:
            more: dict[str, Any] = {"reason": reason, "source": source}
            more["expires"] = read_instant(expires_at, "expires_at")
            body = await service.run(_import_numbers, caller, pipe, form, account, **more)
        except BodyCut as error:
            raise ApiProblem("malformed", str(error)) from None
    return JSONResponse(body)


def own_account(caller: ApiCaller, account: object) -> str | None:
    """
    Read whose list is meant; None for everybody's.

    Raises:
        ApiProblem: A key that is bound to accounts means everybody's.
    """
    if account is not None and not isinstance(account, str):
        raise invalid([("account", "must be the name of an account")])
    if account is None and caller.key.accounts is not None:
        if len(caller.key.accounts) == 1:
            return caller.default_account
        raise ApiProblem("scope", "this key is bound to accounts, and none is named; name one")
    return account


def _suppressions(
    caller: ApiCaller, account: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    suppression = caller.dialer.operations.suppression
    suppression.check_account(account)
    secret, what = caller.service.signing_secret, f"suppressions {account or ''}"
    after = None
    if cursor:
        since, digest = json.loads(read_cursor(secret, what, cursor))
        after = (datetime.fromisoformat(since), digest)
    found, more = suppression.newest(account, limit + 1, secret, after), None
    if len(found) > limit:
        since, digest = place_of(found[limit - 1], secret)
        more = write_cursor(secret, what, json.dumps([since.isoformat(), digest]))
    shown = [suppressed_fields(one, caller) for one in found[:limit]]
    return {"data": shown, "next_cursor": more}


async def _change_numbers(request: Request, caller: ApiCaller, *, remove: bool) -> dict[str, Any]:
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "numbers", "account", "reason", *(() if remove else ("expires_at", "source")))
    numbers, reason = body.get("numbers"), reason_of(body, needed=True)
    if (
        not isinstance(numbers, list)
        or not 1 <= len(numbers) <= 10_000  # noqa: PLR2004 - said below
        or not all(isinstance(one, str) for one in numbers)
    ):
        raise invalid([("numbers", "must be a list of 1 to 10,000 numbers, as text")])
    account = own_account(caller, body.get("account"))
    suppression, run = caller.dialer.operations.suppression, caller.service.run
    if remove:
        changed = await run(suppression.remove, numbers, reason=reason, account=account)
    else:
        more: dict[str, Any] = {"account": account, "expires": instant_in(body, "expires_at")}
        more["source"] = _source(body.get("source"))
        changed = await run(suppression.add, numbers, reason=reason, **more)
    return {"changed": changed, "given": len(numbers)}


def _source(text: object) -> str:
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > 200:  # noqa: PLR2004 - said below
        raise invalid([("source", "must be text of at most 200 characters")])
    return text


def _import_numbers(
    caller: ApiCaller, pipe: BodyPipe, form: str, account: str | None, **more: Any
) -> dict[str, Any]:
    suppression, whose = caller.dialer.operations.suppression, own_account(caller, account)
    suppression.check_account(whose)
    stream: Any = pipe
    rows = NumberList(stream, form=cast("Any", form))
    done = suppression.add_list(rows, account=whose, **more)
    return {"added": done.added, "listed": done.listed, "rejected": done.rejected}
