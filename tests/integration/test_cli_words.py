"""What people write on the command line: reasons, names, keys; and where it is shown again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from campaignkit import number
from clikit import attempt, create, fill

from dialer.domain.job.outcome import Doubtful
from dialer.text.printable import printable

RAW = "+91 90000 00101"
SEEN = f"saw {RAW} in the list"
MASKED = "saw ******0101 in the list"


def resolved(cli) -> str:
    job_id = cli.job()
    attempt(cli, Doubtful("no answer within 30s"))
    ran = cli("unconfirmed", "resolve", job_id, "dead", "--reason", SEEN)
    assert ran.status == 0, ran.err
    assert MASKED in ran.out
    return job_id


@pytest.mark.parametrize(
    "command",
    [
        "jobs",
        "jobs --json",
        "job ID",
        "job ID --json",
        "dead show ID",
        "dead list",
        "dead list --json",
        "explain ID",
        "explain ID --json",
    ],
)
def test_number_in_a_reason_is_masked_wherever_a_job_is_shown(cli, command: str):
    """Not only `to`: what a person wrote holds numbers too. Who reveals sees them."""
    arguments = command.replace("ID", resolved(cli)).split()
    ran = cli(*arguments)
    said = " ".join(ran.out.split())

    assert ran.status == 0, ran.err
    assert "90000 00101" not in said
    assert "******0101" in said
    if "explain" not in command:
        assert "90000 00101" in " ".join(cli(*arguments, "--reveal").out.split())


@pytest.mark.parametrize("command", ["list", "list --json", f"check {number(1)}"])
def test_number_in_a_reason_is_masked_on_the_do_not_call_list(cli, command: str):
    """As in the records of jobs."""
    assert cli("suppress", "add", number(1), "--reason", SEEN).status == 0
    assert MASKED in " ".join(cli("suppress", *command.split()).out.split())


@pytest.mark.parametrize(("command", "times"), [("status", 2), ("status --json", 3)])
def test_number_in_the_reason_of_a_hold_is_masked_where_the_oldest_job_waits(cli, command, times):
    """The first reason why it waits is what somebody wrote."""
    cli.job()
    assert cli("hold", "set", "--account", "default", "--reason", SEEN).status == 0
    said = " ".join(cli(*command.split()).out.split())
    assert "90000 00101" not in said
    assert said.count(MASKED) == times


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "campaign show diwali",
        "campaign show diwali --json",
        "campaign list --json",
    ],
)
def test_number_of_who_paused_a_campaign_is_masked(cli, command: str):
    """In the name of a person, and in the reason."""
    create(cli)
    fill(cli)
    assert cli("campaign", "start", "diwali").status == 0
    who = ("--who", "asha 9000000102", "--reason", SEEN)
    assert cli("campaign", "pause", "diwali", *who).status == 0
    said = " ".join(cli(*command.split()).out.split())
    assert "9000000102" not in said
    assert "90000 00101" not in said
    assert "asha ******0102" in said
    assert MASKED in said


@pytest.mark.parametrize("command", ["doctor", "doctor --json"])
def test_number_of_who_recovered_a_store_is_masked_by_the_doctor(cli, command: str):
    """It runs as a health check, and a container keeps what it says."""
    assert cli("recover", "--who", "ravi 9000000103").status == 0
    said = " ".join(cli(*command.split()).out.split())
    assert "9000000103" not in said
    assert "ravi ******0103" in said


def test_text_with_tabs_and_lines_is_one_line_on_every_record(cli):
    """The do-not-call list too: its reasons stand in a table."""
    assert cli("suppress", "add", number(1), "--reason", "a\tb\nc", "--who", "asha\n").status == 0
    record = cli("suppress", "list", "--json").record
    assert (record["who"], record["reason"]) == ("asha", "a b c")


EVIL = "a\x1b[2J\x9b1m\r\u202e\u2066\x07b"


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", EVIL],
        ["explain", "--key", EVIL],
        ["job", EVIL],
        ["job", "--key", EVIL],
        ["cancel", EVIL],
        ["cancel", "--number", EVIL],
        ["dead", "redrive", EVIL],
        ["dead", "list", "--code", EVIL],
        ["jobs", "--state", EVIL],
        ["jobs", "--campaign", EVIL],
        ["unconfirmed", "resolve", EVIL, "dead"],
        ["suppress", "add", EVIL],
        ["suppress", "check", EVIL],
        ["suppress", "list", "--account", EVIL],
        ["hold", "set", "--all", "--reason", EVIL, "--who", EVIL],
        ["hold", "set", "--pool", EVIL],
        ["hold", "release", "--all", "--owner", EVIL],
        ["hold", "release", "--account", EVIL],
        ["account", "set", EVIL, "--calls-per-second", "1"],
        ["campaign", "show", EVIL],
        ["campaign", "start", EVIL],
        ["campaign", "create", EVIL],
        ["campaign", "create", "x", "--set", f"{EVIL}=1", "--to", EVIL],
        ["campaign", "import", "x", EVIL],
        ["campaign", "import", EVIL, "-"],
        ["enqueue", EVIL],
        ["suppress", "import", EVIL],
        ["suppress", "import", "-"],
        ["enqueue", "-"],
        ["call", EVIL, EVIL],
        ["call", "9000000001", "9100000001", "--param", f"{EVIL}=1"],
        ["call", "9000000001", "9100000001", "--at", EVIL],
        ["hours", EVIL],
        ["hours", "--zone", EVIL],
        ["hours", "--preset", EVIL],
        [EVIL],
        [f"--{EVIL}"],
        ["jobs", f"--{EVIL}"],
        ["campaign", EVIL],
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["for people", "as JSON"])
def test_arguments_and_files_reach_no_terminal(cli, arguments: list[str], more: list[str]):
    """What a person types, or a file holds, is shown and cannot do anything to a terminal."""
    ran = cli(*arguments, *more, stdin=f'{EVIL}\n{{"to": "{EVIL}", "{EVIL}": 1}}\n')
    shown = ran.out + ran.err

    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


def test_words_on_record_reach_no_terminal(cli):
    """Those of a hold, a list and a job, wherever they are listed, as people and programs read."""
    job_id, words = cli.job(), ["--reason", EVIL, "--who", EVIL]
    shown = []
    for command in (
        ["hold", "set", "--all", *words],
        ["suppress", "add", "9100000009", *words],
        ["cancel", job_id, *words],
        ["hold", "list"],
        ["hold", "history"],
        ["suppress", "list"],
        ["suppress", "check", "9100000009"],
        ["job", job_id],
        ["explain", job_id],
        ["jobs"],
        ["status"],
        ["doctor"],
        ["hold", "release", "--all", *words],
    ):
        ran = cli(*command)
        shown.append(ran.out + ran.err)
    text = "".join(shown).replace("\n", "")

    assert printable(text) == text
    assert "a\ufffd[2J" in text


def test_stop_is_not_refused_for_a_letter_that_is_no_text(cli):
    """A terminal that does not write UTF-8 must not keep anybody from stopping calls."""
    latin = os.fsdecode(b"caf\xe9")
    assert cli("hold", "set", "--all", "--reason", latin, f"--who={latin}").status == 0
    assert [(one.who, one.reason) for one in cli.store.holds.all()] == [("caf\ufffd", "caf\ufffd")]
    assert cli("suppress", "add", number(1), "--reason", latin).status == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["jobs", "--campaign", "NAME"], "--campaign"),
        (["jobs", "--campaign=NAME"], "--campaign"),
        (["job", "--key", "NAME"], "--key"),
        (["campaign", "show", "NAME"], "the arguments"),
        (["hold", "set", "--all", "--owner", "NAME"], "--owner"),
    ],
)
def test_name_that_is_no_text_is_refused_by_its_option(cli, arguments: list[str], named: str):
    """Nothing of the kind is in the store, and nothing is asked of it."""
    latin = os.fsdecode(b"caf\xe9")
    ran = cli(*(one.replace("NAME", latin) for one in arguments))

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"{named}: ")
    assert 'caf?" is no text in UTF-8' in ran.err
    assert cli.store.holds.all() == []


def test_file_may_have_any_name(cli):
    """How a file is called is between the shell and the disk."""
    Path(os.fsdecode(b"caf\xe9.jsonl")).write_text('{"from": "9000000001", "to": "9000000002"}\n')
    ran = cli("enqueue", os.fsdecode(b"caf\xe9.jsonl"))
    assert (ran.status, "1 created" in ran.out) == (0, True), ran.err


def test_command_line_prints_no_log_lines(cli):
    """Its answer stands on stdout; what it moved is on record, and nothing of it on stderr."""
    ran = subprocess.run(
        [sys.executable, "-m", "dialer", "recover", "--who", f"asha {RAW}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [hold.owner for hold in cli.store.holds.all()] == ["recover"]


@pytest.mark.parametrize(
    "group", ["", "campaign", "hold", "suppress", "dead", "unconfirmed", "account"]
)
def test_bare_group_prints_its_help_as_help_does(cli, group: str):
    """Line for line; only the stream and the exit say that nothing was asked for."""
    bare, asked = cli(*group.split()), cli(*group.split(), "--help")

    assert (bare.status, asked.status) == (2, 0)
    assert bare.out + bare.err == asked.out + asked.err
    assert len(bare.err.splitlines()) > 5


@pytest.mark.parametrize("command", ["frobni\ncate", "hold frobni\ncate", "jobs --fro\nb"])
def test_complaint_about_an_argument_stays_on_its_line(cli, command: str):
    """What somebody typed writes no lines of its own, also where help is near."""
    ran = cli(*command.split(" "))

    assert ran.status == 2
    assert ran.err.splitlines()[-1].startswith(("Error: ", "Try", "No such"))
    assert "cate" not in [line[:4] for line in ran.err.splitlines()]


def test_refused_call_is_named_by_field_and_rule_and_its_number_is_masked(cli):
    """Typed or in a file, in words or as JSON: as the do-not-call list does."""
    typed = cli("call", "12", "9000000101 9000000102", "--from-type", "Agent")
    row = '{"from": "12", "fromType": "Agent", "to": "9000000101 9000000102"}'
    handed = cli("enqueue", "-", stdin=row)
    told = cli("call", "12", "9000000101 9000000102", "--from-type", "Agent", "--json")

    for said in (typed.err, handed.err, told.out):
        assert "to" in said
        assert "******0101" in said
        assert "9000000101" not in said
    assert (typed.status, handed.status, told.status) == (1, 1, 1)


def test_reason_of_a_hold_is_kept_whole(cli):
    """A machine's takes two sentences; what is longer than any of them is cut."""
    cli.store.holds.set("all", owner="manual", who="w" * 300, reason="r" * 500)
    (hold,) = cli.store.holds.all()

    assert (len(hold.who), len(hold.reason)) == (200, 400)
