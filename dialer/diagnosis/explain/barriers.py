"""
Barriers in the way of a waiting job.

The order of `CHECKS` is the order of the reasons, and the one in which `begin.lua` refuses:
a test pairs the two. A barrier that ends by itself has a time, one that a person ends a step.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from dialer.diagnosis.explain.advice import held
from dialer.diagnosis.explain.campaign import (
    campaign_agents,
    campaign_earliest,
    campaign_limits,
    campaign_stopped,
    hours_unwritten,
    made_anew,
)
from dialer.diagnosis.explain.facts import Facts, Reason, written_rate
from dialer.diagnosis.explain.turns import others_first, turn_of
from dialer.domain.call.agents import whom
from dialer.domain.call.call import ClickToCall
from dialer.domain.fleet import CLOCK_TOLERANCE
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.owners import BREAKER, MODE
from dialer.domain.holds.scope import EVERYTHING, account_scope, pool_scopes
from dialer.domain.holds.words import MAKE_ROOM, release_command
from dialer.domain.job.lane import Lane
from dialer.domain.server import FULL
from dialer.errors import InvalidCall
from dialer.text.moment import rough


def _store_full(facts: Facts) -> Iterator[Reason]:
    if facts.fullness >= FULL:
        text = f"the store is full ({facts.fullness:.0%}), so no call is begun"
        yield Reason("memory", text, step=MAKE_ROOM)


def _clocks(facts: Facts) -> Iterator[Reason]:
    wrong = [w for w in facts.workers if w.skew and abs(w.skew) > CLOCK_TOLERANCE]
    if wrong and len(wrong) == len(facts.workers):
        names = ", ".join(worker.name for worker in wrong)
        text = f"the clock of every live worker is more than 2 s off ({names}), so none may dial"
        yield Reason("clock", text, step="synchronise their clocks (NTP)")


def _everything_held(facts: Facts) -> Iterator[Reason]:
    return held(facts, EVERYTHING)


def _settings_apart(facts: Facts) -> Iterator[Reason]:
    takers = [worker for worker in facts.workers if worker.takes]
    if takers and not any(worker.capacity for worker in takers):
        names = ", ".join(worker.name for worker in takers)
        text = f"every live worker has other settings than those dialled with so far ({names})"
        step = "they take over when the last worker of those has been gone for 20 s"
        yield Reason("settings", text, step=step)


def _account_held(facts: Facts) -> Iterator[Reason]:
    return held(facts, account_scope(facts.job.account))


def _on_account(facts: Facts, owner: str) -> Hold | None:
    scope = account_scope(facts.job.account)
    return next((one for one in facts.holds if (one.scope, one.owner) == (scope, owner)), None)


def _account_unknown(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        name = facts.job.account
        text = f"account {name} is not in the settings here, so no worker with them dials it"
        yield Reason("account", text, step=f"write [accounts.{name}] back into dialer.toml")


def _rings_nobody(facts: Facts) -> Iterator[Reason]:
    job, account = facts.job, facts.account
    if account is None or _on_account(facts, MODE):
        return
    if (job.mode, account.mode) == ("live", "developer"):
        text = (
            f"it shall ring, and account {job.account} is in developer mode here, in which the API"
            " rings nobody: the account stops before it"
        )
        yield Reason("mode", text, step='write mode = "live" again and restart the workers')


def _breaker_open(facts: Facts) -> Iterator[Reason]:
    if facts.account is None or facts.account.standing.breaker != "open":
        return
    probe = facts.account.standing.next_probe or facts.now
    hold = _on_account(facts, BREAKER)
    why = hold.reason if hold else "the API looks broken"
    when = f"at {facts.at(probe)}" if probe > facts.now else "with the next call"
    yield Reason(
        "breaker",
        f"the breaker stopped account {facts.job.account}: {why}; it probes {when}",
        until=max(probe, facts.now),
        step=release_command(account_scope(facts.job.account), BREAKER),
    )


def _closed(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        return
    fitting = _fit(facts, facts.now)
    if fitting == facts.now:
        return
    ahead = rough(facts.account.known - facts.now)
    when = f"; open at {facts.at(fitting)}" if fitting else f"; not open within {ahead}"
    if facts.account.why_closed:
        yield Reason("hours", "; ".join(facts.account.why_closed) + when, until=fitting)
    else:
        lead = rough(facts.job.ring_lead)
        text = f"calling hours end before the customer's last ring could begin, {lead} from now"
        yield Reason("hours", text + when, until=fitting)


def _do_not_call(facts: Facts) -> Iterator[Reason]:
    for entry in facts.suppressed:
        scope = f" --account {entry.account}" if entry.account else ""
        yield Reason(
            "do_not_call",
            f"the customer is on the do-not-call list ({entry.who}: {entry.reason});"
            " it will be skipped",
            step=f"dialer suppress remove NUMBER{scope} --reason …, if that is wrong",
        )


def _customer(facts: Facts) -> Iterator[Reason]:
    allowed = facts.customer
    if allowed is None or not allowed.rule:
        return
    if allowed.since is None:
        text = "one such call may ring more often than a customer may be rung; it will be skipped"
        step = "enqueue it with a lower toRetryCount"
        if facts.campaign:
            step = f"dialer campaign set {facts.campaign.name} --set toRetryCount=…"
        yield Reason("customer", text, step=step)
        return
    what = "too recently" if allowed.rule == "gap" else "as often as allowed"
    text = f"the customer has been called {what}; again from {facts.at(allowed.since)} on"
    yield Reason("customer", text, until=allowed.since)


def _call_refused(facts: Facts) -> Iterator[Reason]:
    try:
        ClickToCall.from_content(facts.job.content)
    except InvalidCall as error:
        fields = ", ".join(field for field, _ in error.problems)
        name = facts.campaign.name if facts.campaign else ""
        step = f"dialer campaign set {name} --set …" if name else "cancel it, and enqueue it anew"
        text = f"its call breaks a rule of the API ({fields}), so it will be dead instead of rung"
        yield Reason("call", text, step=step)


def _deadline(facts: Facts) -> Iterator[Reason]:
    not_after, alone = facts.job.not_after, earliest(facts, alone=True)
    if not_after <= facts.now:
        text = f"its deadline was {facts.at(not_after)}; it will be skipped"
    elif alone is not None and alone >= not_after:
        text = (
            f"its deadline {facts.at(not_after)} comes before it may be rung,"
            f" {facts.at(alone)}; it will be skipped"
        )
    elif facts.first and _too_late(facts):
        text = f"its deadline {facts.at(not_after)} comes before its turn, as things go now"
    else:
        return
    step = "enqueue it again with a later --not-after"
    if facts.campaign:
        step = f"dialer campaign set {facts.campaign.name} --ends …"
    yield Reason("deadline", text, step=step)


def _too_late(facts: Facts) -> bool:
    """Whether the jobs and contacts ahead leave it no moment before its deadline."""
    first, account = earliest(facts), facts.account
    if first is not None:
        return first >= facts.job.not_after
    # Not open at all is another reason.
    return bool(account and account.windows and account.known >= facts.job.not_after)


def _scheduled(facts: Facts) -> Iterator[Reason]:
    due = facts.job.due
    if due is not None:
        text = f"it waits until {facts.at(due)} ({facts.job.reason})"
        yield Reason("scheduled", text, until=max(due, facts.now))


def _pool_asleep(facts: Facts) -> Iterator[Reason]:
    if facts.pool_until is not None and facts.pool_until > facts.now:
        until = facts.at(facts.pool_until)
        text = f"{whom(facts.job.pool)} took no call; left alone until {until}"
        yield Reason("pool", text, until=facts.pool_until)


def _pool_held(facts: Facts) -> Iterator[Reason]:
    accounts = facts.peers or (facts.job.account,)
    pools = Lane.parse(facts.job.lane).pool, facts.second
    return held(facts, *(scope for pool in pools for scope in pool_scopes(accounts, pool)))


def _limits(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        return
    standing, limits = facts.account.standing, facts.account.standing.limits
    if standing.next_slot > facts.now:
        rate = written_rate(standing)
        text = f"the rate ({rate}) allows the next call {facts.at(standing.next_slot)}"
        yield Reason("rate", text, until=standing.next_slot)
    if standing.posting >= limits.max_posting:
        text = f"{standing.posting} requests are on the wire, max_posting is {limits.max_posting}"
        yield Reason("posting", text, until=facts.now + facts.lease)
    if 0 < limits.max_live_calls <= standing.live:
        text = f"{standing.live} calls are going on, max_live_calls is {limits.max_live_calls}"
        step = f"dialer account set {facts.job.account} --max-live-calls N"
        yield Reason("live", text, until=facts.now + limits.assumed_call, step=step)


def _no_worker(facts: Facts) -> Iterator[Reason]:
    # In a full store no worker can say that it is alive.
    if not facts.workers and facts.fullness < FULL:
        step = "start one: celery -A workers.app worker"
        yield Reason("workers", "no worker is alive", step=step)
    elif facts.workers and not any(worker.takes for worker in facts.workers):
        text = "no live worker takes doorbells out of the broker"
        yield Reason("workers", text, step="dialer doctor says what to do")


#: Each yields its reasons against ringing the job now.
CHECKS: tuple[Callable[[Facts], Iterator[Reason]], ...] = (
    _store_full,
    _clocks,
    _everything_held,
    _settings_apart,
    _account_unknown,
    _account_held,
    _breaker_open,
    _limits,
    campaign_stopped,
    campaign_limits,
    _closed,
    _scheduled,
    _pool_asleep,
    _pool_held,
    campaign_agents,
    hours_unwritten,
    _rings_nobody,
    made_anew,
    _deadline,
    _do_not_call,
    _customer,
    others_first,
    _call_refused,
    _no_worker,
)


def earliest(facts: Facts, *, alone: bool = False) -> datetime | None:
    """
    Find the first moment that every barrier with a known end allows; *alone*: without those ahead.

    None when calling hours leave no moment within the time that is known.
    """
    moments = [facts.begins, facts.job.due, facts.pool_until, *campaign_earliest(facts)]
    if facts.customer is not None:
        moments.append(facts.customer.since)
    if facts.account is not None and not alone:
        turn = turn_of(facts)
        if turn is None:
            return None
        moments.append(turn)
    return _fit(facts, max(moment for moment in moments if moment is not None))


def _fit(facts: Facts, start: datetime) -> datetime | None:
    """Find the first moment from *start* on whose last ring still begins in hours."""
    if facts.account is None:
        return None
    for opens, closes in facts.account.windows:
        first = max(opens, start)
        if first + facts.job.ring_lead < closes:
            return first
    return None
