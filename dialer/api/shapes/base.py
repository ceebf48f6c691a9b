"""What all shapes share."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A body of an answer: fields may be added, clients ignore those that they do not know."""

    model_config = ConfigDict(extra="allow")


class AskedShape(BaseModel):
    """A body of a request: a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


Moment = Annotated[datetime, Field(examples=["2030-01-31T10:00:00Z"])]
Reason = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"\S", examples=["asked by phone"])
]


class FaultShape(Shape):
    """One field that breaks a rule: where it is, a stable code, and the rule."""

    code: str
    detail: str
    pointer: str | None = Field(default=None, description="JSON Pointer into the body.")
    header: str | None = None
    parameter: str | None = None


class ProblemShape(Shape):
    """An error, as `application/problem+json` (RFC 9457)."""

    type: str = Field(description="Stable; its last part is the word of ops/http.md.")
    title: str
    status: int
    detail: str = Field(description="A sentence with the next step.")
    request_id: str
    errors: list[FaultShape]


class Page(Shape):
    """A page of a list; only a null `next_cursor` ends it."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def moment(at: datetime | None) -> str | None:
    """Write a moment as RFC 3339; None stays none."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
