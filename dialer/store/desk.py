"""
The desk: what a person may do to jobs. Cancel, discard, redrive, resolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from dialer.errors import JobNotFound, StateConflict
from dialer.job import TRANSITIONS, State
from dialer.store.jobs import BATCH
from dialer.store.server import Server, micros, one_line

_DONE = "done"


@dataclass(frozen=True, slots=True)
class Moved:
    """
    What became of a request to move many jobs.

    Attributes:
        done: Ids of the jobs moved.
        refused: The others, with the state each is in ("missing" for none).
    """

    done: list[str]
    refused: dict[str, str]


class Desk:
    """
    Moves jobs by a person's will; every move is refused from a wrong state.

    Args:
        server: Where the jobs are kept.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def cancel(self, ids: Iterable[str], *, who: str, reason: str) -> Moved:
        """
        Take back jobs that have not been dialled.
        """
        return self._shift("cancel", ids, who, reason)

    def discard(self, ids: Iterable[str], *, who: str, reason: str) -> Moved:
        """
        Give dead letters up for good.
        """
        return self._shift("discard", ids, who, reason)

    def redrive(
        self, ids: Iterable[str], *, who: str, per_second: float, deadline: timedelta
    ) -> Moved:
        """
        Put dead letters back with fresh tries, spread over time.

        One that a person resolved as dead becomes due no earlier than at the
        end of its quarantine.

        Args:
            ids: Jobs to put back; one that is not dead is refused, so doing
                it twice does it once.
            who: Who asks for it.
            per_second: Jobs that become due each second, over all redrives, > 0.
            deadline: The least time each job has from when it is due.
        """
        gap = micros(timedelta(seconds=1 / per_second))
        return self._batches("redrive", ids, one_line(who), gap, micros(deadline))

    def resolve(
        self,
        job_id: str,
        target: State,
        *,
        who: str,
        reason: str,
        quarantine: timedelta,
        deadline: timedelta,
    ) -> timedelta:
        """
        Say what became of an unconfirmed job.

        Args:
            job_id: The job.
            target: PLACED, DEAD, or READY to ring again.
            who: The person who says so; on record.
            reason: Why; on record.
            quarantine: Ringing again is refused before so much time has
                passed since the attempt started; a job resolved as DEAD and
                redriven waits for the same moment.
            deadline: The least time a job that rings again has from now.

        Returns:
            Zero when it is done; else how much of the quarantine is left,
            and nothing was changed.

        Raises:
            JobNotFound: There is no such job.
            StateConflict: It is not unconfirmed; nothing was changed.
        """
        reply = self._server.run(
            "resolve",
            job_id,
            target,
            one_line(who),
            one_line(reason),
            micros(quarantine),
            micros(deadline),
        )
        self._server.witness(reply[1])
        match reply[0]:
            case "done":
                return timedelta(0)
            case "early":
                return timedelta(microseconds=int(reply[2]))
            case _:
                raise refusal(job_id, "resolve", reply[2])

    def _shift(self, verb: str, ids: Iterable[str], who: str, reason: str) -> Moved:
        return self._batches("shift", ids, verb, one_line(who), one_line(reason))

    def _batches(self, script: str, ids: Iterable[str], *args: str | int) -> Moved:
        rest, moved = iter(ids), Moved([], {})
        while batch := list(islice(rest, BATCH)):
            answers = self._server.run(script, *args, *batch)
            for job_id, answer in zip(batch, answers, strict=True):
                if answer == _DONE:
                    moved.done.append(job_id)
                else:
                    moved.refused[job_id] = answer
        return moved


def refusal(job_id: str, verb: str, actual: str) -> JobNotFound | StateConflict:
    """
    Make the error for a move that the store refused.
    """
    if actual == "missing":
        return JobNotFound(f"no job has the id {job_id}")
    expected = " or ".join(sorted(TRANSITIONS[verb][0]))
    return StateConflict(job_id, expected=expected, actual=actual, verb=verb)
