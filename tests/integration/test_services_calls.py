"""What may be asked of calls, from Python as from any other door."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from campaignkit import number
from clikit import attempt, create, fill

from dialer import ClickToCall, Dialer, InvalidCall, JobFilter, Order, Receipt, Settings, Verdict
from dialer.domain.job.codes import Code, Kind
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, Refused
from dialer.errors import CampaignNotFound, InvalidRequest, JobNotFound, StateConflict
from dialer.services.calls.answers import Resolution

README = (Path(__file__).parents[2] / "README.md").read_text()
CALL = ClickToCall(from_="9000000001", to="9100000001")
REFUSED = Refused(Code("1578", "", Kind.REQUEST))


@pytest.fixture
def dialer(cli) -> Iterator[Dialer]:
    """The Python face, on the store of the command line."""
    made = Dialer.from_settings(who="asha")
    yield made
    made.store.server.close()


def row(to: str, **values: object) -> dict[str, object]:
    return {"from": "9000000001", "to": to, **values}


def ids(dialer: Dialer, **which: object) -> list[str]:
    return [job.id for job in dialer.jobs(JobFilter(**which))]  # type: ignore[arg-type]  # names of the filter


# Handing over


def test_a_call_without_a_key_is_asked_for_one(dialer: Dialer):
    """The error names the field, the rule and both ways to go on; nothing is made."""
    with pytest.raises(InvalidCall, match=r"key: is missing: .*by_content=True") as refused:
        dialer.enqueue(CALL)
    assert [field for field, _ in refused.value.problems] == ["key"]
    assert dialer.counts()["ready"] == 0


def test_a_key_or_the_content_names_a_call(dialer: Dialer):
    """By key and by content it is made once; the two are different names."""
    keyed = [dialer.enqueue(CALL, key="order-1") for _ in range(2)]
    named = [dialer.enqueue(CALL, by_content=True) for _ in range(2)]

    for first, again in (keyed, named):
        assert (first.verdict, again.verdict) == (Verdict.CREATED, Verdict.DUPLICATE)
        assert first.job_id == again.job_id
    assert [one.by_content for one in keyed + named] == [False, False, True, True]
    assert len(ids(dialer)) == 2
    assert dialer.get(keyed[0].job_id).events[0].who == "asha"


def test_every_row_gets_a_receipt_in_order(dialer: Dialer):
    """A bad row is a receipt, not an exception; the good ones are made."""
    rows = [
        row("9100000001", key="a"),
        row("98765XXXXX", key="b"),
        row("9100000003"),
        row("9100000004", key="d", account="other"),
        ["9000000001", "9100000005"],
        {1: "9000000001"},
        row("9100000001", key="a"),
        row("9100000007", key="a"),
        row("9100000008", key="h", not_after="2020-01-01T00:00:00Z"),
    ]
    receipts = list(dialer.enqueue_rows(rows))  # type: ignore[arg-type]  # some are no rows

    rejected = Verdict.REJECTED
    assert [one.verdict for one in receipts] == [
        *(Verdict.CREATED, rejected, rejected, rejected, rejected, rejected),
        *(Verdict.DUPLICATE, Verdict.CONFLICT, rejected),
    ]
    fields = [[field for field, _ in one.problems] for one in receipts]
    assert fields == [
        [],
        ["to"],
        ["key"],
        ["account"],
        ["line"],
        ["line"],
        [],
        ["key"],
        ["not_after"],
    ]
    assert len(ids(dialer)) == 1


def test_rows_take_the_account_that_is_meant_and_may_do_without_keys(dialer: Dialer):
    """A row's own account wins; by content it is made once, with duplicates each time."""
    rows = [
        row("9100000001"),
        row("9100000002", account="default"),
        row("9100000003", account=None),
    ]
    for verdict in (Verdict.CREATED, Verdict.DUPLICATE):
        receipts = list(dialer.enqueue_rows(rows, account="shut", by_content=True))
        assert {one.verdict for one in receipts} == {verdict}
    assert [dialer.get(one.job_id).account for one in receipts] == ["shut", "default", "shut"]
    again = list(dialer.enqueue_rows(rows, account="shut", allow_duplicates=True))
    assert {one.verdict for one in again} == {Verdict.CREATED}
    assert not any(one.by_content for one in again)


def test_orders_and_what_was_wrong_with_others_are_answered_in_order(dialer: Dialer):
    """More than a batch of them, read as they are wanted."""
    problem = InvalidCall([("line", "is not a JSON object")])
    orders = [Order(CALL, key=f"k{n}") if n % 2 else problem for n in range(250)]
    receipts = list(dialer.enqueue_many(iter(orders)))

    made = Receipt(Verdict.REJECTED, problems=(("line", "is not a JSON object"),))
    assert receipts[::2] == [made] * 125
    assert {one.verdict for one in receipts[1::2]} == {Verdict.CREATED}


