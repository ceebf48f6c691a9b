"""
The judge: proofs by a ledger about the jobs that led to it.

Pure functions over rows and plain facts. The words for states are written here
again on purpose: a judge that borrows its law from the accused proves nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dialer.sandbox.case import LegName, ten_digits
from dialer.sandbox.ledger import Ring, Row

#: States in which phones rang, may have rung, and did not ring.
RANG: Final = frozenset({"placed"})
MAY_HAVE_RUNG: Final = frozenset({"unconfirmed", "dialing", "ended"})
NOT_RUNG: Final = frozenset({"scheduled", "ready", "dead", "cancelled", "skipped"})

Intent = Mapping[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Violations, one sentence each with numbers masked, and the sums that were judged."""

    violations: tuple[str, ...]
    requests: int
    placed: int
    intents: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.violations


def pair(row: Row) -> Pair:
    """Parties of a row in the form in which two that ring the same phones are equal."""
    return _party(row.params.get("from", "")), _party(row.params.get("to", ""))


def placed_more_than_once(
    rows: Iterable[Row], key: Callable[[Row], Hashable] = pair
) -> dict[Hashable, list[Row]]:
    """Placed rows that share a *key* with another placed row, by that key."""
    groups: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        if row.placed:
            groups[key(row)].append(row)
    return {name: group for name, group in groups.items() if len(group) > 1}


def rings_outside(
    rows: Iterable[Row],
    windows: Sequence[tuple[datetime, datetime]],
    *,
    legs: Collection[LegName] = ("from", "to"),
) -> list[Ring]:
    """Rings of *legs* that began outside every window: aware start, and end exclusive."""
    return [
        ring
        for row in rows
        for ring in row.rings
        if ring.leg in legs and not any(opens <= ring.start < shuts for opens, shuts in windows)
    ]


def judge(rows: Iterable[Row], intents: Iterable[Intent]) -> Verdict:
    """
    Hold the ledger against the jobs, all of them, after the dust has settled.

    An intent is a job as `dialer jobs --json --reveal` lists it: `id`, `from`, `to`, `state`,
    `call_id` ("" or None when unknown), and optionally `doubts`, the number of its attempts that
    ended in doubt and were settled by a person since. A masked number raises ValueError.
    """
    table, jobs = list(rows), list(intents)
    found = [
        *_states(jobs),
        *_gets(table),
        *_call_ids(table, jobs),
        *_counts(table, jobs, pair, _intent_pair),
        *_counts(table, jobs, lambda row: pair(row)[1], lambda job: _intent_pair(job)[1]),
        *_unexplained(table, jobs),
    ]
    return Verdict(tuple(found), len(table), sum(row.placed for row in table), len(jobs))


def mask(value: str) -> str:
    """Hide all but the last four digits of each phone number; ids stay readable."""
    parts = value.split(",")
    return ",".join(f"******{p[-4:]}" if len(ten_digits(p)) == 10 else p for p in parts)  # noqa: PLR2004 - digits of a number


def _states(jobs: list[Intent]) -> Iterable[str]:
    known = RANG | MAY_HAVE_RUNG | NOT_RUNG
    for name, count in Counter(str(job["id"]) for job in jobs).items():
        if count > 1:
            yield f"job {name} is listed {count} times: it must be in exactly one state"
    for job in jobs:
        if job.get("state") not in known:
            yield f"job {job['id']} is in no known state: {job.get('state')!r}"


def _gets(rows: list[Row]) -> Iterable[str]:
    for row in rows:
        if row.method == "GET":
            yield f"row {row.seq} is a GET: a request that dials must be a POST"


def _call_ids(rows: list[Row], jobs: list[Intent]) -> Iterable[str]:
    accepted = {row.call_id: row for row in rows if row.call_id}
    owners: dict[str, Any] = {}
    # A developer call may be accepted without an id; every live one has one.
    nameless = any(row.mode == "developer" and row.verdict == "200" for row in rows)
    for job in jobs:
        call_id = job.get("call_id") or ""
        if not call_id:
            if job.get("state") in RANG and not nameless:
                yield f"job {job['id']} is placed and names no call"
            continue
        row = accepted.get(call_id)
        if row is None:
            yield f"job {job['id']} names call {call_id}, which nobody placed"
        elif pair(row) != _intent_pair(job):
            yield f"job {job['id']} names call {call_id}, which rang {_who(pair(row))}"
        if call_id in owners:
            yield f"jobs {owners[call_id]} and {job['id']} name the same call {call_id}"
        owners[call_id] = job["id"]
        if job.get("state") in NOT_RUNG and not job.get("doubts"):
            yield f"job {job['id']} is {job['state']} and yet names call {call_id}"


def _counts(
    rows: list[Row],
    jobs: list[Intent],
    row_key: Callable[[Row], str | Pair],
    job_key: Callable[[Intent], str | Pair],
) -> Iterable[str]:
    wanted: Counter[str | Pair] = Counter()
    for job in jobs:
        wanted[job_key(job)] += 1 + int(job.get("doubts") or 0)
    for key, count in Counter(row_key(row) for row in rows if row.placed).items():
        if count > wanted[key]:
            yield f"{_who(key)} was placed {count} times, and {wanted[key]} would be right"


def _unexplained(rows: list[Row], jobs: list[Intent]) -> Iterable[str]:
    # Rows that a job names are settled in _call_ids; each other one needs a doubt to explain it.
    named = {job.get("call_id") for job in jobs if job.get("call_id")}
    doubts: Counter[Pair] = Counter()
    for job in jobs:
        open_doubt = job.get("state") in MAY_HAVE_RUNG and not job.get("call_id")
        doubts[_intent_pair(job)] += int(job.get("doubts") or 0) + open_doubt
    orphans: dict[Pair, list[Row]] = defaultdict(list)
    for row in rows:
        if row.placed and row.call_id not in named:
            orphans[pair(row)].append(row)
    for who, group in orphans.items():
        if len(group) > doubts[who]:
            seqs = ", ".join(str(row.seq) for row in group)
            yield (
                f"{_who(who)} rang for no job that admits it (rows {seqs};"
                f" jobs in doubt: {doubts[who]})"
            )


def _intent_pair(job: Intent) -> Pair:
    return _party(_text(job, "from")), _party(_text(job, "to"))


def _text(job: Intent, name: str) -> str:
    value = job.get(name, "")
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if "*" in text:
        raise ValueError(f"job {job['id']}: {name} is masked; list the jobs with --reveal")
    return text


def _party(text: str) -> str:
    return ",".join(ten_digits(part) or part for part in text.split(","))


def _who(key: str | Pair) -> str:
    return mask(key) if isinstance(key, str) else f"{mask(key[0])} to {mask(key[1])}"
