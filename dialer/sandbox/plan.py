"""
The whole course of a call, known the moment it is placed.

Nothing waits and no timer runs: rings, answers and the end follow from the
request, the habits in the world and the drawn numbers.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from dialer.sandbox.case import Case, LegName, Side, whole
from dialer.sandbox.ledger import Ring
from dialer.sandbox.world import Habits

_DEFAULT_RING: Final = 20
_DEFAULT_QUEUE: Final = 60


class PicksUp(Protocol):
    """Decision on one ring; give your own to `Sandbox` to script the answers."""

    def __call__(
        self, leg: LegName, party: str, attempt: int, ring_time: timedelta, rng: random.Random, /
    ) -> timedelta | None:
        """Time that *party* rings in round *attempt* (from 0) before an answer, or None."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rings in the order of their start, the end of the last, and agents busy until then."""

    rings: tuple[Ring, ...]
    ends_at: datetime
    busy: frozenset[str]


def by_habit(habits: Habits) -> PicksUp:
    """Answers by the chances in *habits*."""

    def picks_up(
        leg: LegName, _party: str, _attempt: int, ring_time: timedelta, rng: random.Random
    ) -> timedelta | None:
        chance = habits.from_answers if leg == "from" else habits.to_answers
        share = rng.uniform(*habits.picks_up)
        return ring_time * share if rng.random() < chance else None

    return picks_up


def plan_call(
    case: Case,
    call_id: str,
    *,
    at: datetime,
    free_at: Callable[[str], datetime],
    picks_up: PicksUp,
    rng: random.Random,
) -> Plan:
    """
    Course of the call that a valid *case* asks for, placed at *at* (aware).

    *free_at* gives when an agent is free, in the past for one who is; *rng* also draws the talk.
    """
    rings: list[Ring] = []
    moment = at + case.world.habits.setup
    for side in case.sides:
        leg = _Leg(case, side, call_id, picks_up, rng)
        more, answered, moment = leg.ring(moment, free_at)
        rings += more
        if not answered:
            break
    else:
        moment += _talk(case, rng)
    busy = frozenset(ring.party for ring in rings if ring.kind == "agent")
    return Plan(tuple(rings), moment, busy)


def _talk(case: Case, rng: random.Random) -> timedelta:
    low, high = case.world.habits.talk
    talk = low + (high - low) * rng.random()
    limit = whole(case.params.get("timeLimit", "0"))
    hangs_up = case.params.get("timeLimitHangup", "true").lower() != "false"
    return min(talk, timedelta(seconds=limit)) if limit and hangs_up else talk


@dataclass(frozen=True, slots=True)
class _Leg:
    case: Case
    side: Side
    call_id: str
    picks_up: PicksUp
    rng: random.Random

    def ring(
        self, start: datetime, free_at: Callable[[str], datetime]
    ) -> tuple[list[Ring], bool, datetime]:
        """Rings, whether one was answered, and when the leg was decided."""
        parties, start = self._parties(start, free_at)
        rings: list[Ring] = []
        rounds = 1 + (whole(self.side.get("RetryCount") or "0") or 0)
        for attempt in range(rounds if parties else 0):
            if attempt:
                start += self.case.world.habits.retry_pause
            more = (self._together if self.side.all_at_once else self._in_turn)(
                parties, attempt, start
            )
            rings += more
            start = more[-1].end
            if any(ring.answered for ring in more):
                return rings, True, start
        return rings, False, start

    def _parties(
        self, start: datetime, free_at: Callable[[str], datetime]
    ) -> tuple[Sequence[str], datetime]:
        if self.side.kind == "number":
            return self.side.parties, start
        people = self.case.eligible(self.side)
        free = [name for name in people if free_at(name) <= start]
        if self.side.kind == "agent" or free or not people:
            return free, start
        patience = whole(self.case.params.get("queueTimeout", "")) or _DEFAULT_QUEUE
        gives_up = start + timedelta(seconds=patience)
        first = min(free_at(name) for name in people)
        if first > gives_up:
            return [], gives_up
        return [name for name in people if free_at(name) <= first], first

    def _in_turn(self, parties: Sequence[str], attempt: int, start: datetime) -> list[Ring]:
        rings: list[Ring] = []
        for party in parties:
            after = self._answer_after(party, attempt)
            end = start + (self._ring_time if after is None else after)
            rings.append(self._ring(party, start, end, answered=after is not None))
            if after is not None:
                break
            start = end
        return rings

    def _together(self, parties: Sequence[str], attempt: int, start: datetime) -> list[Ring]:
        after = {party: self._answer_after(party, attempt) for party in parties}
        answers = {party: wait for party, wait in after.items() if wait is not None}
        winner = min(answers, key=lambda party: answers[party], default=None)
        end = start + (self._ring_time if winner is None else answers[winner])
        return [self._ring(party, start, end, answered=party == winner) for party in parties]

    @property
    def _ring_time(self) -> timedelta:
        return timedelta(seconds=whole(self.side.get("RingTime") or "") or _DEFAULT_RING)

    def _answer_after(self, party: str, attempt: int) -> timedelta | None:
        after = self.picks_up(self.side.name, party, attempt, self._ring_time, self.rng)
        return after if after is not None and after < self._ring_time else None

    def _ring(self, party: str, start: datetime, end: datetime, *, answered: bool) -> Ring:
        kind = "number" if self.side.kind == "number" else "agent"
        return Ring(self.call_id, self.side.name, kind, party, start, end, answered)
