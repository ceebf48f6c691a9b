"""Operating: holds, lists of numbers, accounts, explanations, the whole at a glance."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from dialer.api.service import ApiCaller
from dialer.api.shapes.base import AskedShape, Moment, Reason, Shape, moment
from dialer.diagnosis.explain import Explanation
from dialer.diagnosis.status import AccountView
from dialer.domain.call.customer import Suppressed
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.scope import Scope


class ScopeIn(AskedShape):
    """What a hold stops."""

    kind: Literal["all", "account", "campaign", "pool"]
    account: str | None = None
    campaign: str | None = None
    pool: str | None = None


class HoldIn(AskedShape):
    """A stop: why, and whose."""

    scope: ScopeIn
    owner: str | None = None
    reason: Reason


class NumbersIn(AskedShape):
    """Numbers, and why."""

    numbers: list[str] = Field(min_length=1, max_length=10_000)
    account: str | None = None
    reason: Reason


class SuppressIn(NumbersIn):
    """Numbers that nobody may ring, for good or for a time."""

    source: str | None = Field(
        default=None, max_length=200, description="Where they come from: the name of a register."
    )
    expires_at: Moment | None = Field(default=None, description="Off the list again then.")


class ExplainIn(AskedShape):
    """What to explain: one of a number, a job's id, and a key."""

    number: str | None = None
    id: str | None = None
    key: str | None = None
    account: str | None = None


class RedriveIn(AskedShape):
    """Which dead letters are put back, and how many a second."""

    ids: list[str] | None = None
    code: str | None = None
    campaign: str | None = None
    rate: float | None = None


class ResolveIn(AskedShape):
    """A person's finding, and its evidence."""

    as_: Literal["placed", "dead", "again"] = Field(alias="as")
    reason: Reason


class LimitsIn(AskedShape):
    """Limits that win over the settings; null takes one back to them."""

    calls_per_second: float | None = None
    burst: int | None = None
    max_posting: int | None = None
    max_live_calls: int | None = None


class HoursIn(AskedShape):
    """Whose hours, or where: one of the first three; and when."""

    number: str | None = None
    zone: str | None = None
    account: str | None = None
    hours: str | None = None
    holidays: str | None = None
    at: Moment | None = None


class HoldChangeShape(Shape):
    """A hold that was set or released; `held` says whether others stop the scope still."""

    done: bool
    owner: str
    held: bool


class ExplanationsShape(Shape):
    """Why calls were not rung; `may_be_rung` is of a number."""

    calls: list[dict[str, Any]]
    may_be_rung: bool | None
    because: str | None


class HoursShape(Shape):
    """Whether calling hours are open."""

    open: bool
    next_change: Moment | None
    zone: str
    reasons: list[str]


class AccountShape(Shape):
    """An account: its limits, how much of them is used, its hours."""

    name: str
    mode: str
    open: bool
    rate_allowed: float


def scope_of(body: Any) -> str:
    """Read a scope as `dialer.domain.holds.scope.read_scope` takes it; "" for none."""
    if not isinstance(body, Mapping) or not all(isinstance(one, str) for one in body.values()):
        return ""
    known: dict[str, tuple[str, ...]] = {
        "all": (),
        "account": ("account",),
        "campaign": ("campaign",),
        "pool": ("account", "pool"),
    }
    kind = body.get("kind")
    parts = known.get(str(kind))
    if parts is None or set(body) != {"kind", *parts}:
        return ""
    return f"{kind}:{'/'.join(body[part] for part in parts)}" if parts else str(kind)


def scope_fields(written: str) -> dict[str, Any]:
    """Write a scope."""
    scope = Scope.parse(written)
    if scope.kind == "pool":
        return {"kind": "pool", "account": scope.name, "pool": scope.one}
    return {"kind": scope.kind, **({scope.kind: scope.name} if scope.name else {})}


def hold_fields(hold: Hold, caller: ApiCaller) -> dict[str, Any]:
    """Write a hold."""
    return {
        "scope": scope_fields(hold.scope),
        "owner": hold.owner,
        "who": caller.words(hold.who),
        "reason": caller.words(hold.reason),
        "since": moment(hold.since),
    }


def suppressed_fields(entry: Suppressed, caller: ApiCaller) -> dict[str, Any]:
    """Write an entry of a do-not-call list."""
    return {
        "number": caller.number(entry.number),
        "account": entry.account,
        "who": caller.words(entry.who),
        "reason": caller.words(entry.reason),
        "since": moment(entry.since),
        "source": caller.words(entry.source) or None,
        "expires_at": moment(entry.expires),
    }


def account_fields(view: AccountView, caller: ApiCaller) -> dict[str, Any]:
    """Write an account at a glance."""
    standing = view.standing
    limits = ("calls_per_second", "burst", "max_posting", "max_live_calls")
    return {
        "name": view.name,
        "mode": view.mode,
        "rate_allowed": round(view.rate_allowed, 6),
        "rate_used": round(standing.used_per_second, 6),
        **{name: getattr(standing.limits, name) for name in limits},
        "stored": sorted(standing.stored),
        "posting": standing.posting,
        "live": standing.live,
        "breaker": standing.breaker,
        "next_probe": moment(standing.next_probe),
        "holds": [hold_fields(one, caller) for one in view.holds],
        "open": view.open,
        "next_change": moment(view.next_change),
    }


def explanation_fields(found: Explanation, caller: ApiCaller) -> dict[str, Any]:
    """Write why a call was not rung."""
    job = found.job
    return {
        "id": job.id,
        "key": job.key or None,
        "state": "waiting" if found.waiting else str(job.state),
        "account": job.account,
        "campaign": job.campaign or None,
        "reasons": [
            {
                "reason": one.name,
                "text": caller.words(one.text),
                "until": moment(one.until),
                "step": one.step or None,
            }
            for one in found.reasons
        ],
        "next": moment(found.next),
        "note": found.note or None,
    }
