"""
Says when a phone may begin to ring, from plain texts alone: the judge of the ring ledger.

It shares no code with what it judges: no import of ours, only `zoneinfo` and
loops. Hours are looked up minute by minute, everything else instant by instant.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
_ZERO_HOUR = datetime(2000, 1, 1, tzinfo=UTC)
#: What is reckoned for setting up one ring.
SETUP = 5
#: The longest wait before the nth try again: first, growth, cap in seconds; from the handbook.
WAITS = {"provider": (2, 2, 60), "agent": (60, 1.5, 900)}
WAITS["capacity"] = (10, 2, 300)
#: After these a phone may have rung.
RANG = frozenset({"placed", "doubt", "unknown"})


@dataclass(frozen=True)
class Hours:
    """
    When one owner lets people be rung.

    `ranges` are (weekday, first minute, minute after the last); an end at or
    before the start lies on the next day. `shut` are days of the calendar.
    """

    ranges: tuple[tuple[int, int, int], ...]
    zone: str
    shut: frozenset[date] = frozenset()

    def allow(self, at: datetime) -> bool:
        """Say whether a phone may begin to ring at this instant."""
        return _minute_allowed(self, at.replace(second=0, microsecond=0))

    def stretches(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Look at every minute, and return the stretches that are open."""
        found: list[tuple[datetime, datetime]] = []
        minute = start.replace(second=0, microsecond=0)
        while minute < end:
            if self.allow(minute):
                if found and found[-1][1] == minute:
                    found[-1] = (found[-1][0], minute + MINUTE)
                else:
                    found.append((minute, minute + MINUTE))
            minute += MINUTE
        return found


@lru_cache(maxsize=200_000)
def _minute_allowed(hours: Hours, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(hours.zone))
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    if today in hours.shut:
        return False
    minute = wall.hour * 60 + wall.minute
    for weekday, first, end in hours.ranges:
        late = end <= first
        if weekday == today.weekday() and first <= minute and (late or minute < end):
            return True
        if late and weekday == yesterday.weekday() and minute < end and yesterday not in hours.shut:
            return True
    return False


@dataclass(frozen=True)
class Wanted:
    """One call somebody wants made, in the vendor's own parameters."""

    key: str
    account: str
    params: Mapping[str, str]
    created: datetime
    not_before: datetime
    not_after: datetime
    priority: int = 5
    customer: str = "to"
    #: The campaign it belongs to.
    campaign: str = ""
    #: More hours than the account's: whose, since when they hold, until when.
    hours: tuple[tuple[Hours, datetime, datetime], ...] = ()

    @property
    def scopes(self) -> set[str]:
        """What may be held to stop it."""
        return {"all", self.account, f"campaign {self.campaign}"}

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that the rules protect."""
        return ("from", "to") if self.customer == "both" else (self.customer,)

    @property
    def numbers(self) -> set[str]:
        """Whom the rules protect."""
        return {
            whole(number)
            for side in self.sides
            if self.params.get(f"{side}Type", "Number") == "Number"
            for number in self.params[side].split(",")
        }

    @property
    def pool(self) -> str:
        """Which agents it waits for; "" for none."""
        return "" if self.params.get("fromType", "Number") == "Number" else self.params["from"]

    @property
    def lead(self) -> timedelta:
        """From the request until the last ring of a protected phone, at worst."""
        rings = rings_of(self.params, _ZERO_HOUR, None)
        return max(at for side, _, at, _ in rings if side in self.sides) - _ZERO_HOUR

    def rings(self, number: str) -> int:
        """Count how often one protected phone rings at most."""
        rings = rings_of(self.params, _ZERO_HOUR, None)
        return sum(side in self.sides and who == number for side, who, _, _ in rings)


def whole(number: str) -> str:
    """Write a number with its country's code; ten digits are Indian."""
    return (
        number if number.startswith("+") else f"+91{number}" if len(number) == 10 else f"+{number}"
    )


