"""Handing calls over, and looking at jobs, from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dialer.domain.job.job import State
from dialer.domain.job.new_job import BATCH
from dialer.errors import StoreRefused, StoreUnavailable
from dialer.lists import read_orders
from dialer.store.redis.server import Server


def line(**values: object) -> str:
    return json.dumps({"from": "9000000001", **values}) + "\n"


def test_call_is_created_once_and_says_what_to_do_to_ring_again(cli):
    """The same call again is the same job; the answer names the way to ring again."""
    first = cli("call", "9000000001", "9100000001")
    again = cli("call", "9000000001", "9100000001")

    assert first.status == again.status == 0
    assert first.out.startswith("created job ")
    assert again.out.startswith("duplicate of job ")
    assert "use --key or --allow-duplicates" in again.out
    assert cli.store.jobs.counts()[State.READY] == 1


def test_call_with_allow_duplicates_rings_again(cli):
    """--allow-duplicates makes another job of the same content."""
    assert cli.job() != cli.job("9100000001", "--allow-duplicates")


@pytest.mark.parametrize("usual", ["to", "from", "both"])
def test_the_leg_with_phones_is_protected_where_none_is_named(cli, usual):
    """A customer who is rung first needs no word for it; handed in again it is the same job."""
    cli.monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", usual)
    back = line(to="7", toType="Group")

    assert cli("enqueue", "-", stdin=back).out.startswith("1 created")
    assert cli("enqueue", "-", stdin=back).out.startswith("0 created, 1 duplicate")
    (job,) = cli("jobs", "--json").records
    assert cli.store.jobs.get(job["id"]).protected == ("+919000000001",)


def test_key_used_for_another_call_is_a_conflict(cli):
    """Same key, other call: exit 1, and the job that has the key is named."""
    job_id = cli.job("9100000001", "--key", "order-1")
    ran = cli("call", "9000000001", "9100000002", "--key", "order-1")

    assert ran.status == 1
    assert ran.out == ""
    assert ran.err == f'conflict: key: "order-1" was used for another call (job {job_id}, ready)\n'


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=30)])
def test_moment_that_is_just_over_means_now(cli, ago):
    """Who writes what the clock says is rung with the next free slot."""
    at = (datetime.now(UTC) - ago).isoformat()

    assert cli.store.jobs.get(cli.job("9100000001", "--at", at)).state is State.READY
    assert cli.store.jobs.get(cli.job("9100000002", "--at", "0s")).state is State.READY


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["98765XXXXX"], 1, 'rejected: to: "98765XXXXX" holds letters; write ten digits'),
        (["9100000001", "--param", "user_id=1"], 1, "rejected: user_id: belongs to the account"),
        (["9100000001", "--account", "other"], 1, 'rejected: account: "other" is unknown'),
        (["9100000001", "--priority", "10"], 1, "rejected: priority: must be 0 to 9"),
        (["9100000001", "--at", "tomorrow"], 2, "--at"),
        (["9100000001", "--at", "2030-01-01T10:00:00"], 2, "needs an offset from UTC"),
        (["9100000001", "--at", "2026-01-01T10:00:00+05:30"], 2, "has passed"),
        (["9100000001", "--not-before", "2020-01-01T10:00:00Z"], 2, "has passed"),
        (["9100000001", "--param", "timeLimit"], 2, "is not NAME=VALUE"),
        (["9100000001", "--param", "to=9100000002"], 2, "to is given twice"),
    ],
)
def test_bad_call_names_field_and_rule(cli, arguments, status, sentence):
    """A call that breaks a rule is refused by field and rule, and nothing is enqueued."""
    ran = cli("call", "9000000001", *arguments)

    assert (ran.status, ran.out) == (status, "")
    assert sentence in ran.err
    assert sum(cli.store.jobs.counts().values()) == 0


def test_options_of_call_reach_the_job(cli):
    """Parameters, priority, times and customer are those of the options."""
    job = cli.store.jobs.get(
        cli.job(
            "9100000001",
            *("--priority", "9", "--customer", "both", "--time-limit", "60", "--from-ring-time"),
            *("15", "--param", "toRetryCount=2", "--not-before", "2h", "--not-after", "3h"),
        )
    )
    content = json.loads(job.content)

    assert (job.priority, job.customer, job.state) == (9, "both", State.SCHEDULED)
    assert (content["timeLimit"], content["fromRingTime"], content["toRetryCount"]) == (60, 15, 2)
    assert job.due is not None
    assert timedelta(minutes=59) < job.not_after - job.due < timedelta(minutes=61)


def test_call_outside_hours_says_when_it_is_rung(cli):
    """With the account closed, the receipt says until when and why."""
    ran = cli("call", "9000000001", "9100000001", "--account", "shut", "--not-after", "200h")

    assert "it may be rung from" not in ran.out  # there is no worker
    assert "10:00:00 UTC" in ran.out
    assert "calling hours" in ran.out


def test_call_that_will_be_skipped_says_so(cli):
    """A deadline before the next opening is said at once."""
    ran = cli("call", "9000000001", "9100000001", "--account", "shut", "--not-after", "2h")

    assert "it will not be rung, unless this changes" in ran.out
    assert "it will be skipped" in ran.out


def test_file_is_taken_line_by_line(cli):
    """Good lines go in, each bad one is reported by line, field and rule; the counts end it."""
    text = (
        line(to="9100000001")
        + line(to="98765XXXXX")
        + "rubbish\n\n"
        + line(to="9100000002", key="k")
        + line(to="9100000003", key="k")
        + line(to="9100000001")
        + line(to="9100000004", account="other")
    )
    ran = cli("enqueue", "-", "--json", stdin=text)

    assert ran.status == 1
    assert ran.record == {"created": 2, "duplicate": 1, "conflict": 1, "rejected": 3}
    assert [one.split(":")[0] for one in ran.err.splitlines()] == [
        *("line 2", "line 3", "line 6", "line 8")
    ]
    assert 'line 2: to: "98765XXXXX" holds letters; write ten digits' in ran.err


def test_same_file_again_creates_nothing(cli, tmp_path):
    """The second run of a file is all duplicates, and exits 0."""
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(line(to=f"91000{n:05d}") for n in range(1200)))

    assert cli("enqueue", str(path)).out == "1200 created, 0 duplicate, 0 conflict, 0 rejected\n"
    again = cli("enqueue", str(path))
    assert (again.status, again.out) == (0, "0 created, 1200 duplicate, 0 conflict, 0 rejected\n")


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize(("first", "then"), [("to", "from"), ("from", "to"), ("both", "from")])
def test_same_file_under_another_default_creates_nothing(cli, monkeypatch, first, then, keyed):
    """The account protects another side by now; the same phones would ring for the same thing."""
    lines = "".join(
        line(to=f"91000{n:05d}", **({"key": f"k{n}"} if keyed else {})) for n in range(250)
    )
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", first)
    assert cli("enqueue", "-", stdin=lines).out.startswith("250 created")
    before = {job.id for job in cli.store.jobs.select()}
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", then)
    again = cli("enqueue", "-", stdin=lines)
    assert again.out == "0 created, 250 duplicate, 0 conflict, 0 rejected\n"
    assert {job.id for job in cli.store.jobs.select()} == before
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", first)
    assert cli("enqueue", "-", stdin=lines).out.startswith("0 created, 250 duplicate")


def test_the_job_that_was_found_is_named_under_another_default(cli, monkeypatch):
    """A receipt's id is that of the job there is."""
    job_id = cli.job()
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", "from")
    ran = cli("call", "9000000001", "9100000001", "--json")
    assert (ran.record["verdict"], ran.record["id"]) == ("duplicate", job_id)


