"""Jobs in the store: accepted, read, listed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Any

from dialer.domain.job.ids import campaign_of
from dialer.domain.job.job import Event, Job, State
from dialer.domain.job.new_job import BATCH, NewJob
from dialer.errors import JobNotFound, StoreRefused
from dialer.store.redis.failures import readable, sound, translated, unless_damaged
from dialer.store.redis.notation import instant, micros, one_line, stamp
from dialer.store.redis.record import (
    DIGEST,
    LETTERS,
    bucket_of,
    read_record,
    short_content,
    stands_in_bucket,
)
from dialer.store.redis.server import Noun

#: Ready jobs of which the first that can be read counts as the oldest.
_FIRST = 9
#: Lanes whose next jobs are looked at for it, so that a look costs milliseconds.
_LANES = 1000
#: States whose index says what comes next, and not what came last.
_NEXT_FIRST = (State.SCHEDULED, State.READY, State.DIALING)


class Jobs(Noun):
    """Records of jobs."""

    def enqueue(self, jobs: Sequence[NewJob], *, who: str) -> list[str]:
        """
        Accept jobs; each one is created, known already, or refused by name.

        Repeating a call that raised is safe: what was accepted is answered
        with "duplicate".

        Args:
            jobs: Any number; sent in batches of `BATCH`.
            who: The producer, for the record.

        Returns:
            One answer a job, in order: "created", "duplicate" ("duplicate:<id>" where it
            is a twin), "conflict:<state>" (same key, other call) or "late" (the deadline
            has passed).

        Raises:
            StoreRefused: Redis is fuller than `full_at`; batches before this one
                were accepted.
            StoreUnavailable: Redis did not answer; some may be accepted.
        """
        batches = (jobs[first : first + BATCH] for first in range(0, len(jobs), BATCH))
        return [answer for some in self.enqueue_each(batches, who=who) for answer in some]

    def enqueue_each(
        self, batches: Iterable[Sequence[NewJob]], *, who: str, ahead: int = 0
    ) -> Iterator[list[str]]:
        """
        Accept batch after batch, as `enqueue`; the answers of each, in order.

        Args:
            batches: Each at most `BATCH` jobs; read lazily.
            who: The producer, for the record.
            ahead: Batches that are sent before the answer to an earlier one is read.

        Raises:
            StoreRefused, StoreUnavailable: As `enqueue`; of the batches without an answer up to
                *ahead* may have been accepted, too.
        """
        asks = (
            {"who": one_line(who), "jobs": [job_asked(job) for job in batch]}
            for batch in self._unless_full(batches)
        )
        return self._server.run_each("enqueue", asks, ahead=ahead)

    def _unless_full(self, batches: Iterable[Sequence[NewJob]]) -> Iterator[Sequence[NewJob]]:
        for batch in batches:
            self._server.refuse_when_full("calls", "enqueue again")
            yield batch

    def get(self, job_id: str) -> Job:
        """
        Job by its id.

        Raises:
            JobNotFound: There is none with this id.
            StoreDamaged: Its record cannot be read.
            StoreUnavailable: Redis did not answer.
        """
        record = self._client.hgetall(self._keys.job(job_id))
        if LETTERS["state"] not in record:
            pruned = f"; it was {record['was']} and has been pruned" if record else ""
            raise JobNotFound(f"no job has the id {job_id}{pruned}")
        return _read_job(job_id, record)

    def metadata(self, job_id: str) -> str:
        """What its producer wrote beside a job, JSON; "" for nothing."""
        return self._client.get(self._keys.metadata(job_id)) or ""

    def tombstone(self, job_id: str) -> str:
        """Last state of a job that was pruned and whose key is known; "" for any other."""
        return self._client.hget(self._keys.job(job_id), "was") or ""

    def is_of(self, job_id: str, digests: Collection[str]) -> bool:
        """Whether a job, pruned or not, has one of these digests of its call and customer."""
        kept = self._client.hget(self._keys.job(job_id), LETTERS["digest"])
        # Where none is kept the id stands for it.
        return kept is None or kept in {digest[:DIGEST] for digest in digests}

    def several(self, ids: Sequence[str]) -> dict[str, Job]:
        """Jobs by their ids; without those that are not there or cannot be read."""
        return {job.id: job for job in self._read(ids)}

    def of_number(self, number: str) -> list[Job]:
        """Jobs for one customer's number, E.164, oldest first."""
        bucket = self._client.hgetall(self._keys.of(bucket_of(number)))
        known = stands_in_bucket(number)
        ids = sorted(job_id for job_id, numbers in bucket.items() if known in numbers.split(","))
        return sorted(self._read(ids), key=lambda job: job.created)

    def select(
        self, state: State | None = None, *, newest_first: bool = False, campaign: str | None = None
    ) -> Iterator[Job]:
        """
        All jobs, or those of one state, in the order of their index.

        A job that moves meanwhile may appear twice or not at all; one that cannot be read is
        left out, and named in the log.

        Args:
            state: Only this one; None for all, one state after the other.
            newest_first: In each state those first that entered it last.
            campaign: Only its jobs; no record of another is read.
        """
        for one in [state] if state else list(State):
            ids = self._ids(one, desc=newest_first)
            if campaign is not None:
                ids = [job_id for job_id in ids if campaign_of(job_id) == campaign]
            if newest_first and one in _NEXT_FIRST:
                ids = self._by_entry(ids)
            for first in range(0, len(ids), BATCH):
                yield from self._read(ids[first : first + BATCH])

    def counts(self) -> dict[State, int]:
        """Number of jobs in every state, at one moment."""
        counts = self._server.run("counts", {"states": list(State)})
        return {state: int(count) for state, count in zip(State, counts, strict=True)}

    def entered_since(self, state: State, moment: datetime) -> int:
        """Number of jobs that came into *state*, an end or unconfirmed, at *moment* or later."""
        index, since = self._keys.index(state), stamp(moment)
        return unless_damaged(lambda: int(self._client.zcount(index, since, "+inf")), 0)

    def oldest_ready(self) -> Job | None:
        """Job that has been ready for the longest time, of those that come next in their lanes."""
        found = self._read(self._by_entry(self._ready(0, 0, lanes=_LANES))[: -_FIRST - 1 : -1])
        return next(iter(found), None)

    def newest_ready(self) -> Job | None:
        """Job that became ready last, of those that come last in their lanes."""
        found = self._read(self._by_entry(self._ready(-1, -1, lanes=_LANES))[:_FIRST])
        return next(iter(found), None)

    def _ids(self, state: State, *, desc: bool = False) -> list[str]:
        if state is State.READY:
            return self._ready()
        index = self._keys.index(state)
        return unless_damaged(lambda: self._client.zrange(index, 0, -1, desc=desc), [])

    def _ready(self, first: int = 0, last: int = -1, *, lanes: int | None = None) -> list[str]:
        """Ready jobs by their ranks, those between two places of each of so many *lanes*."""
        names = list(islice(self._lanes(), lanes))
        found = self._for_each(
            "zrange", map(self._keys.lane, names), first, last, withscores=True, damaged=True
        )
        ranked = dict(chain.from_iterable(jobs for jobs in found if isinstance(jobs, list)))
        return sorted(ranked, key=ranked.__getitem__)

    def _lanes(self) -> Iterator[str]:
        """Each lane that has jobs, awake or asleep."""
        keys, client = self._keys, self._client
        accounts: set[str] = unless_damaged(lambda: client.smembers(keys.accounts), set())
        names: list[str] = unless_damaged(lambda: client.zrange(keys.campaigns, 0, -1), [])
        owners = self._for_each("hget", map(keys.camp, names), "account", damaged=True)
        known = zip(owners, names, strict=True)
        awake = [keys.awake(account) for account in sorted(accounts)]
        awake += [keys.awake(owner, name) for owner, name in known if isinstance(owner, str)]
        found = self._for_each("zrange", [*awake, keys.asleep], 0, -1, damaged=True)
        sound = (lanes for lanes in found if isinstance(lanes, list))
        return iter(dict.fromkeys(chain.from_iterable(sound)))

    def _by_entry(self, ids: Sequence[str]) -> list[str]:
        """Ids by when the jobs entered their state, the last first."""
        entered: dict[str, str] = {}
        for first in range(0, len(ids), BATCH):
            some = ids[first : first + BATCH]
            fields = ("entered_us", LETTERS["created_us"])
            found = self._for_each("hmget", map(self._keys.job, some), *fields, damaged=True)
            times = [str(one[0] or one[1]) if isinstance(one, list) else "" for one in found]
            entered |= zip(some, times, strict=True)
        return sorted(ids, key=entered.__getitem__, reverse=True)

    def _read(self, ids: Sequence[str]) -> list[Job]:
        records = self._for_each("hgetall", map(self._keys.job, ids), damaged=True)
        found = [
            partial(_read_job, i, record)
            for i, record in zip(ids, records, strict=True)
            if isinstance(record, Exception) or LETTERS["state"] in record
        ]
        return list(sound(found))


