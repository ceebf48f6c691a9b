"""Lists of calls, and calls that are taken back by what they are for."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from dialer.api.cursors import read_cursor, write_cursor
from dialer.api.problems import ApiProblem, Fault, invalid
from dialer.api.reading import check_names, read_object
from dialer.api.routes.calls import reason_of
from dialer.api.routes.campaigns import seen_by
from dialer.api.routes.guard import BODY, OPERATE, READ, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.base import AskedShape, Page, Reason, Shape
from dialer.api.shapes.calls import JobView, StateName
from dialer.domain.call.number import read_number
from dialer.domain.job.job import Job
from dialer.domain.job.order import id_of_key
from dialer.errors import CampaignNotFound, JobNotFound
from dialer.services.calls import JobFilter
from dialer.services.calls.paging import Window, newest, place_of

router = APIRouter(tags=["calls"])

Limit = Annotated[int, Query(ge=1, le=1000)]
Instant = Annotated[str | None, Query(json_schema_extra={"format": "date-time"})]
_NO_INSTANT: Final = "must be a time with its offset, such as 2030-01-31T10:00:00Z"
Cursor = Annotated[str | None, Query(max_length=500)]


class SearchIn(AskedShape):
    """A number, in a body: addresses are logged."""

    to: str


class CancelManyIn(AskedShape):
    """Which calls: those of one number, of a campaign, or of one key."""

    number: str | None = None
    campaign: str | None = None
    key: str | None = None
    account: str | None = None
    reason: Reason


class MovedShape(Shape):
    """Which jobs were moved, and in which state the others are."""

    done: list[str]
    refused: dict[str, str]


class InListShape(Shape):
    """A contact in a campaign's list that is no job yet."""

    campaign: str
    row: int


class TakenBackShape(MovedShape):
    """Which jobs were taken back, and what of a number is still to be rung."""

    waiting: list[InListShape] = Field(
        description="Contacts of the number that wait in lists still: they are rung when their "
        "campaign comes to them, unless the number is on the do-not-call list."
    )


@router.get(
    "/v1/calls",
    response_model=Page,
    summary="List calls",
    **page(READ, words=("cursor-expired", "not-found")),
)
async def list_calls(  # noqa: PLR0917 - query parameters have names
    caller: Annotated[ApiCaller, allow(READ)],
    state: StateName | None = None,
    campaign: Annotated[str | None, Query(max_length=40)] = None,
    account: Annotated[str | None, Query(max_length=40)] = None,
    key: Annotated[str | None, Query(max_length=200)] = None,
    since: Instant = None,
    until: Instant = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List calls, the last made first; only a null `next_cursor` ends the list."""
    filters = (state, campaign, account, key, since, until)
    window = Window(read_instant(since, "since"), read_instant(until, "until"))
    which = _Which(state, campaign, account, key, window)
    return JSONResponse(
        await caller.service.run(_list, caller, which, json.dumps(filters), limit, cursor)
    )


@router.post(
    "/v1/calls/search",
    response_model=Page,
    summary="List the calls of a number",
    **page(READ, body=SearchIn, words=BODY),
)
async def search(request: Request, caller: Annotated[ApiCaller, allow(READ)]) -> JSONResponse:
    """List the calls of a customer's number, the last made first."""
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "to")
    return JSONResponse(await caller.service.run(_search, caller, _text(body, "to")))


@router.post(
    "/v1/calls/cancel",
    response_model=TakenBackShape,
    summary="Take calls back",
    **page(OPERATE, body=CancelManyIn, words=(*BODY, "not-found", "state")),
)
async def cancel_many(
    request: Request, caller: Annotated[ApiCaller, allow(OPERATE)]
) -> JSONResponse:
    """
    Take the waiting calls of a number, a campaign or a key back, with a reason.

    Contacts of the number that are no jobs yet cannot be: `waiting` names them.
    """
    body = await read_object(request, caller.service.settings.max_body)
    check_names(body, "number", "campaign", "key", "account", "reason")
    reason = reason_of(body, needed=True)
    given = [name for name in ("number", "campaign", "key") if body.get(name) is not None]
    if len(given) != 1:
        raise invalid([("", "must have exactly one of number, campaign and key")])
    return JSONResponse(await caller.service.run(_cancel_many, caller, body, given[0], reason))