def test_a_customer_that_is_named_is_part_of_what_was_asked_for(cli, monkeypatch):
    """Another side in the line is another job, with a key a conflict; whatever the default."""
    named = line(to="9100000001", customer="from") + line(to="9100000002", key="k", customer="from")
    bare = line(to="9100000001") + line(to="9100000002", key="k")
    assert cli("enqueue", "-", stdin=bare).out.startswith("2 created")
    other = cli("enqueue", "-", stdin=named)
    assert other.out.startswith("1 created, 0 duplicate, 1 conflict")
    monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__CUSTOMER", "from")
    assert cli("enqueue", "-", stdin=bare).out.startswith("0 created, 2 duplicate")


def test_lines_without_account_take_the_one_of_the_option(cli):
    """--account is meant where a line names none, and only there."""
    cli(
        "enqueue",
        "-",
        *("--account", "shut"),
        stdin=line(to="9100000001") + line(to="9100000002", account="default"),
    )
    accounts = {job["to"]: job["account"] for job in cli("jobs", "--json", "--reveal").records}

    assert accounts == {"+919100000001": "shut", "+919100000002": "default"}


def test_store_full_in_the_middle_says_what_was_taken(cli, monkeypatch):
    """When the store fills up mid-file, the last line taken is named, and exit is 1."""
    shares = iter([0.1, 0.1])
    monkeypatch.setattr(
        "dialer.store.redis.server.Server.refuse_when_full", lambda *_: full(shares)
    )
    text = "".join(line(to=f"91000{n:05d}") for n in range(1200))
    ran = cli("enqueue", "-", "--json", stdin=text)

    assert ran.status == 1
    assert ran.record["created"] == 2 * BATCH
    assert f"everything up to line {2 * BATCH} was taken" in ran.err
    assert "Redis is full" in ran.err


