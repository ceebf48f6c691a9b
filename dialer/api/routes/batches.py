"""Batches: many calls in one request."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from dialer.api.problems import ApiProblem, Fault, faults
from dialer.api.reading import JSON, NDJSON, media_of, parse_json, read_body
from dialer.api.routes.guard import BODY, ENQUEUE, allow, page
from dialer.api.service import ApiCaller
from dialer.api.shapes.calls import BatchShape
from dialer.domain.job.receipt import Receipt, Verdict

router = APIRouter(tags=["calls"])

MOST: Final = 10_000


@router.post(
    "/v1/calls/batch",
    response_model=BatchShape,
    summary="Hand many calls in",
    **page(
        ENQUEUE,
        body={
            # An item that is none is answered as an item, so it is no fault of the body.
            JSON: {"type": "array", "items": {}, "description": f"At most {MOST} of CallIn."},
            NDJSON: {"description": "One CallIn a line."},
        },
        words=(*BODY, "store-full"),
    ),
)
async def create_batch(
    request: Request, caller: Annotated[ApiCaller, allow(ENQUEUE)]
) -> JSONResponse:
    """
    Hand up to 10,000 calls in, each with its own `key`.

    Each is answered by itself. After a 503 what was made stays: send all of it again.
    """
    service = caller.service
    media = media_of(request, JSON, NDJSON)
    if request.headers.get("idempotency-key") is not None:
        rule = "has no meaning for a batch: each call has its own key"
        fault = Fault("invalid", rule, header="Idempotency-Key")
        raise ApiProblem("malformed", f"Idempotency-Key {rule}", [fault])
    with service.batches:
        text = await read_body(request, service.settings.max_body)
        return JSONResponse(await service.run(_take, caller, text, media))


def _take(caller: ApiCaller, text: bytes, media: str) -> dict[str, Any]:
    rows = _rows(text, media)
    if len(rows) > MOST:
        raise ApiProblem(
            "too-large", f"a batch has at most {MOST} calls; send {len(rows)} in parts"
        )
    receipts = caller.dialer.enqueue_rows(rows, account=caller.default_account)
    counts: Counter[str] = Counter()
    results = []
    for nth, (row, receipt) in enumerate(zip(rows, receipts, strict=True)):
        counts[receipt.verdict] += 1
        results.append(_result(nth, row, receipt))
    return {**{str(verdict): counts[verdict] for verdict in Verdict}, "results": results}


def _result(nth: int, row: object, receipt: Receipt) -> dict[str, Any]:
    errors = faults(receipt.problems)
    if not isinstance(row, Mapping):
        errors = [Fault("malformed", "is no JSON object", pointer="")]
    return {
        "n": nth,
        "verdict": str(receipt.verdict),
        "id": receipt.job_id or None,
        "errors": [one.fields() for one in errors],
    }


def _rows(text: bytes, media: str) -> Sequence[Any]:
    if media == NDJSON:
        return list(_lines(text))
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ApiProblem("malformed", "the body is no JSON array; send one: [{…}, {…}]")
    return rows


def _lines(text: bytes) -> Iterator[Any]:
    """Read each line that is not blank; None in the place of one that is no JSON."""
    for line in text.splitlines():
        if line.strip():
            try:
                yield parse_json(line)
            except ApiProblem:
                yield None