# Looking


def test_a_job_is_found_by_its_key_in_either_mode(dialer: Dialer):
    """The live one before the one in developer mode; another account's is none."""
    rehearsed = dialer.enqueue(CALL.model_copy(update={"mode": "developer"}), key="k")
    assert dialer.find("k").id == rehearsed.job_id
    live = dialer.enqueue(CALL, key="k")
    assert dialer.find("k").id == live.job_id
    with pytest.raises(JobNotFound, match='no job of account shut has the key "k"'):
        dialer.find("k", "shut")


def test_jobs_are_listed_newest_first_over_all_states(cli, dialer: Dialer):
    """One order, whatever their state, and whenever a scheduled one is due."""
    late, soon = cli.job("9100000001", "--at", "9h"), cli.job("9100000002", "--at", "2h")
    ready, gone = cli.job("9100000003"), cli.job("9100000004")
    dialer.cancel([gone])
    last = cli.job("9100000005", "--at", "5h")

    assert ids(dialer) == [last, gone, ready, soon, late]
    assert ids(dialer, state="scheduled") == [last, soon, late]
    assert ids(dialer, account="shut") == []
    with pytest.raises(CampaignNotFound):
        dialer.jobs(JobFilter(campaign="diwli"))


def test_a_job_that_moves_while_it_is_listed_is_listed_once(cli, dialer: Dialer, monkeypatch):
    """It is in the index that was read before, and in the one that is read now."""
    for n in range(3):
        cli.job(f"910000000{n}")
    select = type(dialer.store.jobs).select
    monkeypatch.setattr(
        type(dialer.store.jobs),
        "select",
        lambda jobs, _state, **options: select(jobs, State.READY, **options),
    )
    assert len(ids(dialer)) == 3


def test_a_damaged_record_keeps_no_other_from_the_list(cli, dialer: Dialer):
    """A scheduled job whose record is no record is left out; the others keep their order."""
    first, bad, last = (cli.job(f"910000000{n}", "--at", f"{n}h") for n in (3, 2, 1))
    key = cli.store.server.keys.job(bad)
    cli.store.server.client.delete(key)
    cli.store.server.client.set(key, "rubbish")
    assert ids(dialer, state=State.SCHEDULED) == [last, first]


def test_counts_of_a_campaign_say_who_is_no_job_yet(cli, dialer: Dialer):
    """All jobs by state; a campaign's with its list."""
    create(cli)
    fill(cli)
    cli.job()
    assert "waiting" not in dialer.counts()
    assert dialer.counts("diwali")["waiting"] == 3
    assert (dialer.counts()["ready"], dialer.counts("diwali")["ready"]) == (1, 0)


def test_a_number_is_explained_in_every_list_and_for_every_job(cli, dialer: Dialer):
    """What it waits in, what was made of it, and whether it is on the do-not-call list."""
    create(cli)
    fill(cli)
    job_id = dialer.enqueue(ClickToCall(from_="9100000001", to=number(1)), key="k").job_id
    waits = dialer.explain_number(number(1))
    assert [one.job.id for one in waits.found] == ["diwali:1:1", job_id]
    assert waits.suppressed == []
    assert dialer.explain("diwali:1").waiting
    assert cli("suppress", "add", number(1), "--reason", "asked").status == 0
    assert [one.reason for one in dialer.explain_number(number(1)).suppressed] == ["asked"]
    assert dialer.explain_number("9100000099").found == []
    with pytest.raises(InvalidCall, match="number: "):
        dialer.explain_number("12")
    with pytest.raises(JobNotFound):
        dialer.explain("diwali:9")


# Taking back


def test_a_number_is_cancelled_and_its_lists_are_named(cli, dialer: Dialer):
    """Its waiting jobs are taken back; where it is no job yet is said, and stays."""
    create(cli)
    fill(cli)
    waiting, dead = cli.job(number(2), "--at", "2h"), cli.job(number(2))
    attempt(cli, REFUSED)
    moved, where = dialer.cancel_number(number(2), reason="asked for it")

    assert (moved.done, moved.refused, where.jobs) == ([waiting], {}, [waiting])
    assert where.contacts == [("diwali", 2)]
    assert dialer.get(waiting).reason == "asked for it"
    assert dialer.get(dead).state is State.DEAD
    with pytest.raises(InvalidCall):
        dialer.cancel_number("nobody")