class _Which:
    """Which calls a list shows."""

    def __init__(
        self,
        state: str | None,
        campaign: str | None,
        account: str | None,
        key: str | None,
        window: Window,
    ) -> None:
        self.filter = JobFilter(state, account, None, campaign)
        self.key, self.window = key, window

    def jobs(self, caller: ApiCaller) -> Iterator[Job]:
        """Read them: without a key those first that entered their state last."""
        if self.filter.campaign is not None:
            seen_by(caller, self.filter.campaign)
        if self.key is None:
            yield from caller.dialer.jobs(self.filter)
            return
        names = caller.dialer.settings.accounts
        for account in [self.filter.account] if self.filter.account else names:
            for mode in ("live", "developer"):
                try:
                    job = caller.dialer.get(id_of_key(account, mode, self.key))
                except JobNotFound:
                    continue
                if self.filter.fits(job) and self.filter.state in (None, job.state):
                    yield job


def _list(
    caller: ApiCaller, which: _Which, filters: str, limit: int, cursor: str | None
) -> dict[str, Any]:
    secret, what, window = caller.service.signing_secret, f"calls {filters}", which.window
    if cursor:
        at, job_id = json.loads(read_cursor(secret, what, cursor))
        window = Window(window.since, window.until, (datetime.fromisoformat(at), job_id))
    ordered = which.key is None
    found = newest(which.jobs(caller), window, limit + 1, caller.sees, by_entry=ordered)
    more = None
    if len(found) > limit:
        found = found[:limit]
        made, job_id = place_of(found[-1])
        more = write_cursor(secret, what, json.dumps([made.isoformat(), job_id]))
    view = JobView(caller, caller.dialer.now())
    return {"data": [view.listed(job) for job in found], "next_cursor": more}


def _search(caller: ApiCaller, to: str) -> dict[str, Any]:
    jobs = caller.dialer.jobs_of(read_number(to, "to"))
    found = newest(jobs, Window(), 1000, caller.sees)
    view = JobView(caller, caller.dialer.now())
    return {"data": [view.listed(job) for job in found], "next_cursor": None}


def _cancel_many(
    caller: ApiCaller, body: Mapping[str, Any], by: str, reason: str
) -> dict[str, Any]:
    dialer, text = caller.dialer, _text(body, by)
    contacts: list[tuple[str, int]] = []
    if by == "campaign":
        seen_by(caller, text)
        dialer.campaigns.steer("cancel", text, reason=reason)
        return {"done": [], "refused": {}, "waiting": []}
    if by == "key":
        account = body.get("account") or caller.default_account
        try:
            job = dialer.find(text, str(account))
        except JobNotFound:
            job = None
        if job is None or not caller.sees(job):
            raise JobNotFound("no call of this account has this key; it may have been pruned")
        ids = [job.id]
    else:
        waiting = dialer.waiting_for(read_number(text, "number"))
        ids = [one for one in waiting.jobs if caller.key.may_use(dialer.get(one).account)]
        contacts = [one for one in waiting.contacts if _sees_campaign(caller, one[0])]
    moved = dialer.cancel(ids, reason=reason)
    named = [{"campaign": campaign, "row": row} for campaign, row in contacts]
    return {"done": moved.done, "refused": moved.refused, "waiting": named}


def _sees_campaign(caller: ApiCaller, name: str) -> bool:
    try:
        seen_by(caller, name)
    except CampaignNotFound:
        return False
    return True


def _text(body: Mapping[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text:
        raise invalid([(name, "must be text, and not empty")])
    return text


def _as_instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.utcoffset() is not None else None


def read_instant(text: str | None, name: str) -> datetime | None:
    """
    Read a parameter that is a time; None where it is left out.

    Raises:
        ApiProblem: It is none.
    """
    if text is None:
        return None
    at = _as_instant(text)
    if at is None:
        fault = Fault("invalid", _NO_INSTANT, parameter=name)
        raise ApiProblem("validation", f"{name} {_NO_INSTANT}", [fault])
    return at


def instant_in(body: Mapping[str, Any], name: str) -> datetime | None:
    """
    Read a field that is a time; None where it is left out.

    Raises:
        ApiProblem: It is none.
    """
    text = body.get(name)
    at = _as_instant(text) if isinstance(text, str) else None
    if at is None and text is not None:
        raise invalid([(name, _NO_INSTANT)])
    return at
