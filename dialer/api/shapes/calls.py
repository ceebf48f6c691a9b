"""Calls: as they are handed in, and as they are shown."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from dialer.api.service import ApiCaller
from dialer.api.shapes.base import AskedShape, FaultShape, Moment, Reason, Shape, moment
from dialer.diagnosis.prospects import Prospect
from dialer.domain.job.job import Event, Job, State
from dialer.services.calls.handover import HandedOver, known_until

_TERMINAL: Final = (State.PLACED, State.DEAD, State.CANCELLED, State.SKIPPED)
StateName = Literal[
    "scheduled", "ready", "dialing", "placed", "unconfirmed", "dead", "cancelled", "skipped"
]
LegKind = Literal["Number", "Agent", "Group"]
Values = str | int | list[str | int]


class CallIn(AskedShape):
    """
    A call: the provider's parameters by their wire names, and how it is to be made.

    Only the most used parameters are listed; every documented one is taken.
    """

    model_config = ConfigDict(extra="allow")

    key: str | None = Field(default=None, description="Your own name for it.", max_length=200)
    account: str | None = Field(default=None, pattern="^[a-z0-9_]{1,40}$")
    priority: int | None = Field(default=None, ge=0, le=9, description="9 first; 5 is usual.")
    not_before: Moment | None = None
    not_after: Moment | None = None
    customer: Literal["to", "from", "both"] | None = None
    metadata: dict[str, str] | None = Field(
        default=None, description="Kept beside the call for you; put no numbers in it."
    )
    from_: Values = Field(alias="from", description="Who is rung first.")
    fromType: LegKind | None = None  # noqa: N815 - the provider's name
    to: Values = Field(description="Who is rung then.")
    toType: LegKind | None = None  # noqa: N815 - same
    fromCLI: str | None = None  # noqa: N815 - same
    timeLimit: int | None = None  # noqa: N815 - same
    mode: Literal["developer"] | None = Field(
        default=None, description="Rings nobody, whatever the account's mode is."
    )


class ReasonIn(AskedShape):
    """Why; on record."""

    reason: Reason | None = None


class ProspectShape(Shape):
    """What stands in the way of a call, at the moment of the answer."""

    barrier: str | None = Field(description="Stable word; null when nothing does.")
    because: str | None
    opens_at: Moment | None = Field(description="Null where a person must act.")
    ahead: int | None
    starts_about: Moment | None


class HandedOverShape(ProspectShape):
    """What became of a call that was handed in."""

    id: str
    key: str
    verdict: Literal["created", "duplicate"]
    state: StateName
    account: str
    mode: Literal["live", "developer"]
    key_known_until: Moment | None
    pruned: bool | None = None
    ignored: list[str] | None = None


class CheckedShape(Shape):
    """What would become of a call; nothing was stored."""

    id: str
    verdict: Literal["created", "duplicate", "conflict"]
    mode: Literal["live", "developer"]
    checked: bool


class AttemptShape(Shape):
    """One request to the provider that may have left."""

    attempt: int
    began: Moment
    call_id: str | None
    code: str | None
    outcome: str | None


class EventShape(Shape):
    """One move along an arrow."""

    at: Moment
    from_: str | None = Field(alias="from")
    to: str
    who: str
    why: str


class CallShape(ProspectShape):
    """A call as it is now."""

    id: str
    key: str | None
    state: StateName
    account: str
    mode: Literal["live", "developer"]
    campaign: str | None
    priority: int
    from_: str | None = Field(alias="from")
    to: str | None
    customer: str
    tries: int
    created: Moment
    entered: Moment
    due: Moment | None
    not_after: Moment
    code: str | None
    call_id: str | None
    reason: str
    key_known_until: Moment | None
    metadata: dict[str, str]
    attempts: list[AttemptShape]
    history: list[EventShape]
    report: None
    outcome: str | None
    customer_rung: Literal["yes", "no", "unknown"] | None


class BatchResult(Shape):
    """What became of one item; `n` counts from 0, blank lines apart."""

    n: int
    verdict: Literal["created", "duplicate", "conflict", "rejected"]
    id: str | None
    errors: list[FaultShape]


class BatchShape(Shape):
    """What became of a batch."""

    created: int
    duplicate: int
    conflict: int
    rejected: int
    results: list[BatchResult]


def prospect_fields(found: Prospect) -> dict[str, Any]:
    """Write what stands in the way of a call."""
    return {
        "barrier": found.barrier or None,
        "because": found.because or None,
        "opens_at": moment(found.opens_at),
        "ahead": found.ahead,
        "starts_about": moment(found.starts_about),
    }


def handed_over(given: HandedOver, key: str, account: str) -> dict[str, Any]:
    """Write what became of a call that was handed in."""
    receipt, job = given.receipt, given.job
    more: dict[str, Any] = (
        {"ignored": [f"/{name}" for name in given.ignored]} if given.ignored else {}
    )
    if job is None:
        more |= {"pruned": True}
    return {
        "id": receipt.job_id,
        "key": key,
        "verdict": str(receipt.verdict),
        "state": str(job.state) if job else given.pruned,
        "account": job.account if job else account,
        "mode": receipt.mode,
        **prospect_fields(given.prospect),
        "key_known_until": moment(given.known_until),
        **more,
    }


@dataclass(frozen=True, slots=True)
class JobView:
    """Writes jobs for one caller; *now* is the store's."""

    caller: ApiCaller
    now: datetime

    def listed(self, job: Job) -> dict[str, Any]:
        """Write a job as a list shows it."""
        first, then = _sides(job, self.caller.number)
        return {
            "id": job.id,
            "key": job.key or None,
            "state": str(job.state),
            "account": job.account,
            "mode": job.mode,
            "campaign": job.campaign or None,
            "priority": job.priority,
            "from": first,
            "to": then,
            "customer": job.customer,
            "tries": job.tries,
            "created": moment(job.created),
            "entered": moment(job.entered),
            "due": moment(job.due),
            "not_after": moment(job.not_after),
            "code": job.code or None,
            "call_id": job.call_id or None,
            "reason": self.caller.words(job.reason),
        }

    def whole(self, job: Job, metadata: str, found: Prospect) -> dict[str, Any]:
        """Write all of a job."""
        keeps: timedelta = self.caller.dialer.settings.jobs.key_retention
        ended = job.state in _TERMINAL
        return {
            **self.listed(job),
            **prospect_fields(found),
            "key_known_until": moment(known_until(job, self.now, keeps)),
            "metadata": json.loads(metadata) if metadata else {},
            "attempts": list(_attempts(job)),
            "history": [self._event(one) for one in job.events],
            "report": None,
            "outcome": None,
            "customer_rung": _rung(job) if ended else None,
        }

    def _event(self, event: Event) -> dict[str, Any]:
        return {
            "at": moment(event.at),
            "from": event.source or None,
            "to": event.target,
            "who": self.caller.words(event.who),
            "why": self.caller.words(event.why),
        }


