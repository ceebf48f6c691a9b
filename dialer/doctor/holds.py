"""
What the system itself has stopped, and why.
"""

from collections.abc import Iterator, Sequence

from dialer.doctor.finding import Finding, Level
from dialer.explain import release, set_by
from dialer.masking import mask
from dialer.owners import MACHINES
from dialer.store.holds import EVERYTHING, Hold


def judge_holds(holds: Sequence[Hold]) -> Iterator[Finding]:
    """
    Judge the holds that no person has set: one on everything means that no call is made at all.

    Numbers in what people wrote are masked: a health check's findings go into logs.
    """
    ours = [hold for hold in holds if hold.owner in MACHINES]
    if not ours:
        yield Finding(Level.OK, "holds", "the system holds nothing")
    for hold in ours:
        bad = Level.FAIL if hold.scope == EVERYTHING else Level.WARN
        said = mask(f"{set_by(hold)}: {hold.reason}")
        text = f"{_named(hold.scope)} is held by {said}"
        yield Finding(bad, "holds", text, release(hold))


def _named(scope: str) -> str:
    kind, _, name = scope.partition(":")
    return "everything" if scope == EVERYTHING else f"{kind} {name}"
