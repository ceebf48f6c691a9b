"""
Why a job has not been rung: every reason at once, in a fixed order.

Pure: `Facts` in, `Explanation` out. `dialer.facts` reads the facts. The order
of `_CHECKS` is the order of the reasons, and follows `begin.lua`; what is
known to end has a time, what a person must end has a next step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.codes import lookup
from dialer.job import Job, State
from dialer.limits import Limits
from dialer.moment import local, rough
from dialer.store.accounts import Standing
from dialer.store.bells import LiveWorker
from dialer.store.dialling import CLOCK_TOLERANCE
from dialer.store.holds import EVERYTHING, Hold, account_scope
from dialer.store.suppression import Suppressed

_BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """
    What holds for the account a job is dialled through.

    Attributes:
        mode: "developer" or "live", in the settings here.
        standing: Its limits and how much of them is used.
        windows: When it may dial in the next days, sorted, in UTC.
        why_closed: The calendar's reasons when it is closed now; else empty.
        zone: IANA name of its zone.
    """

    mode: str
    standing: Standing
    windows: tuple[tuple[datetime, datetime], ...]
    why_closed: tuple[str, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything that decides whether one job may be rung, at one moment.

    Attributes:
        job: The job.
        now: The store's time.
        holds: Every hold there is.
        suppressed: The do-not-call entries of its customer, for its account.
        account: Its account; None where the settings here know none.
        pool_until: Until when its pool is left alone; None for no pool.
        ahead: Ready jobs of the account that come first.
        workers: The live workers.
        lease: How long an attempt is a worker's.
        quarantine: How long after an attempt it may not be rung again.
    """

    job: Job
    now: datetime
    holds: Sequence[Hold]
    suppressed: Sequence[Suppressed]
    account: AccountFacts | None
    pool_until: datetime | None
    ahead: int
    workers: Sequence[LiveWorker]
    lease: timedelta
    quarantine: timedelta

    @property
    def zone(self) -> str:
        """The zone in which a person reads the answer."""
        return self.account.zone if self.account else "UTC"

    def at(self, moment: datetime) -> str:
        """Write a moment for a person."""
        return local(moment, self.zone)


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One thing that stands in the way.

    Attributes:
        name: A stable word: state, hold, breaker, hours, do_not_call, …
        text: One sentence for a person, without numbers or tokens.
        until: When it ends by itself; None when it does not, or nobody knows.
        step: The command or the change that ends it; "" where there is none.
    """

    name: str
    text: str
    until: datetime | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Why a job is where it is.

    Attributes:
        job: The job.
        reasons: What stands in its way, the order fixed; empty when nothing
            does and it goes with the next free slot.
        next: The next moment at which it may be rung, as far as the reasons
            end by themselves; None when it cannot be known or never comes.
        zone: The zone in which a person reads the times.
    """

    job: Job
    reasons: tuple[Reason, ...]
    next: datetime | None
    zone: str


def explain(facts: Facts) -> Explanation:
    """
    Say what keeps a job from being rung now, and until when.
    """
    job = facts.job
    if job.state not in (State.SCHEDULED, State.READY):
        return Explanation(job, (_ended(facts),), None, facts.zone)
    reasons = tuple(reason for check in _CHECKS for reason in check(facts))
    known = all(reason.until is not None for reason in reasons)
    earliest = _earliest(facts) if known else None
    return Explanation(job, reasons, earliest, facts.zone)


def _ended(facts: Facts) -> Reason:
    job, entered = facts.job, facts.at(facts.job.entered)
    match job.state:
        case State.DIALING:
            text = f"attempt {job.attempts} is on the wire since {entered}"
            return Reason("state", f"{text}; within {rough(facts.lease)} it is decided")
        case State.PLACED if job.mode == "developer":
            return Reason("state", f"the API checked it at {entered}; developer mode rings nobody")
        case State.PLACED:
            return Reason("state", f"the API accepted it at {entered}; it is not rung again")
        case State.UNCONFIRMED:
            return _doubt(facts)
        case State.DEAD:
            meaning = f" ({lookup(job.code).meaning})" if job.code else ""
            text = f"dead since {entered}: {job.reason}{meaning}"
            return Reason("state", text, step=f"dialer dead redrive {job.id}")
        case _:
            who = job.events[-1].who if job.events else "nobody"
            return Reason("state", f"{job.state} at {entered} by {who}: {job.reason}")


def _doubt(facts: Facts) -> Reason:
    job = facts.job
    over = (job.started or job.entered) + facts.quarantine
    again = "" if over <= facts.now else f"; `again` is refused until {facts.at(over)}"
    return Reason(
        "state",
        f"a phone may have rung ({job.reason}), so no machine rings it again",
        step=f"find out, then: dialer unconfirmed resolve {job.id} placed|dead|again"
        f" --reason …{again}",
    )


def _everything_held(facts: Facts) -> Iterator[Reason]:
    for hold in facts.holds:
        if hold.scope == EVERYTHING:
            yield _held(facts, hold, "everything", "--all")


def _account_held(facts: Facts) -> Iterator[Reason]:
    account = facts.job.account
    for hold in facts.holds:
        if hold.scope == account_scope(account) and hold.owner != _BREAKER:
            yield _held(facts, hold, f"account {account}", f"--account {account}")