def _attempts(job: Job) -> Sequence[dict[str, Any]]:
    """List the attempts that the last moves tell of; only the last one's answer is kept."""
    begun = [nth for nth, event in enumerate(job.events) if event.target == State.DIALING]
    found = []
    for place, nth in enumerate(begun):
        last = place == len(begun) - 1
        until = len(job.events) if last else begun[place + 1]
        after = job.events[nth + 1 : until]
        found.append(
            {
                "attempt": job.attempts - len(begun) + place + 1,
                "began": moment(job.events[nth].at),
                "call_id": (job.call_id or None) if last else None,
                "code": (job.code or None) if last else None,
                "outcome": after[0].target if after else None,
            }
        )
    return found


def _rung(job: Job) -> str:
    """Say whether the customer's phone rang, as far as is known without a report."""
    doubtful = any(event.target == State.UNCONFIRMED for event in job.events)
    return "unknown" if job.state is State.PLACED or doubtful else "no"


def _sides(job: Job, number: Callable[[str], str]) -> tuple[str | None, str | None]:
    try:
        content = json.loads(job.content)
    except ValueError:
        return None, None
    return _side(content, "from", number), _side(content, "to", number)


def _side(content: Any, side: str, number: Callable[[str], str]) -> str | None:
    values = content.get(side) if isinstance(content, dict) else None
    if not isinstance(values, list):
        return None
    kind = content.get(f"{side}Type", "Number")
    if kind != "Number":
        return f"{kind} {','.join(map(str, values))}"
    return ",".join(number(str(value)) for value in values)