@pytest.mark.parametrize(
    ("option", "step"),
    [((), "running the same command again is safe"), (("--allow-duplicates",), "look for those")],
)
def test_lost_store_in_the_middle_says_what_may_have_been_taken(cli, monkeypatch, option, step):
    """Lines that were sent and have no answer are named: of them nobody knows."""
    given = Server.run_each

    def lost(server, script, asks, *, ahead=0):
        answers = given(server, script, asks, ahead=ahead)
        yield next(answers)
        next(answers)
        raise StoreUnavailable("Redis does not answer")

    monkeypatch.setattr(Server, "run_each", lost)
    text = "".join(line(to=f"91000{n:05d}") for n in range(1200))
    ran = cli("enqueue", "-", "--json", *option, stdin=text)

    assert (ran.status, ran.record["created"]) == (1, BATCH)
    read = (2 if option else 4) * BATCH
    assert ran.err.startswith(
        f"stopped: everything up to line {BATCH} was taken, and of the lines up to {read} some may"
        f" be; {step}"
    )


def full(shares):
    if next(shares, None) is None:
        raise StoreRefused("Redis is full: make room")


def test_interrupted_file_says_what_was_taken_and_no_more(cli, monkeypatch):
    """Ctrl-C: the last line taken, the counts, status 130, no traceback."""
    text = "".join(line(to=f"91000{n:05d}") for n in range(BATCH))

    def interrupted(lines, **options):
        yield from read_orders(lines, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr("dialer.cli.enqueue.read_orders", interrupted)
    ran = cli("enqueue", "-", "--json", stdin=text)

    assert ran.status == 130
    assert ran.record["created"] == BATCH
    assert ran.err.startswith(f"stopped: everything up to line {BATCH} was taken")
    assert ran.err.count("\n") == 1


def test_jobs_are_filtered_and_masked(cli):
    """--state, --account and --code choose; numbers are masked unless --reveal."""
    ready = cli.job("9100000001")
    cli.job("9100000002", "--at", "2h")
    cli.job("9100000003", "--account", "shut")
    chosen = cli("jobs", "--json", "--state", "ready", "--account", "default").record

    assert (chosen["id"], chosen["to"], chosen["state"]) == (ready, "+91******0001", "ready")
    assert datetime.fromisoformat(chosen["created"]).tzinfo is UTC
    assert cli("jobs", "--json", "--code", "1578").records == []
    assert len(cli("jobs", "--json").records) == 3
    assert cli("jobs", "--json", "--state", "ready", "--reveal").records[0]["to"].startswith("+919")


def test_table_of_jobs_fits_a_narrow_paper_and_counts(cli):
    """The table keeps to 100 columns, shows the newest, and ends with counts."""
    for n in range(4):
        cli.job(f"910000000{n}")
    out = cli("jobs", "--limit", "2").out

    assert max(map(len, out.splitlines())) <= 100
    assert "2 shown. All jobs: 4 ready" in out
    assert "9100000003" not in out


def test_job_shows_its_history(cli):
    """One job by id or by key, with its events."""
    job_id = cli.job("9100000001", "--key", "order-1")
    record = cli("job", "--key", "order-1", "--json").record

    assert record["id"] == job_id
    assert [event["to"] for event in record["events"]] == ["ready"]
    assert "order-1" in cli("job", job_id).out


@pytest.mark.parametrize("command", ["job", "explain", "cancel"])
def test_unknown_job_is_exit_1(cli, command):
    """A job that does not exist is one sentence and exit 1; nothing but that is printed."""
    ran = cli(command, "a" * 26)

    assert ran.status == 1
    assert "no such job" in ran.err or "no job" in ran.err


@pytest.mark.parametrize("command", ["job", "explain"])
def test_key_in_the_place_of_an_id_is_told_apart(cli, command):
    """Who gives a key where an id belongs is told the option for it."""
    cli.job("9100000001", "--key", "order-1")
    ran = cli(command, "order-1")

    assert (ran.status, ran.err.endswith("if it is a key: --key order-1\n")) == (1, True)


def test_call_that_is_held_says_how_to_go_on(cli):
    """What stands in the way of a new call comes with the step that ends it."""
    cli("hold", "set", "--all", "--reason", "fire drill")

    assert "→ dialer hold release --all" in cli("call", "9000000001", "9100000001").out
    assert "held by operator" in cli("account", "list").out


@pytest.mark.parametrize("command", ["job", "explain", "cancel"])
def test_naming_no_job_is_wrong_usage(cli, command):
    """Without id and key the command cannot be meant: exit 2."""
    assert cli(command).status == 2


def test_cancel_by_id_key_and_number(cli):
    """Waiting jobs are cancelled by any name of theirs; one that is cancelled is refused."""
    first, second = cli.job("9100000001"), cli.job("9100000002", "--key", "k")
    third = cli.job("9100000003")

    assert cli("cancel", first).status == 0
    assert cli("cancel", "--key", "k").status == 0
    assert cli("cancel", "--number", "9100000003").status == 0
    states = {cli.store.jobs.get(job_id).state for job_id in (first, second, third)}
    assert states == {State.CANCELLED}
    again = cli("cancel", first)
    assert (again.status, "it is cancelled" in again.err) == (1, True)


def test_explain_names_every_reason_in_order(cli):
    """Held, closed, on do-not-call and without a worker: all of it is said, in that order."""
    job_id = cli.job("9100000001", "--account", "shut", "--not-after", "200h")
    cli("hold", "set", "--all", "--reason", "fire drill")
    cli("suppress", "add", "9100000001", "--reason", "asked for it")
    record = cli("explain", "9100000001", "--json").record

    assert record["id"] == job_id
    assert [reason["reason"] for reason in record["reasons"]] == [
        *("hold", "hours", "do_not_call", "workers")
    ]
    assert record["next"] is None
    out = cli("explain", job_id).out
    assert "fire drill" in out
    assert "9100000001" not in out


def test_explain_of_a_number_nobody_called_is_exit_1(cli):
    """A number without jobs is not found, and its do-not-call entry is said."""
    cli("suppress", "add", "9100000001", "--reason", "asked for it")
    ran = cli("explain", "9100000001")

    assert ran.status == 1
    assert "asked for it" in ran.err


def test_calls_that_will_ring_nobody_are_said(cli):
    """An account that says nothing of its mode is in developer mode: easily overlooked."""
    text = line(to="9100000001") + line(to="9100000002", mode="developer")
    assert "note: 1 call of these is in developer mode" in cli("enqueue", "-", stdin=text).out
    again = cli("enqueue", "-", stdin=text).out
    assert "2 duplicate" in again
    assert "developer" not in again
    both = "".join(line(to=f"910000001{nth}", account="shut") for nth in range(2))
    assert "note: 2 calls of these are in developer mode" in cli("enqueue", "-", stdin=both).out
    assert cli("enqueue", "-", "--json", stdin=text).record.keys() == {
        *("created", "duplicate", "conflict", "rejected")
    }
