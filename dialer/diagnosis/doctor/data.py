"""Judges of the data: holds of the system, and damaged keys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dialer.diagnosis.doctor.finding import Finding, Level
from dialer.domain.holds.hold import Hold
from dialer.domain.holds.owners import MACHINES
from dialer.domain.holds.scope import EVERYTHING
from dialer.domain.holds.words import named, release, set_by
from dialer.domain.server import Damaged
from dialer.text.masking import mask

#: So many keys are named one by one; the rest is counted, by kind.
_MOST = 100

NOT_HELD = Finding(
    Level.FAIL,
    "repair",
    "nothing was repaired: calls could begin meanwhile",
    'hold everything first: dialer hold set --all --owner repair --reason "damaged keys"',
)
_STEP = "dialer hold set --all, then dialer doctor --repair (ops/runbook.md, damaged)"


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
        text = f"{named(hold.scope)} is held by {mask(f'{set_by(hold)}: {hold.reason}')}"
        yield Finding(bad, "holds", text, release(hold))


def judge_damage(found: Iterable[Damaged], *, repaired: bool) -> Iterator[Finding]:
    """
    Judge the damaged keys: each stops what needs it.

    Where they were *repaired*, those that are not mended need a person.
    """
    more: Counter[tuple[str, bool]] = Counter()
    nth = 0
    for nth, one in enumerate(found, 1):
        if nth > _MOST:
            more[one.name.partition(":")[0], one.mended] += 1
        else:
            yield _finding(mask(f"{one.name}: {one.why}"), mended=one.mended, repaired=repaired)
    for (kind, mended), count in sorted(more.items()):
        yield _finding(f"{count} more of {kind}", mended=mended, repaired=repaired)
    if not nth:
        yield Finding(Level.OK, "data", "every record and every index can be read, and they agree")


def _finding(text: str, *, mended: bool, repaired: bool) -> Finding:
    if mended:
        return Finding(Level.WARN, "data", f"{text} (mended)")
    step = "see ops/runbook.md, damaged" if repaired else _STEP
    return Finding(Level.FAIL, "data", text, step)
