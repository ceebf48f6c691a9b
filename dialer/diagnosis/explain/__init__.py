"""
Why a job has not been rung: every reason at once, in a fixed order.

Pure: `Facts` in, `Explanation` out; `dialer.diagnosis.facts_reader` reads the facts.
"""

from dialer.diagnosis.explain.advice import advice
from dialer.diagnosis.explain.barriers import CHECKS, earliest
from dialer.diagnosis.explain.facts import AccountFacts, CampaignFacts, Explanation, Facts, Reason
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.text.moment import rough

__all__ = ["AccountFacts", "CampaignFacts", "Explanation", "Facts", "advice", "explain"]


def explain(facts: Facts) -> Explanation:
    """Say what keeps a job from being rung now, and until when."""
    job = facts.job
    if job.state not in (State.SCHEDULED, State.READY):
        return Explanation(job, (_ended(facts),), None, facts.zone, facts.now)
    reasons = tuple(reason for check in CHECKS for reason in check(facts))
    known = all(reason.until is not None for reason in reasons)
    moment = earliest(facts) if known else None
    note = "this job is in developer mode: the API checks it and rings nobody"
    return Explanation(
        job,
        reasons,
        moment,
        facts.zone,
        facts.now,
        note if job.mode == "developer" else "",
        waiting=facts.campaign is not None and not job.events,
        reckoned=facts.first > 0,
    )


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
            meaning = lookup(job.code).meaning if job.code else ""
            more = "" if meaning in job.reason else f" ({meaning})"
            text = f"dead since {entered}: {job.reason}{more}"
            return Reason("state", text, step=advice(job.code, job.campaign))
        case _:
            who = job.events[-1].who if job.events else "nobody"
            return Reason("state", f"{job.state} at {entered} by {who}: {job.reason}")


def _doubt(facts: Facts) -> Reason:
    job = facts.job
    over = job.quarantine_ends(facts.quarantine)
    seen = job.reason.removeprefix("may have rung: ")
    again = "" if over <= facts.now else f"; `again` is refused until {facts.at(over)}"
    return Reason(
        "state",
        f"a phone may have rung ({seen}), so no machine rings it again",
        step=f"find out, then: dialer unconfirmed resolve {job.id} placed|dead|again"
        f" --reason …{again}",
    )
