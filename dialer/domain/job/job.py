"""
The life of a job: its states, the arrows between them, and its record.

`TRANSITIONS` is the only list of arrows: the Lua scripts refuse every other move,
because the store renders it into their prologue (`dialer.store.redis.scripts`), and a
test compares it with the README's diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.domain.call.agents import NUMBERS
from dialer.domain.job.lane import Lane


class State(StrEnum):
    """States of a job; it is in exactly one of these at any moment."""

    #: Waiting for its time: asked for later, or put back by a rule or a retry.
    #: Leaves by `due`. Kept until its deadline.
    SCHEDULED = "scheduled"
    #: May be dialled as soon as the meter, the holds and the calendar allow.
    #: Leaves by `begin`, the only arrow that can lead to a POST.
    READY = "ready"
    #: A worker holds its lease and may be sending the POST right now.
    #: Leaves by `settle`, or by `expire` when the lease is over.
    DIALING = "dialing"
    #: The API accepted it and gave a call id.
    PLACED = "placed"
    #: A phone may have rung and no clear answer came. No machine rings it
    #: again; leaves by `resolve`, or by a late answer of its own attempt.
    UNCONFIRMED = "unconfirmed"
    #: Refused for good, or out of tries: a dead letter. Leaves by `redrive`.
    DEAD = "dead"
    #: Taken back by a person or a producer before it was dialled.
    CANCELLED = "cancelled"
    #: Not dialled because of a rule of ours: do-not-call or its deadline.
    SKIPPED = "skipped"


def _arrow(sources: str, targets: str) -> tuple[frozenset[State], frozenset[State]]:
    return frozenset(map(State, sources.split())), frozenset(map(State, targets.split()))


#: verb -> (states it may start from, states it may end in).
TRANSITIONS: Mapping[str, tuple[frozenset[State], frozenset[State]]] = {
    "due": _arrow("scheduled", "ready"),
    # A rule says "not now", and nothing was sent.
    "postpone": _arrow("ready", "scheduled"),
    # Durable before the first byte leaves.
    "begin": _arrow("ready", "dialing"),
    # Surely nothing was sent: our own slowness.
    "take_back": _arrow("dialing", "ready"),
    # From unconfirmed only by the answer of the same attempt, come late.
    "settle": _arrow("dialing unconfirmed", "placed ready scheduled dead unconfirmed"),
    # The lease is over: a phone may have rung.
    "expire": _arrow("dialing", "unconfirmed"),
    # A named person's.
    "resolve": _arrow("unconfirmed", "placed ready dead"),
    "cancel": _arrow("scheduled ready", "cancelled"),
    "discard": _arrow("dead", "cancelled"),
    # A rule of ours.
    "skip": _arrow("scheduled ready", "skipped"),
    # With fresh tries, at a limited speed.
    "redrive": _arrow("dead", "scheduled"),
}


def may(verb: str, source: State, target: State) -> bool:
    """Say whether *verb* leads from *source* to *target*."""
    sources, targets = TRANSITIONS[verb]
    return source in sources and target in targets


@dataclass(frozen=True, slots=True)
class Event:
    """
    One move of a job along an arrow.

    Attributes:
        at: By the store's clock.
        source: The state it left; "" for its creation.
        target: The state it entered.
        who: "api", "reaper", "rule", or the name of a person or producer.
        why: One clause, free of numbers and tokens.
    """

    at: datetime
    source: str
    target: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Job:
    """
    A job's record at one moment.

    Attributes:
        id: 26 characters made from account, mode and key (`dialer.domain.job.order`);
            campaign:row:turn for a campaign's contact.
        mode: "developer" or "live", as enqueued; dialling never goes up from
            developer to live.
        lane: The lane it is or was ready in.
        priority: 0 to 9, 9 first.
        content: The call as JSON (`ClickToCall.content`).
        customer: The protected leg: to, from or both.
        protected: The customer's numbers, E.164.
        ring_lead: The longest time from its start to the last ring of the customer.
        created: When it was accepted.
        entered: When it entered its state.
        not_after: Its deadline.
        key: The producer's idempotency key; "" when the content is the key.
        tries: Tries used up so far; deferrals use none.
        attempts: POSTs that may have left so far.
        due: When a scheduled job becomes ready; None in other states.
        started: The instant its last attempt was granted; None before any.
        call_id: The provider's id of the placed call, or "".
        code: The last code the provider gave, or "".
        reason: Why it is in its state, one clause.
        events: Its last 32 moves, oldest first.
        version: Of the campaign's definition that made its call; 0 where there is none.
    """

    id: str
    state: State
    account: str
    mode: str
    lane: str
    priority: int
    content: str
    customer: str
    protected: tuple[str, ...]
    ring_lead: timedelta
    created: datetime
    entered: datetime
    not_after: datetime
    key: str = ""
    tries: int = 0
    attempts: int = 0
    due: datetime | None = None
    started: datetime | None = None
    call_id: str = ""
    code: str = ""
    reason: str = ""
    events: tuple[Event, ...] = ()
    version: int = 0

    @property
    def campaign(self) -> str:
        """Its campaign; "" for a direct call."""
        return Lane.parse(self.lane).campaign

    def quarantine_ends(self, quarantine: timedelta) -> datetime:
        """Return the end of a quarantine that began with its last attempt."""
        return (self.started or self.entered) + quarantine

    @property
    def pool(self) -> str:
        """Agents of its `from`; "" for a plain number."""
        pool = Lane.parse(self.lane).pool
        return "" if pool.startswith(NUMBERS) else pool