def job_asked(job: NewJob) -> dict[str, object]:
    """Job as the scripts that make jobs read it (accept.lua)."""
    ids, digests = zip((job.id, job.digest), *job.twins, strict=True)
    return {
        "ids": list(dict.fromkeys(ids)),
        "digests": [digest[:DIGEST] for digest in digests],
        "key": job.key,
        "account": job.account,
        "priority": job.priority,
        "due_us": stamp(job.not_before),
        "not_after_us": stamp(job.not_after),
        "deadline_us": micros(job.deadline),
        "metadata": job.metadata,
        "call": {
            # Without a key the id of a direct call is made of all that the digest is.
            **({"digest": job.digest[:DIGEST]} if job.key or campaign_of(job.id) else {}),
            "mode": job.mode,
            "lane": job.lane,
            "customer": job.customer,
            "lead_us": str(micros(job.ring_lead)),
            "ring_us": str(micros(job.longest_ring)),
            "talk_us": str(micros(job.talk_limit)) if job.talk_limit else "0",
            "protected": ",".join(job.protected),
            "rings": ",".join(map(str, job.rings)),
            "also": job.also,
            "content": short_content(job.content),
        },
    }


def _read_job(job_id: str, record: Any) -> Job:
    with translated(), readable(f"job {job_id}"):
        if isinstance(record, Exception):
            raise record
        return _job(job_id, read_record(record))


def _job(job_id: str, record: Mapping[str, str]) -> Job:
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
        events=tuple(_event(line) for line in record["log"].splitlines()),
        version=int(record.get("version", 0)),
    )


def _event(line: str) -> Event:
    at, source, target, who, why = line.split("\t", 4)
    when = instant(at)
    if when is None:
        raise StoreRefused("a job's record holds an event without a time")
    return Event(when, source, target, who, why)
