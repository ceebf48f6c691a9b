"""The judge finds every broken promise, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dialer.sandbox.ledger import Ledger, Ring, Row, read_ledger
from dialer.sandbox.oracle import judge, placed_more_than_once, rings_outside

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
A, B, C = "9000000001", "9000000002", "9000000003"


def row(seq, call_id="", *, to=B, placed=None, method="POST", mode="live", rings=()):
    return Row(
        seq=seq,
        first_byte_at=NOW,
        head_at=NOW,
        first_byte_ns=0,
        head_ns=0,
        method=method,
        params={"from": A, "to": to},
        mode=mode,
        verdict="200" if call_id else "1508",
        placed=bool(call_id) if placed is None else placed,
        call_id=call_id,
        rings=rings,
    )


def job(name, state, call_id="", *, to=B, **more):
    return {"id": name, "from": A, "to": to, "state": state, "call_id": call_id, **more}


def ring(leg, after):
    start = NOW + timedelta(seconds=after)
    return Ring("c1", leg, "number", B, start, start + timedelta(seconds=5), answered=False)


RIGHT = [
    pytest.param([], [], id="nothing happened"),
    pytest.param([row(1, "c1")], [job("j1", "placed", "c1")], id="placed once and named"),
    pytest.param([row(1), row(2, "c1")], [job("j1", "placed", "c1")], id="refused, then placed"),
    pytest.param([row(1)], [job("j1", "dead")], id="refused and dead"),
    pytest.param([], [job("j1", "scheduled")], id="never sent"),
    pytest.param([row(1, "c1")], [job("j1", "unconfirmed")], id="in doubt and rang"),
    pytest.param([], [job("j1", "unconfirmed")], id="in doubt and did not ring"),
    pytest.param([row(1, "c1")], [job("j1", "ended", "c1")], id="ended by a report"),
    pytest.param([row(1, "c1")], [job("j1", "ended", None)], id="ended after a doubt"),
    pytest.param(
        [row(1, "c1"), row(2, "c2")],
        [job("j1", "placed", "c1"), job("j2", "placed", "c2")],
        id="the same pair wanted twice",
    ),
    pytest.param(
        [row(1, "c1"), row(2, "c2")],
        [job("j1", "placed", "c2", doubts=1)],
        id="rung again by a person after a doubt",
    ),
    pytest.param([row(1, "c1")], [job("j1", "dead", doubts=1)], id="a doubt settled as dead"),
    pytest.param(
        [row(1, "c1", placed=False, mode="developer")],
        [job("j1", "placed", "c1")],
        id="developer with a call id",
    ),
    pytest.param(
        [
            Row(
                1,
                NOW,
                NOW,
                0,
                0,
                "POST",
                params={"from": A, "to": B},
                mode="developer",
                verdict="200",
            )
        ],
        [job("j1", "placed")],
        id="developer without a call id",
    ),
    pytest.param(
        [row(1, "c1")],
        [{"id": "j1", "from": [f"+91{A}"], "to": f"0{B}", "state": "placed", "call_id": "c1"}],
        id="the same numbers in other words",
    ),
]

WRONG = [
    pytest.param(
        [row(1, "c1"), row(2, "c2")],
        [job("j1", "placed", "c2")],
        ["was placed 2 times", "was placed 2 times", "no job that admits it"],
        id="a naive worker rang again after a timeout",
    ),
    pytest.param(
        [row(1, "c1"), row(2, "c2")],
        [job("j1", "unconfirmed"), job("j2", "cancelled", to=C)],
        ["was placed 2 times", "was placed 2 times", "no job that admits it"],
        id="one doubt does not explain two calls",
    ),
    pytest.param(
        [row(1, "c1"), row(2, "c2")],
        [job("j1", "unconfirmed"), job("j2", "dead")],
        ["no job that admits it"],
        id="two jobs for a pair, one of which says it never rang",
    ),
    pytest.param(
        [row(1, "c1")], [job("j1", "dead")], ["no job that admits it"], id="dead yet rang"
    ),
    pytest.param(
        [row(1, "c1")], [job("j1", "ready")], ["no job that admits it"], id="ready yet rang"
    ),
    pytest.param(
        [row(1, "c1")],
        [job("j1", "skipped", "c1")],
        ["is skipped and yet names call c1"],
        id="skipped with a call id",
    ),
    pytest.param([], [job("j1", "placed", "c9")], ["which nobody placed"], id="an invented call"),
    pytest.param([], [job("j1", "placed")], ["names no call"], id="placed without an id"),
    pytest.param(
        [row(1, "c1", to=C)],
        [job("j1", "placed", "c1")],
        ["which rang ******0001 to ******0003", "was placed 1 times", "was placed 1 times"],
        id="another number rang",
    ),
    pytest.param(
        [row(1, "c1")],
        [job("j1", "placed", "c1"), job("j2", "placed", "c1")],
        ["name the same call c1"],
        id="two jobs claim one call",
    ),
    pytest.param(
        [row(1, "c1")],
        [],
        ["was placed 1 times", "was placed 1 times", "no job that admits it"],
        id="a call nobody asked for",
    ),
    pytest.param(
        [row(1, "c1", method="GET")],
        [job("j1", "placed", "c1")],
        ["row 1 is a GET"],
        id="a GET that rang",
    ),
    pytest.param([], [job("j1", "lost")], ["no known state"], id="no such state"),
    pytest.param([], [{"id": "j1", "from": A, "to": B}], ["no known state"], id="no state at all"),
    pytest.param(
        [],
        [job("j1", "ready"), job("j1", "dead")],
        ["listed 2 times"],
        id="in two states at once",
    ),
]


@pytest.mark.parametrize(("rows", "jobs"), RIGHT)
def test_a_kept_promise_passes(rows, jobs):
    """What the design allows is no violation."""
    verdict = judge(rows, jobs)
    assert verdict.violations == ()
    assert verdict.ok


@pytest.mark.parametrize(("rows", "jobs", "sentences"), WRONG)
def test_a_broken_promise_is_found(rows, jobs, sentences):
    """Each violation is one sentence, and no sentence shows a number."""
    verdict = judge(rows, jobs)
    assert len(verdict.violations) == len(sentences)
    for sentence, part in zip(verdict.violations, sentences, strict=True):
        assert part in sentence
        assert not any(number in sentence for number in (A, B, C))
    assert not verdict.ok


def test_masked_jobs_cannot_be_judged():
    """A list with masked numbers is refused instead of being judged wrongly."""
    with pytest.raises(ValueError, match="job j1: to is masked"):
        judge([], [job("j1", "ready", to="+91******0002")])


def test_double_placing_is_found_by_any_key():
    """Rows that share a pair, or whatever key is asked for, come back together."""
    rows = [row(1, "c1"), row(2), row(3, "c2"), row(4, "c3", to=C)]
    assert placed_more_than_once(rows) == {(A, B): [rows[0], rows[2]]}
    assert list(placed_more_than_once(rows, key=lambda each: each.params["from"])) == [A]


def test_rings_are_held_against_the_windows():
    """A ring counts by its first moment; a window holds its start and not its end."""
    rows = [row(1, "c1", rings=tuple(ring("to", after) for after in (-1, 0, 59, 60)))]
    window = (NOW, NOW + timedelta(seconds=60))
    outside = rings_outside(rows, [window])
    assert [(r.start - NOW).total_seconds() for r in outside] == [-1, 60]
    assert rings_outside(rows, [window], legs=["from"]) == []
    assert len(rings_outside(rows, [])) == 4


def test_rows_survive_json():
    """A row read back is the row that was written."""
    whole = row(1, "c1", rings=(ring("from", 0), ring("to", 5)))
    assert Row.from_json(json.loads(whole.to_json())) == whole


def test_a_reset_forgets_rows_and_never_numbers():
    """After a reset the ledger is empty and counts on."""
    ledger = Ledger()
    ledger.append(row(ledger.next_seq(), "c1"))
    ledger.append(row(ledger.next_seq()))
    assert [r.seq for r in ledger.rows(since=1)] == [2]
    assert (len(ledger.placed()), ledger.summary()["placed"]) == (1, 1)
    ledger.reset()
    assert (ledger.rows(), ledger.next_seq()) == ([], 3)


def test_a_ledger_file_reads_back(tmp_path):
    """What one process appends, another reads."""
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append(row(1, "c1", rings=(ring("to", 1),)))
    assert read_ledger(path) == ledger.rows()
    ledger.close()
