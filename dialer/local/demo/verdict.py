"""The proof, by the ledger, about the demo's jobs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialer.domain.job.job import Job, State
from dialer.local.demo.script import scene_of
from dialer.sandbox import Row
from dialer.sandbox.oracle import judge, placed_more_than_once

#: States that a job waits or works in; nothing may be left there in the end.
UNFINISHED = frozenset({State.SCHEDULED, State.READY, State.DIALING})


class Ending(StrEnum):
    """End of a job, as the table shows it."""

    AT_ONCE = "placed at once"
    RETRIED = "placed after a retry"
    WAITED = "placed after a wait"
    REFUSED = "dead: refused for good"
    EXHAUSTED = "dead: all tries used"
    DOUBTFUL = "unconfirmed: no clear answer"
    CUT_OFF = "unconfirmed: worker killed"
    SKIPPED = "skipped: do-not-call"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DemoVerdict:
    """
    The demo's result: jobs by ending, those that rang by the ledger, and complaints as sentences.

    Attributes:
        requests: Requests in the ledger.
        twice: Customers who were rung more than once.
        lost: Jobs that were accepted and are in no final state.
    """

    jobs: Counter[Ending]
    rang: Counter[Ending]
    requests: int
    twice: int
    lost: int
    complaints: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the ledger confirms everything."""
        return not self.complaints


def weigh(accepted: Sequence[str], jobs: Sequence[Job], rows: Sequence[Row]) -> DemoVerdict:
    """Hold the jobs, and the ids that were *accepted*, against the whole ledger and the script."""
    endings = {job.id: ending_of(job) for job in jobs}
    rung = {row.params.get("to") for row in rows if row.placed}
    twice = placed_more_than_once(rows, key=lambda row: row.params.get("to"))
    lost = Counter(endings.get(job_id, Ending.LOST) for job_id in accepted)[Ending.LOST]
    complaints = [
        *judge(rows, [_intent(job) for job in jobs]).violations,
        *(f"{len(twice)} customers were rung twice" for _ in [0] if twice),
        *(f"{lost} accepted jobs were lost" for _ in [0] if lost),
        *filter(None, map(_surprise, jobs)),
    ]
    return DemoVerdict(
        jobs=Counter(endings.values()),
        rang=Counter(endings[job.id] for job in jobs if _customer(job) in rung),
        requests=len(rows),
        twice=len(twice),
        lost=lost,
        complaints=tuple(complaints),
    )


def ending_of(job: Job) -> Ending:
    """Ending of one job."""
    match job.state:
        case State.PLACED:
            return _way_to_placed(job)
        case State.DEAD:
            return Ending.EXHAUSTED if "tries are used" in job.reason else Ending.REFUSED
        case State.UNCONFIRMED:
            return Ending.CUT_OFF if _cut_off(job) else Ending.DOUBTFUL
        case State.SKIPPED:
            return Ending.SKIPPED
        case _:
            return Ending.LOST


def _way_to_placed(job: Job) -> Ending:
    if job.tries > 1:
        return Ending.RETRIED
    put_back = any(
        event.source == State.DIALING and event.who == "api" and event.target != State.PLACED
        for event in job.events
    )
    return Ending.WAITED if put_back else Ending.AT_ONCE


def _cut_off(job: Job) -> bool:
    return bool(job.events) and job.events[-1].who == "reaper"


def _surprise(job: Job) -> str | None:
    wanted = scene_of(job.key).ends
    # Whatever was on the killed worker's hands may have been cut off.
    if job.state == wanted or (job.state is State.UNCONFIRMED and _cut_off(job)):
        return None
    return f"job {job.key} is {job.state}, and its script ends in {wanted}: {job.reason}"


def _customer(job: Job) -> str:
    """The number as it is on the wire: ten digits."""
    return job.protected[0].removeprefix("+91")


def _intent(job: Job) -> dict[str, object]:
    call = json.loads(job.content)
    return {
        "id": job.id,
        "from": call["from"],
        "to": call["to"],
        "state": job.state,
        "call_id": job.call_id,
    }
