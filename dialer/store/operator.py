"""Operator: a person's moves of jobs. Cancel, discard, redrive, resolve."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice

from dialer.domain.job.job import TRANSITIONS, State
from dialer.domain.job.new_job import BATCH
from dialer.domain.job.receipt import Moved
from dialer.errors import JobNotFound, StateConflict
from dialer.store.redis.notation import micros, one_line
from dialer.store.redis.server import Noun


class Operator(Noun):
    """Moves by a person's will, each refused from a wrong state."""

    def cancel(self, ids: Iterable[str], *, who: str, reason: str) -> Moved:
        """
        Cancel jobs that have not been dialled; when this returns, none of them starts.

        One that is dialing is refused, and has left by then or is taken back.
        """
        moved = self._shift("cancel", ids, who, reason)
        if moved.done or moved.refused:
            self._server.await_leaving()
        return moved

    def discard(self, ids: Iterable[str], *, who: str, reason: str) -> Moved:
        """Give dead letters up for good."""
        return self._shift("discard", ids, who, reason)

    def redrive(
        self, ids: Iterable[str], *, who: str, per_second: float, deadline: timedelta
    ) -> Moved:
        """
        Put dead letters back with fresh tries, of all redrives *per_second* (> 0) becoming due.

        One that a person resolved as dead becomes due no earlier than at the end of its
        quarantine. Each has at least *deadline* from its due time. Jobs that are not dead are
        refused, so doing it twice does it once.
        """
        gap = micros(timedelta(seconds=1 / per_second))
        ask = {"who": one_line(who), "gap_us": gap, "deadline_us": micros(deadline)}
        return self._batches("redrive", ids, ask)

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
        Resolve an unconfirmed job as PLACED, as DEAD, or as READY to ring again.

        Ringing again is refused until *quarantine* has passed since the attempt started; a job
        resolved as DEAD and redriven waits for the same moment. It then has at least *deadline*
        from now.

        Returns:
            Zero when it is done; else how much of the quarantine is left,
            and nothing was changed.

        Raises:
            JobNotFound: There is no such job.
            StateConflict: It is not unconfirmed; nothing was changed.
        """
        reply = self._server.run(
            "resolve",
            {
                "job": job_id,
                "target": target,
                "who": one_line(who),
                "reason": one_line(reason),
                "quarantine_us": micros(quarantine),
                "deadline_us": micros(deadline),
            },
        )
        match reply:
            case ["done"]:
                return timedelta(0)
            case ["early", left]:
                return timedelta(microseconds=int(left))
            case _:
                raise _refusal(job_id, "resolve", reply[1])

    def _shift(self, verb: str, ids: Iterable[str], who: str, reason: str) -> Moved:
        ask = {"verb": verb, "who": one_line(who), "reason": one_line(reason)}
        return self._batches("shift", ids, ask)

    def _batches(self, script: str, ids: Iterable[str], ask: Mapping[str, object]) -> Moved:
        rest, moved = iter(ids), Moved([], {})
        while batch := list(islice(rest, BATCH)):
            answers = self._server.run(script, {**ask, "jobs": batch})
            for job_id, answer in zip(batch, answers, strict=True):
                if answer == "done":
                    moved.done.append(job_id)
                else:
                    moved.refused[job_id] = answer
        return moved


def _refusal(job_id: str, verb: str, actual: str) -> JobNotFound | StateConflict:
    """Error for a move that the store refused."""
    if actual == "missing":
        return JobNotFound(f"no job has the id {job_id}")
    expected = " or ".join(sorted(TRANSITIONS[verb][0]))
    return StateConflict(job_id, expected=expected, actual=actual, verb=verb)