def rings_of(
    params: Mapping[str, str], sent: datetime, rng: Random | None
) -> list[tuple[str, str, datetime, datetime]]:
    """
    Reckon from a request's own parameters whose phone begins to ring when, and until when.

    At worst each set-up takes its five seconds, each ring its whole time, and
    only the last is answered; with *rng*, setting up, patience and order are
    anything.
    """
    at, rings = sent, []
    for side in ("from", "to"):
        kind = params.get(f"{side}Type", "Number")
        if kind == "Group":
            queue = int(params.get("queueTimeout", "60"))
            at += queue * SECOND * (rng.random() if rng else 1)
        patience = int(params.get(f"{side}RingTime", "20"))
        values = params[side].split(",")
        tries = int(params.get(f"{side}RetryCount", "0")) + 1
        at_once = params.get(f"{side}Strategy") == "TO_ALL"
        turns = [values] * tries if at_once else [[value] for value in values] * tries
        if rng and rng.random() < 0.5:
            turns.sort(key=lambda turn: values.index(turn[0]))
        answered = rng.randrange(len(turns)) if rng else len(turns) - 1
        for nth, turn in enumerate(turns):
            at += SETUP * SECOND * (rng.random() if rng else 1)
            rung = patience * SECOND * (rng.random() if rng and nth == answered else 1)
            rings += [(side, whole(one), at, at + rung) for one in turn]
            at += rung
            if nth == answered:
                break
    return rings


@dataclass
class Sent:
    """One request on the wire, as the provider saw it; `done` when it was answered."""

    key: str
    account: str
    begun: datetime
    at: datetime
    outcome: str
    params: Mapping[str, str]
    done: datetime = NEVER

    def rings(self, *, worst: bool) -> list[tuple[str, str, datetime, datetime]]:
        """Return its rings at worst, or as they may have been instead."""
        return rings_of(self.params, self.at, None if worst else Random(str(self.at)))


