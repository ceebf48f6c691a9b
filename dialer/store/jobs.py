"""
Jobs in the store: accepting them, reading them, listing them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.errors import JobNotFound, StoreRefused
from dialer.job import Event, Job, State
from dialer.store.room import refuse_when_full
from dialer.store.server import Server, instant, micros, one_line, stamp, translated

#: Jobs in one script call, about 6 ms of the server: a waiting `begin` must not miss its slot.
BATCH = 200


@dataclass(frozen=True, slots=True)
class NewJob:
    """
    A job as it is handed to the store; everything in it has been checked.

    Attributes:
        id: Made from account, mode and key (`dialer.order`).
        digest: What makes the same key with another call a conflict.
        key: The producer's key, or "".
        account: The account's name.
        mode: "developer" or "live".
        lane: account/campaign/calendar/pool.
        priority: 0 to 9, 9 first.
        not_before: When it may be dialled; None for at once.
        not_after: Its deadline; None for the default after its start.
        deadline: That default.
        customer: The protected leg: to, from or both.
        protected: The customer's numbers, E.164.
        rings: How often the provider may ring each of them, in the same order.
        ring_lead: The longest time until the last ring to the customer begins.
        longest_ring: The longest time both legs can ring and queue.
        talk_limit: The time limit of the talk, if the call has one.
        content: The call as JSON.
    """

    id: str
    digest: str
    key: str
    account: str
    mode: str
    lane: str
    priority: int
    not_before: datetime | None
    not_after: datetime | None
    deadline: timedelta
    customer: str
    protected: tuple[str, ...]
    rings: tuple[int, ...]
    ring_lead: timedelta
    longest_ring: timedelta
    talk_limit: timedelta | None
    content: str


class Jobs:
    """
    The records of jobs.

    Args:
        server: Where they are kept.
        full_at: Share of `maxmemory` from which new jobs are refused; what
            happens to accepted ones is recorded beyond it.
    """

    def __init__(self, server: Server, *, full_at: float = 0.8) -> None:
        self._server = server
        self._full_at = full_at
        self._keys = server.keys

    def enqueue(self, jobs: Sequence[NewJob], *, who: str) -> list[str]:
        """
        Accept jobs; each one is created, known already, or refused by name.

        Repeating a call that raised is safe: what was accepted is answered
        with "duplicate".

        Args:
            jobs: Any number; sent in batches of `BATCH`.
            who: The producer, for the record.

        Returns:
            One answer a job, in order: "created", "duplicate",
            "conflict:<state>" (same key, other call) or "late" (the deadline
            has passed).

        Raises:
            StoreRefused: Redis is fuller than `full_at`; batches before this one
                were accepted.
            StoreUnavailable: Redis did not answer; some may be accepted.
        """
        answers: list[str] = []
        for first in range(0, len(jobs), BATCH):
            refuse_when_full(self._server, self._full_at, what="calls", then="enqueue again")
            batch = [value for job in jobs[first : first + BATCH] for value in values_of(job)]
            answers += self._server.run("enqueue", one_line(who), *batch)
        return answers

    def get(self, job_id: str) -> Job:
        """
        Read one job.

        Raises:
            JobNotFound: There is none with this id.
            StoreUnavailable: Redis did not answer.
        """
        with translated():
            record = self._server.client.hgetall(self._keys.job(job_id))
        if "state" not in record:
            pruned = f"; it was {record['was']} and has been pruned" if record else ""
            raise JobNotFound(f"no job has the id {job_id}{pruned}")
        return _job(job_id, record)

    def of_number(self, number: str) -> list[Job]:
        """
        Read the jobs for one customer's number, oldest first.

        Args:
            number: E.164.
        """
        with translated():
            ids = sorted(self._server.client.smembers(self._keys.of(number)))
            return sorted(self._read(ids), key=lambda job: job.created)

    def select(
        self, state: State | None = None, *, newest_first: bool = False, campaign: str | None = None
    ) -> Iterator[Job]:
        """
        Read all jobs, or those of one state, in the order of their index.

        A job that moves while the list is read may appear twice or not at all.

        Args:
            state: Only this one; None for all, one state after the other.
            newest_first: Turn the order of each index round.
            campaign: Only its jobs; no record of another is read.
        """
        for one in [state] if state else list(State):
            with translated():
                ids = self._server.client.zrange(self._keys.index(one), 0, -1, desc=newest_first)
            if campaign is not None:
                # A campaign's job is named campaign:row:turn, and no other has a colon.
                ids = [job_id for job_id in ids if job_id.startswith(f"{campaign}:")]
            for first in range(0, len(ids), BATCH):
                with translated():
                    yield from self._read(ids[first : first + BATCH])

    def counts(self) -> dict[State, int]:
        """
        Count the jobs of every state, at one moment.
        """
        counts = self._server.run("counts", *State)
        return {state: int(count) for state, count in zip(State, counts, strict=True)}

    def entered_since(self, state: State, moment: datetime) -> int:
        """
        Count the jobs that came into *state* at *moment* or later.

        Args:
            state: One whose index is ordered by the time of entry: not
                scheduled, not dialing.
            moment: Aware.
        """
        with translated():
            count: int = self._server.client.zcount(self._keys.index(state), stamp(moment), "+inf")
        return count

    def oldest_ready(self) -> Job | None:
        """
        Read the job that has been ready for the longest time.
        """
        with translated():
            ids = self._server.client.zrange(self._keys.index(State.READY), 0, 0)
            return next(iter(self._read(ids)), None)

    def _read(self, ids: Sequence[str]) -> list[Job]:
        with self._server.client.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(self._keys.job(job_id))
            records = pipe.execute()
        return [
            _job(i, record) for i, record in zip(ids, records, strict=True) if "state" in record
        ]


def values_of(job: NewJob) -> tuple[str | int, ...]:
    """
    Write a job as the scripts that make jobs read it (accept.lua).
    """
    customer = (
        f"{job.customer} {micros(job.ring_lead)} {micros(job.longest_ring)} "
        f"{micros(job.talk_limit) if job.talk_limit else 0} {','.join(job.protected)} "
        f"{','.join(map(str, job.rings))}"
    )
    return (
        job.id,
        job.digest,
        job.key,
        job.account,
        job.mode,
        job.lane,
        job.priority,
        stamp(job.not_before),
        stamp(job.not_after),
        micros(job.deadline),
        customer,
        job.content,
    )


def _job(job_id: str, record: dict[str, str]) -> Job:
    state = State(record["state"])
    created, entered = instant(record["created_us"]), instant(record["entered_us"])
    not_after = instant(record["not_after_us"])
    if created is None or entered is None or not_after is None:
        raise StoreRefused(f"job {job_id} has no times: it was not written by this program")
    return Job(
        id=job_id,
        key=record["key"],
        state=state,
        account=record["account"],
        mode=record["mode"],
        lane=record["lane"],
        priority=int(record["priority"]),
        tries=int(record["tries"]),
        attempts=int(record["attempt"]),
        content=record["content"],
        customer=record["customer"],
        protected=tuple(number for number in record["protected"].split(",") if number),
        ring_lead=timedelta(microseconds=int(record["lead_us"])),
        created=created,
        entered=entered,
        due=instant(record["due_us"]) if state is State.SCHEDULED else None,
        not_after=not_after,
        started=instant(record.get("start_us")),
        call_id=record.get("call_id", ""),
        code=record.get("code", ""),
        reason=record["reason"],
        events=tuple(_event(line) for line in record.get("log", "").splitlines()),
    )


def _event(line: str) -> Event:
    at, source, target, who, why = line.split("\t", 4)
    when = instant(at)
    if when is None:
        raise StoreRefused("a job's record holds an event without a time")
    return Event(when, source, target, who, why)