def test_a_contact_that_is_a_job_is_named_once(cli, dialer: Dialer):
    """As that job, and no more as one that its list still rings."""
    create(cli)
    fill(cli)
    assert cli("campaign", "start", "diwali").status == 0
    where = dialer.waiting_for(number(2))

    assert (where.jobs, where.contacts) == (["diwali:2:1"], [])


def test_one_id_is_not_taken_for_its_letters(cli, dialer: Dialer):
    """A text where a list belongs means that one job."""
    job_id = cli.job()
    assert dialer.cancel(job_id).done == [job_id]
    again = dialer.cancel(job_id)
    assert (again.done, again.refused) == ([], {job_id: "cancelled"})


# After the attempt


def test_dead_letters_are_put_back_the_oldest_first(cli, dialer: Dialer):
    """Chosen by code, grouped by code, put back at a speed; done twice it is done once."""
    dead = []
    for n in range(3):
        cli.job(f"910000000{n}")
        dead.append(attempt(cli, REFUSED))
    cli.job("9100000009")
    other = attempt(cli, Refused(Code("1508", "", Kind.REQUEST)))
    (most, least) = dialer.dead_by_code()

    assert (most.code, most.count, most.latest.id) == ("1578", 3, dead[-1])
    assert (least.code, least.count, least.latest.id) == ("1508", 1, other)
    assert dialer.dead_letters(JobFilter(code="1578")) == dead
    for wrong in (0, -1.0):
        with pytest.raises(InvalidCall, match="per_second: must be more than 0"):
            dialer.redrive(dead, per_second=wrong)
    assert dialer.redrive(dead, per_second=0.5).done == dead
    due = [dialer.get(job_id).due for job_id in dead]
    assert due == sorted(due)  # type: ignore[type-var]  # each has one
    assert dialer.redrive(dead).refused == dict.fromkeys(dead, "scheduled")
    assert dialer.discard(dialer.dead_letters(), reason="wrong numbers").done == [other]


def test_what_is_put_back_rings_as_its_campaign_is_defined_now(cli, dialer: Dialer):
    """A dead letter of a campaign that was corrected since is made anew at once."""
    create(cli, "diwali", "--set", "from=12", "--set", "fromType=Agent", "--column", "to=phone")
    fill(cli, 1)
    assert cli("campaign", "start", "diwali").status == 0
    job_id = attempt(cli, REFUSED)
    assert (
        cli("campaign", "set", "diwali", "--set", "from=21", "--set", "fromType=Agent").status == 0
    )
    assert "21" not in dialer.get(job_id).content
    assert dialer.redrive([job_id]).done == [job_id]
    assert "21" in dialer.get(job_id).content


@pytest.mark.parametrize(
    ("finding", "state"), [("placed", State.PLACED), (Resolution.DEAD, State.DEAD)]
)
def test_what_a_person_found_out_is_on_record(cli, dialer: Dialer, finding, state):
    """Who said it, and why; said once."""
    job_id = cli.job()
    attempt(cli, Doubtful("no answer within 30s"))
    assert [job.id for job in dialer.unconfirmed()] == [job_id]
    assert dialer.unconfirmed("shut") == []
    assert dialer.resolve(job_id, finding, reason="seen in the list") == timedelta(0)
    job = dialer.get(job_id)
    assert (job.state, job.events[-1].who, job.reason) == (state, "asha", "seen in the list")
    with pytest.raises(StateConflict):
        dialer.resolve(job_id, finding, reason="seen in the list")


def test_ringing_again_waits_for_the_end_of_the_quarantine(cli, dialer: Dialer):
    """How much of it is left is the answer, and nothing was changed."""
    job_id = cli.job()
    attempt(cli, Doubtful("no answer within 30s"))
    quarantine = dialer.settings.jobs.quarantine
    left = dialer.resolve(job_id, "again", reason="they asked")
    job = dialer.get(job_id)

    assert timedelta(0) < left <= quarantine
    assert job.state is State.UNCONFIRMED
    assert job.quarantine_ends(quarantine) <= datetime.now(UTC) + quarantine
    with pytest.raises(InvalidRequest, match="maybe"):
        dialer.resolve(job_id, "maybe", reason="they asked")


def test_the_readme_uses_the_face_as_it_is(cli, dialer: Dialer, capsys):
    """Its Python runs as it is written."""
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    capsys.readouterr()
    exec(example, {})
    said = capsys.readouterr().out.splitlines()

    job = dialer.find("order-17")
    assert said[0] == f"created {job.id}"
    assert said[1].startswith("rejected (('to', ")
    assert said[2] == "ready"
    assert (job.state, job.reason) == (State.CANCELLED, "the order was withdrawn")
    assert Settings.load().accounts.keys() == dialer.settings.accounts.keys()
