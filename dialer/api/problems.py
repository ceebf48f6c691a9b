"""
Problems: every error that leaves this door, as `application/problem+json` (RFC 9457).

`WORDS` is the table of them. `problem_of` says which one an error of the system is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse

from dialer.errors import (
    CampaignChanged,
    CampaignFixed,
    CampaignNotFound,
    CampaignRefused,
    ContactNotFound,
    DialerError,
    HoldRefused,
    ImportNotFound,
    InvalidCall,
    InvalidCampaign,
    InvalidRequest,
    JobNotFound,
    KeyNotFound,
    KeyRefused,
    SettingsError,
    StateConflict,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
)
from dialer.text.masking import mask
from schedules.errors import HoursError

#: Word -> status and title.
WORDS: Final[Mapping[str, tuple[int, str]]] = {
    "malformed": (400, "The request cannot be read"),
    "key-required": (400, "The call needs a key"),
    "key-mismatch": (400, "Two different keys are given"),
    "unauthorized": (401, "The API key is missing or not valid"),
    "scope": (403, "The API key may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "The address does not know this method"),
    "not-acceptable": (406, "No form of the answer is acceptable"),
    "request-timeout": (408, "The request took too long to come in"),
    "key-conflict": (409, "The key was used for another call"),
    "state": (409, "The state it is in does not allow that"),
    "cursor-expired": (410, "The cursor is too old"),
    "stale-revision": (412, "It is not as the request believes"),
    "too-large": (413, "The request is too large"),
    "unsupported-media": (415, "The body is of another type"),
    "validation": (422, "A rule is broken"),
    "revision-required": (428, "The revision is missing"),
    "slow-down": (429, "Too many requests"),
    "headers-too-large": (431, "The headers or the address are too long"),
    "internal": (500, "This should not have happened"),
    "busy": (503, "Too many requests are being worked on"),
    "store-full": (503, "The store is full"),
    "store-unavailable": (503, "The store does not answer, or must not be used"),
}
#: Where the type of a problem begins; its word ends it.
TYPE: Final = "urn:outbound-dialer:problem:"
MEDIA: Final = "application/problem+json"
#: Seconds until another try makes sense.
_RETRY_AFTER: Final = {"busy": 1, "store-full": 30, "store-unavailable": 2, "slow-down": 1}


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One field that breaks a rule; exactly one of the first three says where it is.

    Attributes:
        pointer: JSON Pointer into the body, "" for all of it.
    """

    code: str
    detail: str
    pointer: str | None = None
    header: str | None = None
    parameter: str | None = None

    def fields(self) -> dict[str, str]:
        """List the fields of its answer."""
        places = {"pointer": self.pointer, "header": self.header, "parameter": self.parameter}
        where = {name: place for name, place in places.items() if place is not None}
        return {**where, "code": self.code, "detail": mask(self.detail)}


@dataclass
class ApiProblem(Exception):  # noqa: N818 - named as the standard names it
    """
    An error that is answered.

    Attributes:
        word: One of `WORDS`.
        detail: A sentence with the next step.
        more: Further fields of the answer.
    """

    word: str
    detail: str
    errors: Sequence[Fault] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(problem: ApiProblem, request_id: str) -> JSONResponse:
    """Write a problem."""
    status, title = WORDS[problem.word]
    headers = dict(problem.headers)
    if problem.word in _RETRY_AFTER:
        headers.setdefault("Retry-After", str(_RETRY_AFTER[problem.word]))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        "type": TYPE + problem.word,
        "title": title,
        "status": status,
        "detail": mask(problem.detail),
        "request_id": request_id,
        "errors": [one.fields() for one in problem.errors],
        **problem.more,
    }
    return JSONResponse(body, status, headers, media_type=MEDIA)


def problem_of(error: Exception) -> ApiProblem:
    """Say which problem an error is."""
    match error:
        case ApiProblem():
            found = error
        case CampaignFixed():
            found = ApiProblem("state", str(error), faults(error.problems))
        case InvalidCall() | InvalidCampaign():
            found = invalid(error.problems)
        case InvalidRequest():
            found = invalid([(error.field, error.rule)])
        case SettingsError():
            found = ApiProblem("validation", str(error), faults([("account", "is unknown")]))
        case _:
            found = ApiProblem(_word_of(error), _text(error))
    return found


def _word_of(error: Exception) -> str:
    usual = "validation" if isinstance(error, DialerError | HoursError) else "internal"
    return next((word for kinds, word in _KINDS if isinstance(error, kinds)), usual)


_KINDS: Final[Sequence[tuple[tuple[type[Exception], ...], str]]] = (
    ((JobNotFound, CampaignNotFound, KeyNotFound, ImportNotFound, ContactNotFound), "not-found"),
    ((CampaignChanged,), "stale-revision"),
    ((StateConflict, CampaignRefused, HoldRefused, KeyRefused), "state"),
    ((StoreFull,), "store-full"),
    ((StoreRefused, StoreUnavailable), "store-unavailable"),
)


def _text(error: Exception) -> str:
    if isinstance(error, StoreUnavailable):
        return "the store does not answer; repeat the request with the same key"
    if isinstance(error, StoreFull):
        return "the store is full, so nothing new is taken; repeat the request later"
    if isinstance(error, StoreRefused):
        return "the store must not be used as it is: dialer doctor says why"
    if not isinstance(error, DialerError | HoursError):
        return "the log of the service says more under this request id; repeat the request"
    return str(error)


def invalid(problems: Sequence[tuple[str, str]]) -> ApiProblem:
    """Make the problem of broken rules, by field."""
    said = "; ".join(f"{name}: {rule}" for name, rule in problems)
    return ApiProblem("validation", f"correct it and send it again: {said}", faults(problems))


def faults(problems: Sequence[tuple[str, str]]) -> list[Fault]:
    """List broken rules by JSON Pointer."""
    return [Fault(_code(rule), rule, pointer=pointer(name)) for name, rule in problems]


def pointer(name: str) -> str:
    """Write a field, as our errors name it, as a JSON Pointer into the body."""
    if name in ("", "line"):
        return ""
    path = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in name.split("."))
    # The name of such a column has a dot in it.
    return path.replace("/columns/metadata/", "/columns/metadata.", 1)


def _code(rule: str) -> str:
    """Stable word of a rule."""
    if rule.startswith("is missing"):
        return "missing"
    if rule.startswith(("is unknown", "is no parameter")) or "is unknown" in rule:
        return "unknown"
    return "invalid"