def _held(facts: Facts, hold: Hold, what: str, option: str) -> Reason:
    since = f" since {facts.at(hold.since)}" if hold.since else ""
    return Reason(
        "hold",
        f"{what} is held by {hold.owner} ({hold.who}){since}: {hold.reason}",
        step=f"dialer hold release {option} --owner {hold.owner}",
    )


def _account_unknown(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        name = facts.job.account
        text = f"account {name} is not in the settings here, so no worker with them dials it"
        yield Reason("account", text, step=f"write [accounts.{name}] back into dialer.toml")


def _breaker_open(facts: Facts) -> Iterator[Reason]:
    if facts.account is None or facts.account.standing.breaker != "open":
        return
    probe = facts.account.standing.next_probe or facts.now
    why = next((h.reason for h in facts.holds if h.owner == _BREAKER), "the API looks broken")
    when = f"at {facts.at(probe)}" if probe > facts.now else "with the next call"
    yield Reason(
        "breaker",
        f"the breaker stopped account {facts.job.account}: {why}; it probes {when}",
        until=max(probe, facts.now),
        step=f"dialer hold release --account {facts.job.account} --owner {_BREAKER}",
    )


def _closed(facts: Facts) -> Iterator[Reason]:
    if facts.account is None:
        return
    fitting = _fit(facts, facts.now)
    if fitting == facts.now:
        return
    when = f"; open at {facts.at(fitting)}" if fitting else "; not open within 8 days"
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
            step=f"dialer suppress remove NUMBER{scope}, if that is wrong",
        )


def _deadline(facts: Facts) -> Iterator[Reason]:
    not_after, earliest = facts.job.not_after, _earliest(facts)
    if not_after <= facts.now:
        text = f"its deadline was {facts.at(not_after)}; it will be skipped"
    elif earliest is not None and earliest >= not_after:
        text = (
            f"its deadline {facts.at(not_after)} comes before it may be rung,"
            f" {facts.at(earliest)}; it will be skipped"
        )
    else:
        return
    yield Reason("deadline", text, step="enqueue it again with a later --not-after")


def _scheduled(facts: Facts) -> Iterator[Reason]:
    due = facts.job.due
    if due is not None:
        text = f"it waits until {facts.at(due)} ({facts.job.reason})"
        yield Reason("scheduled", text, until=max(due, facts.now))


def _pool_asleep(facts: Facts) -> Iterator[Reason]:
    if facts.pool_until is not None and facts.pool_until > facts.now:
        until = facts.at(facts.pool_until)
        text = f"nobody of {facts.job.pool} took a call; they are left alone until {until}"
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


def _queue(facts: Facts) -> Iterator[Reason]:
    if facts.ahead and facts.account is not None:
        jobs = "job" if facts.ahead == 1 else "jobs"
        wait = _queue_time(facts, facts.account.standing)
        text = (
            f"{facts.ahead} ready {jobs} of account {facts.job.account} come first;"
            f" at {_rate(facts.account.standing)} that takes {rough(wait)}"
        )
        yield Reason("queue", text, until=facts.now + wait)


def _no_worker(facts: Facts) -> Iterator[Reason]:
    if not facts.workers:
        step = "start one: celery -A workers.app worker"
        yield Reason("workers", "no worker is alive", step=step)


def _clocks(facts: Facts) -> Iterator[Reason]:
    wrong = [w for w in facts.workers if w.skew and abs(w.skew) > CLOCK_TOLERANCE]
    if wrong and len(wrong) == len(facts.workers):
        names = ", ".join(worker.name for worker in wrong)
        text = f"the clock of every live worker is more than 2 s off ({names}), so none may dial"
        yield Reason("clock", text, step="synchronise their clocks (NTP)")


_CHECKS: tuple[Callable[[Facts], Iterator[Reason]], ...] = (
    _everything_held,
    _account_unknown,
    _account_held,
    _breaker_open,
    _closed,
    _do_not_call,
    _deadline,
    _scheduled,
    _pool_asleep,
    _limits,
    _queue,
    _no_worker,
    _clocks,
)


def _earliest(facts: Facts) -> datetime | None:
    """Find the first moment that every barrier with a known end allows."""
    moments = [facts.now, facts.job.due, facts.pool_until]
    if facts.account is not None:
        standing = facts.account.standing
        moments += [standing.next_slot]
        if standing.breaker == "open":
            moments += [standing.next_probe]
    earliest = max(moment for moment in moments if moment is not None)
    if facts.account is not None and facts.ahead:
        earliest += _queue_time(facts, facts.account.standing)
    return _fit(facts, earliest)


def _fit(facts: Facts, start: datetime) -> datetime | None:
    """Find the first moment from *start* on from which the last ring still begins in hours."""
    if facts.account is None:
        return None
    for opens, closes in facts.account.windows:
        first = max(opens, start)
        if first + facts.job.ring_lead < closes:
            return first
    return None


def _queue_time(facts: Facts, standing: Standing) -> timedelta:
    per_second = standing.limits.calls_per_second * standing.rate_share
    return timedelta(seconds=facts.ahead / per_second)


def _rate(standing: Standing) -> str:
    rate = format_rate(standing.limits)
    return rate if standing.rate_share == 1 else f"{rate}, cut to {standing.rate_share:.0%}"


def format_rate(limits: Limits) -> str:
    """
    Write a rate for a person: "20 calls/s".
    """
    return f"{limits.calls_per_second:g} calls/s"
