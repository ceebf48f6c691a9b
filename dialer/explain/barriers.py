"""
What can stand in the way of a job that waits to be rung.

The order of `CHECKS` is the order of the reasons, and follows `begin.lua`;
what is known to end has a time, what a person must end has a next step.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from dialer.call import ClickToCall
from dialer.errors import InvalidCall
from dialer.explain.advice import MAKE_ROOM, release, release_command, set_by
from dialer.explain.campaign import (
    campaign_earliest,
    campaign_limits,
    campaign_stopped,
    hours_unwritten,
)
from dialer.explain.facts import Facts, Reason
from dialer.explain.turns import others_first, turn_of
from dialer.job import whom
from dialer.limits import pace
from dialer.moment import rough
from dialer.owners import BREAKER, MODE
from dialer.store.accounts import Standing
from dialer.store.dialling import CLOCK_TOLERANCE
from dialer.store.holds import EVERYTHING, Hold, account_scope, pool_scope
from dialer.store.server import FULL


def _store_full(facts: Facts) -> Iterator[Reason]:
    if facts.fullness >= FULL:
        text = f"the store is full ({facts.fullness:.0%}), so no call is begun"
        yield Reason("memory", text, step=MAKE_ROOM)


def _everything_held(facts: Facts) -> Iterator[Reason]:
    for hold in facts.holds:
        if hold.scope == EVERYTHING:
            yield _held(facts, hold, "everything")


def _on_account(facts: Facts) -> list[Hold]:
    scope = account_scope(facts.job.account)
    return [hold for hold in facts.holds if hold.scope == scope]


def _account_held(facts: Facts) -> Iterator[Reason]:
    for hold in _on_account(facts):
        if hold.owner != BREAKER:
            yield _held(facts, hold, f"account {facts.job.account}")


def _held(facts: Facts, hold: Hold, what: str) -> Reason:
    since = f" since {facts.at(hold.since)}" if hold.since else ""
    text = f"{what} is held by {set_by(hold)}{since}: {hold.reason}"
    return Reason("hold", text, step=release(hold))


def _account_unknown(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        name = facts.job.account
        text = f"account {name} is not in the settings here, so no worker with them dials it"
        yield Reason("account", text, step=f"write [accounts.{name}] back into dialer.toml")


def _rings_nobody(facts: Facts) -> Iterator[Reason]:
    job, account = facts.job, facts.account
    held = any(hold.owner == MODE for hold in _on_account(facts))
    if account is not None and (job.mode, account.mode) == ("live", "developer") and not held:
        text = (
            f"it shall ring, and account {job.account} is in developer mode here, in which the API"
            " rings nobody: the account stops before it"
        )
        yield Reason("mode", text, step='write mode = "live" again and restart the workers')


def _breaker_open(facts: Facts) -> Iterator[Reason]:
    if facts.account is None or facts.account.standing.breaker != "open":
        return
    probe = facts.account.standing.next_probe or facts.now
    why = next((h.reason for h in _on_account(facts) if h.owner == BREAKER), "the API looks broken")
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
    """Whether those who come first leave it no moment before its deadline."""
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


def _pool_held(facts: Facts) -> Iterator[Reason]:
    pool = facts.job.lane.split("/", 3)[3]
    for hold in facts.holds:
        if pool and hold.scope == pool_scope(facts.job.account, pool):
            yield _held(facts, hold, f"the pool of {whom(pool)}")


def _pool_asleep(facts: Facts) -> Iterator[Reason]:
    if facts.pool_until is not None and facts.pool_until > facts.now:
        until = facts.at(facts.pool_until)
        text = f"{whom(facts.job.pool)} took no call; left alone until {until}"
        yield Reason("pool", text, until=facts.pool_until)


def _limits(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        return
    standing, limits = facts.account.standing, facts.account.standing.limits
    if standing.next_slot > facts.now:
        text = f"the rate ({_rate(standing)}) allows the next call {facts.at(standing.next_slot)}"
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


def _clocks(facts: Facts) -> Iterator[Reason]:
    wrong = [w for w in facts.workers if w.skew and abs(w.skew) > CLOCK_TOLERANCE]
    if wrong and len(wrong) == len(facts.workers):
        names = ", ".join(worker.name for worker in wrong)
        text = f"the clock of every live worker is more than 2 s off ({names}), so none may dial"
        yield Reason("clock", text, step="synchronise their clocks (NTP)")


#: Each yields what it has against ringing the job now, if anything.
CHECKS: tuple[Callable[[Facts], Iterator[Reason]], ...] = (
    _store_full,
    _everything_held,
    _account_unknown,
    _account_held,
    _rings_nobody,
    campaign_stopped,
    _breaker_open,
    hours_unwritten,
    _closed,
    _do_not_call,
    _customer,
    _call_refused,
    _deadline,
    _scheduled,
    _pool_held,
    _pool_asleep,
    _limits,
    campaign_limits,
    others_first,
    _no_worker,
    _clocks,
)


def earliest(facts: Facts, *, alone: bool = False) -> datetime | None:
    """
    Find the first moment that every barrier with a known end allows.

    None when calling hours leave no moment within the time that is known.

    Args:
        facts: What is known.
        alone: As if nobody came first.
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
    """Find the first moment from *start* on from which the last ring still begins in hours."""
    if facts.account is None:
        return None
    for opens, closes in facts.account.windows:
        first = max(opens, start)
        if first + facts.job.ring_lead < closes:
            return first
    return None


def _rate(standing: Standing) -> str:
    rate = pace(standing.limits.calls_per_second)
    return rate if standing.rate_share == 1 else f"{rate}, cut to {standing.rate_share:.0%}"
