"""
The life of a job: its states, the arrows between them, and its record.

    create  ─► scheduled | ready
    due       scheduled ─► ready
    postpone  ready ─► scheduled               a rule says "not now", nothing was sent
    begin     ready ─► dialing                 durable before the first byte leaves
    take_back dialing ─► ready                 surely nothing was sent, our own slowness
    settle    dialing | unconfirmed ─► placed | ready | scheduled | dead | unconfirmed
    expire    dialing ─► unconfirmed           the lease is over: a phone may have rung
    resolve   unconfirmed ─► placed | ready | dead      a named person
    cancel    scheduled | ready ─► cancelled   somebody's will
    discard   dead ─► cancelled                somebody's will
    skip      scheduled | ready ─► skipped     our rule
    redrive   dead ─► scheduled                fresh tries, at a limited speed

`TRANSITIONS` is the only list of arrows: the Lua scripts refuse every move
that is not in it, because the store renders it into their prologue
(`dialer.store.scripts`), and a test compares it with the README's diagram.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: How the last part of a lane begins where plain numbers are rung first: their calls are
#: counted like those of agents, but they share no clock.
NUMBERS = "number:"

#: How people say which agents of a pool are rung; "na" means whoever they are.
_LOGINS = {
    "web=yes": "logged in on the web",
    "web=no": "logged out on the web",
    "call=yes": "logged in by phone",
    "call=no": "logged out by phone",
}


class State(StrEnum):
    """
    Where a job is. It is in exactly one of these at any moment.
    """

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


#: verb -> (states it may start from, states it may end in).
TRANSITIONS: Mapping[str, tuple[frozenset[State], frozenset[State]]] = {
    "due": (frozenset({State.SCHEDULED}), frozenset({State.READY})),
    "postpone": (frozenset({State.READY}), frozenset({State.SCHEDULED})),
    "begin": (frozenset({State.READY}), frozenset({State.DIALING})),
    "take_back": (frozenset({State.DIALING}), frozenset({State.READY})),
    "settle": (
        # From unconfirmed only by the answer of the same attempt, come late.
        frozenset({State.DIALING, State.UNCONFIRMED}),
        frozenset({State.PLACED, State.READY, State.SCHEDULED, State.DEAD, State.UNCONFIRMED}),
    ),
    "expire": (frozenset({State.DIALING}), frozenset({State.UNCONFIRMED})),
    "resolve": (
        frozenset({State.UNCONFIRMED}),
        frozenset({State.PLACED, State.READY, State.DEAD}),
    ),
    "cancel": (frozenset({State.SCHEDULED, State.READY}), frozenset({State.CANCELLED})),
    "discard": (frozenset({State.DEAD}), frozenset({State.CANCELLED})),
    "skip": (frozenset({State.SCHEDULED, State.READY}), frozenset({State.SKIPPED})),
    "redrive": (frozenset({State.DEAD}), frozenset({State.SCHEDULED})),
}


def may(verb: str, source: State, target: State) -> bool:
    """
    Say whether *verb* leads from *source* to *target*.
    """
    sources, targets = TRANSITIONS[verb]
    return source in sources and target in targets


@dataclass(frozen=True, slots=True)
class Event:
    """
    One arrow a job went along.

    Attributes:
        at: When, by the store's clock.
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
    A job's record as it stood at one moment.

    Attributes:
        id: 26 characters made from account, mode and key (`dialer.order`);
            campaign:row:turn for a campaign's contact.
        key: The producer's idempotency key; "" when the content is the key.
        state: Where it is.
        account: The account it is dialled through.
        mode: "developer" or "live", as enqueued; dialling never goes up from
            developer to live.
        lane: The lane it is or was ready in.
        priority: 0 to 9, 9 first.
        tries: Tries used up so far; deferrals use none.
        attempts: POSTs that may have left so far.
        content: The call as JSON (`ClickToCall.content`).
        customer: The side the rules protect: to, from or both.
        protected: The customer's numbers, E.164.
        ring_lead: The longest time from its start to the last ring of the customer.
        created: When it was accepted.
        entered: When it entered its state.
        due: When a scheduled job becomes ready; None in other states.
        not_after: Its deadline.
        started: The instant its last attempt was granted; None before any.
        call_id: The provider's id of the placed call, or "".
        code: The last code the provider gave, or "".
        reason: Why it is where it is, one clause.
        events: Its last 32 arrows, oldest first.
    """

    id: str
    key: str
    state: State
    account: str
    mode: str
    lane: str
    priority: int
    tries: int
    attempts: int
    content: str
    customer: str
    protected: tuple[str, ...]
    ring_lead: timedelta
    created: datetime
    entered: datetime
    due: datetime | None
    not_after: datetime
    started: datetime | None
    call_id: str
    code: str
    reason: str
    events: tuple[Event, ...]

    @property
    def campaign(self) -> str:
        """The campaign it belongs to; "" for a direct call."""
        return self.lane.split("/", 3)[1].removeprefix("-")

    @property
    def pool(self) -> str:
        """Whom its `from` waits for; "" for a plain number."""
        pool = self.lane.split("/", 3)[3]
        return "" if pool.startswith(NUMBERS) else pool


def whom(pool: str) -> str:
    """
    Say whom a lane rings first, as people do: "agents 12 and 13, logged in on the web".

    Args:
        pool: The last part of a lane.
    """
    if not pool or pool.startswith(NUMBERS):
        return "plain numbers"
    kind, _, rest = pool.partition(":")
    ids, *logins = rest.split("/")
    *others, last = ids.split(",")
    named = f"{kind}s {', '.join(others)} and {last}" if others else f"{kind} {last}"
    return ", ".join([named, *(_LOGINS[one] for one in logins if one in _LOGINS)])
