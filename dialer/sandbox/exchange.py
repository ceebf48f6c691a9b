"""
The vendor's side of one request: credentials, rules, and then the phones ring.

Owns what changes while the sandbox runs: meters, legs that are up, busy agents.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from dialer.sandbox import rules
from dialer.sandbox.case import Case
from dialer.sandbox.ledger import Ring
from dialer.sandbox.plan import PicksUp, by_habit, plan_call
from dialer.sandbox.world import Limits, World

ACCEPTED: Final = "200"
_LEGS_PER_CALL: Final = 2
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The vendor's decision on a request.

    Attributes:
        code: "200", a refusal's code, or "http_429" and "http_503" for an
            answer that has only a status.
        mode: "live", "developer", or "" when the credentials were refused.
        call_id: Of an accepted call, as far as the world gives one.
        placed: Whether phones ring.
    """

    code: str
    mode: str = ""
    call_id: str = ""
    placed: bool = False
    rings: tuple[Ring, ...] = ()
    retry_after: timedelta | None = None


@dataclass(slots=True)
class Meter:
    """Token bucket of one account, kept as the moment when it is full again."""

    full_at: datetime = _LONG_AGO

    def charge(self, now: datetime, *, rate: float, burst: int, queue: bool) -> timedelta:
        """
        Take one token of *burst*, refilled at *rate* a second; the wait is zero when there was one.

        Otherwise nothing was taken, unless *queue*, which takes a token that is still to come.
        """
        gap = timedelta(seconds=1) / rate
        filled = max(self.full_at, now)
        wait = max(filled - now - gap * (burst - 1), timedelta(0))
        if not wait or queue:
            self.full_at = filled + gap
        return wait


class Exchange:
    """Decisions on requests one after another; *world* may be replaced between two."""

    def __init__(self, world: World, picks_up: PicksUp | None = None) -> None:
        self.world = world
        self._script = picks_up
        self._rng = random.Random(world.seed)  # noqa: S311 - repeatable draws, not secrets
        self._calls = 0
        self.reset()

    def reset(self) -> None:
        """Hang up everything and fill all meters."""
        self._meters: dict[str, Meter] = defaultdict(Meter)
        self._ends: dict[str, list[datetime]] = defaultdict(list)
        self._busy: dict[tuple[str, str], datetime] = {}

    def patience(self, params: Mapping[str, str], now: datetime) -> timedelta:
        """Silent wait before `decide`, taking a token, where the account is slowed."""
        if rules.credentials(params, self.world):
            return timedelta(0)
        user_id = params["user_id"]
        limits = self.world.accounts[user_id].limits
        return self._charge(user_id, limits, now) if limits.over_rate == "slow" else timedelta(0)

    def decide(self, params: Mapping[str, str], now: datetime) -> Decision:
        """
        Judge one request at *now* (aware) and, in live mode, place it.

        Order: credentials, rate, rules, legs; the vendor's is unknown.
        """
        code = rules.credentials(params, self.world)
        if code:
            return Decision(code)
        user_id = params["user_id"]
        limits = self.world.accounts[user_id].limits
        case = self._case(params, now)
        if limits.over_rate != "slow" and self._charge(user_id, limits, now):
            return _over(limits, limits.over_rate, case.mode)
        code = rules.check(case, self._rng)
        if code:
            return Decision(code, case.mode)
        if case.mode == "developer":
            given = self.world.developer_call_id
            return Decision(ACCEPTED, case.mode, self.call_id(now) if given else "")
        if self._legs_full(user_id, limits, now):
            return _over(limits, limits.over_legs, case.mode)
        return self._place(case, user_id, now)

    def call_id(self, now: datetime) -> str:
        """
        Make a call id in the vendor's shape: 8 characters, 13 digits of epoch, 5 digits.

        Source: the ids on the vendor's page and in public captures.
        """
        self._calls += 1
        epoch_ms = int(now.timestamp() * 1000)
        return f"sim{self._calls:05x}{epoch_ms:013d}{self._rng.randrange(10**5):05d}"

    def latency(self) -> timedelta:
        """Draw how long the vendor thinks."""
        return self.world.latency.draw(self._rng)

    def _place(self, case: Case, user_id: str, now: datetime) -> Decision:
        call_id = self.call_id(now)
        plan = plan_call(
            case,
            call_id,
            at=now,
            free_at=lambda name: self._free_at(user_id, name, now),
            picks_up=self._script or by_habit(self.world.habits),
            rng=self._rng,
        )
        heapq.heappush(self._ends[user_id], plan.ends_at)
        self._busy |= dict.fromkeys(((user_id, name) for name in plan.busy), plan.ends_at)
        return Decision(ACCEPTED, case.mode, call_id, placed=True, rings=plan.rings)

    def _case(self, params: Mapping[str, str], now: datetime) -> Case:
        user_id = params["user_id"]
        account = self.world.accounts[user_id]
        return Case(
            params,
            self.world,
            account,
            account.campaigns[params["token"]],
            is_free=lambda name: self._free_at(user_id, name, now) <= now,
        )

    def _free_at(self, user_id: str, name: str, now: datetime) -> datetime:
        if not self.world.accounts[user_id].agents[name].available:
            return now + timedelta(days=1)
        return self._busy.get((user_id, name), _LONG_AGO)

    def _charge(self, user_id: str, limits: Limits, now: datetime) -> timedelta:
        rate = limits.calls_per_second
        if rate is None:
            return timedelta(0)
        slow = limits.over_rate == "slow"
        return self._meters[user_id].charge(now, rate=rate, burst=limits.burst, queue=slow)

    def _legs_full(self, user_id: str, limits: Limits, now: datetime) -> bool:
        up = self._ends[user_id]
        while up and up[0] <= now:
            heapq.heappop(up)
        most = limits.concurrent_legs
        return most is not None and _LEGS_PER_CALL * (len(up) + 1) > most


def _over(limits: Limits, how: str, mode: str) -> Decision:
    if how == "code":
        return Decision(limits.over_code, mode)
    return Decision(f"http_{how}", mode, retry_after=limits.retry_after)