@dataclass
class Facts:
    """All that was ordered and done, for the oracle to judge."""

    hours: Mapping[str, Sequence[Hours]]
    gap: timedelta
    caps: Sequence[tuple[int, timedelta]]
    slot: Mapping[str, timedelta]
    wanted: dict[str, Wanted] = field(default_factory=dict)
    #: (account or "all", since, until)
    holds: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    #: (number, account or "all", since)
    listed: list[tuple[str, str, datetime]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def rules(self, wanted: Wanted, at: datetime) -> list[Hours]:
        """Return the hours that hold for a call that is begun at this instant."""
        own = [hours for hours, since, until in wanted.hours if since <= at < until]
        return [*self.hours[wanted.account], *own]

    def held(self, wanted: Wanted, at: datetime) -> bool:
        """Say whether somebody has stopped this call's account or campaign."""
        return any(
            scope in wanted.scopes and since <= at < until for scope, since, until in self.holds
        )

    def on_list(self, wanted: Wanted, at: datetime) -> bool:
        """Say whether one of the customers has asked not to be called."""
        return any(
            number in wanted.numbers and scope in {"all", wanted.account} and since <= at
            for number, scope, since in self.listed
        )

    def heard(self, *, worst: bool) -> list[tuple[str, datetime, datetime, int]]:
        """Return all rings that customers may have heard: who, begin, end, nth request."""
        return [
            (number, begin, end, nth)
            for nth, sent in enumerate(self.sent)
            if sent.outcome in RANG
            for side, number, begin, end in sent.rings(worst=worst)
            if side in self.wanted[sent.key].sides and number in self.wanted[sent.key].numbers
        ]


def forbidden(facts: Facts) -> Iterator[str]:
    """Name every ring, and every request, that should never have been."""
    for sent in facts.sent:
        wanted = facts.wanted[sent.key]
        if facts.held(wanted, sent.begun):
            yield f"{sent.key} at {sent.at}: it is held"
        if facts.on_list(wanted, sent.begun):
            yield f"{sent.key} at {sent.at}: do not call"
        if not wanted.not_before <= sent.at < wanted.not_after:
            yield f"{sent.key} at {sent.at}: too early or too late"
        # Who sends a request cannot know that it will be refused.
        for worst in (True, False):
            for side, number, begin, _ in sent.rings(worst=worst):
                if side in wanted.sides and not all(
                    hours.allow(begin) for hours in facts.rules(wanted, sent.begun)
                ):
                    yield f"{sent.key}: {number} rings at {begin}, out of hours"
    yield from _too_often(facts)
    keys = [sent.key for sent in facts.sent if sent.outcome in RANG]
    yield from (f"{key} is rung twice" for key in set(keys) if keys.count(key) > 1)


def _too_often(facts: Facts) -> Iterator[str]:
    for worst in (True, False):
        heard = facts.heard(worst=worst)
        for number, begin, _, nth in heard:
            for most, per in facts.caps:
                within = [
                    other
                    for who, other, _, _ in heard
                    if who == number and begin - per < other <= begin
                ]
                if len(within) > most:
                    yield f"{number} rings at {begin}: {len(within)} rings in {per}, worst={worst}"
            for later, sent in enumerate(facts.sent):
                if (
                    facts.gap
                    and later > nth
                    and number in facts.wanted[sent.key].numbers
                    and sent.at < begin + facts.gap
                ):
                    yield f"{sent.key} at {sent.at}: {number} rang at {begin}, worst={worst}"


def overlooked(
    facts: Facts, until: Mapping[str, datetime], bound: Callable[[Wanted], timedelta]
) -> Iterator[str]:
    """
    Name every stretch in which a call could have been made and was not.

    From the first instant at which a call is allowed it must be begun within
    *bound*, one slot of its account's rate for each request that went before
    it, and the time for which the world's only worker waited for answers;
    unless something forbids it again before that.

    Args:
        facts: What was ordered and done.
        until: When each call stopped waiting for a reason of its own, or the
            world ended.
        bound: As above.
    """
    for key, wanted in facts.wanted.items():
        for start, end in _waits(facts, wanted, until[key]):
            for free, stop in _allowed(facts, wanted, start, end):
                others = [sent for sent in facts.sent if free <= sent.done and sent.at < stop]
                before = sum(sent.account == wanted.account for sent in others)
                slack = facts.slot[wanted.account] * (before + 1)
                slack += sum((sent.done - sent.at for sent in others), timedelta())
                if stop - free > bound(wanted) + slack:
                    yield f"{key} could ring from {free} on, and had not by {stop}"


def _waits(facts: Facts, wanted: Wanted, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Return from when to when a call waited for its next request, the waits it owes left out."""
    start, tries, misses = max(wanted.created, wanted.not_before), 0, 0
    for sent in facts.sent:
        if sent.key != wanted.key:
            continue
        yield start, sent.at
        if sent.outcome in {"agent", "capacity"}:
            nth = max(misses, _pool_misses(facts, wanted, sent))
            owed, misses = _owed(sent.outcome, nth), misses + 1
        elif sent.outcome in WAITS:
            owed, tries, misses = _owed(sent.outcome, tries), tries + 1, 0
        elif sent.outcome == "account":
            owed, misses = timedelta(), misses + 1
        elif sent.outcome == "not_sent":
            owed = timedelta()
        else:
            return
        start = sent.done + owed
    yield start, until


def _owed(outcome: str, nth: int) -> timedelta:
    first, growth, cap = WAITS[outcome]
    return min(cap, first * growth**nth) * SECOND


def _pool_misses(facts: Facts, wanted: Wanted, last: Sent) -> int:
    """Count how often this call's agents could take nothing, before one request."""
    if not wanted.pool:
        return 0
    return sum(
        sent.outcome == "agent" and facts.wanted[sent.key].pool == wanted.pool
        for sent in facts.sent[: facts.sent.index(last)]
    )


def _allowed(
    facts: Facts, wanted: Wanted, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the stretches of one wait in which the call may be begun."""
    end = min(end, wanted.not_after)
    if start >= end:
        return []
    lead = wanted.lead
    edges = {start, end}
    open_for: dict[Hours, list[tuple[datetime, datetime]]] = {}
    for hours in {*facts.hours[wanted.account], *(hours for hours, _, _ in wanted.hours)}:
        open_for[hours] = hours.stretches(start, end + lead + MINUTE)
        edges |= {edge for opens, closes in open_for[hours] for edge in (opens, closes - lead)}
    edges |= {edge for _, since, until in wanted.hours for edge in (since, until)}
    edges |= {edge for _, since, until in facts.holds for edge in (since, until)}
    edges |= {since for _, _, since in facts.listed}
    reserved = _reserved(facts, wanted)
    for _, _, latest, _ in reserved:
        edges |= {latest + facts.gap, *(latest + per for _, per in facts.caps)}
    edges |= {edge for sent in facts.sent for edge in (sent.at, sent.done)}
    edges |= {until for _, until in _asleep(facts, wanted)}
    found: list[tuple[datetime, datetime]] = []
    inside = sorted(edge for edge in edges if start <= edge <= end)
    for here, there in pairwise(inside):
        if (
            all(
                any(opens <= here and here + lead < closes for opens, closes in open_for[hours])
                for hours in facts.rules(wanted, here)
            )
            and not facts.held(wanted, here)
            and not facts.on_list(wanted, here)
            and not any(since <= here < until for since, until in _asleep(facts, wanted))
            and _room(facts, wanted, reserved, here)
        ):
            if found and found[-1][1] == here:
                found[-1] = (found[-1][0], there)
            else:
                found.append((here, there))
    return found


def _asleep(facts: Facts, wanted: Wanted) -> list[tuple[datetime, datetime]]:
    """Return the stretches in which the agents of this call are not asked again."""
    return [
        (sent.at, sent.done + _owed("agent", _pool_misses(facts, wanted, sent)))
        for sent in facts.sent
        if wanted.pool
        and sent.outcome == "agent"
        and sent.account == wanted.account
        and facts.wanted[sent.key].pool == wanted.pool
    ]


_Rings = list[tuple[str, datetime, datetime, datetime]]


def _reserved(facts: Facts, wanted: Wanted) -> _Rings:
    """
    Return the rings that count against this call: who, since when, its call's last moment.

    A ring that was not is given back, which is the fourth: until when it counts.
    """
    return [
        (number, sent.at, sent.at + other.lead, NEVER if sent.outcome in RANG else sent.done)
        for sent in facts.sent
        if sent.key != wanted.key
        for other in [facts.wanted[sent.key]]
        for number in wanted.numbers & other.numbers
        for _ in range(other.rings(number))
    ]


def _room(facts: Facts, wanted: Wanted, reserved: _Rings, at: datetime) -> bool:
    """Say whether gap and caps leave room for one more call."""
    before = [(who, latest) for who, since, latest, until in reserved if since <= at < until]
    if facts.gap and any(at < latest + facts.gap for _, latest in before):
        return False
    return all(
        sum(who == number and latest > at - per for who, latest in before) + wanted.rings(number)
        <= most
        for number in wanted.numbers
        for most, per in facts.caps
    )


def first_allowed(facts: Facts, wanted: Wanted, until: datetime) -> datetime | None:
    """Look second by second for the first instant at which a lone call's rings are all allowed."""
    at, lead, rules = (
        max(wanted.created, wanted.not_before),
        wanted.lead,
        facts.hours[wanted.account],
    )
    while at < until:
        if not all(hours.allow(at) for hours in rules):
            at = at.replace(second=0, microsecond=0) + MINUTE
        elif all(hours.allow(at + lead) for hours in rules):
            return at
        else:
            at += SECOND
    return None
