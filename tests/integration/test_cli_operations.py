"""Operating from the command line: dead letters, doubts, holds, limits, lists, status, doctor."""

import subprocess
import sys
from datetime import timedelta

import pytest
from clikit import attempt, create, dial, fill
from rich.console import Group

from dialer.cli.status import page
from dialer.domain.job.attempt import No
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, Placed, Refused
from dialer.sandbox import Sandbox


@pytest.fixture
def dead(cli) -> list[str]:
    """Two dead letters of one code and one of another."""
    codes = ["1508", "1508", "1574"]
    for n in range(len(codes)):
        cli.job(f"910000000{n}")
    kinds = {"1508": Kind.REQUEST, "1574": Kind.COMPLIANCE}
    return [attempt(cli, Refused(undocumented(code, kinds[code]))) for code in codes]


def test_dead_letters_are_grouped_by_code_with_advice(cli, dead):
    """The list says for each code how many, what it means, and what to do."""
    out = cli("dead", "list").out

    assert "invalid mobile number in from" in out
    assert "3 dead" in out
    assert [job["id"] for job in cli("dead", "list", "--code", "1574", "--json").records] == dead[
        2:
    ]


def test_dead_show_explains_one(cli, dead):
    """One dead letter is shown with what to do; a job that lives is refused."""
    assert "what to do: mend the call" in cli("dead", "show", dead[0]).out
    ran = cli("dead", "show", cli.job("9100000009"))
    assert (ran.status, "it is ready, not dead" in ran.err) == (1, True)


def test_redrive_by_code_twice_is_once(cli, dead):
    """Redriven jobs are scheduled with fresh tries; the second time there is nothing to do."""
    assert cli("dead", "redrive", "--code", "1508", "--rate", "30/min").out.startswith("2 put back")
    assert cli("dead", "redrive", "--code", "1508").out.startswith("0 put back")
    jobs = sorted((cli.store.jobs.get(job_id) for job_id in dead[:2]), key=lambda j: str(j.due))
    assert [(job.state, job.tries) for job in jobs] == [(State.SCHEDULED, 0)] * 2
    assert jobs[1].due - jobs[0].due == timedelta(seconds=2)


def test_redrive_says_when_the_last_becomes_due(cli, dead):
    """The speed holds over all redrives, and so does what is said of it."""
    assert cli("dead", "redrive", dead[0], "--rate", "1/min").out.endswith("due in 0 s\n")
    out = cli("dead", "redrive", dead[1]).out
    assert out.endswith(("due in 59 s\n", "due in 60 s\n", "due in 58 s\n")), out


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all", "--code", "1508"], ["x", "--all"], ["--all", "--rate", "fast"]],
)
def test_redrive_of_nothing_certain_is_wrong_usage(cli, dead, arguments):
    """What is to be put back must be said in exactly one way, at a rate that is one."""
    assert cli("dead", "redrive", *arguments).status == 2
    assert cli.store.jobs.counts()[State.DEAD] == 3


def test_discard_gives_up_for_good(cli, dead):
    """Discarded letters are cancelled; the second time they are refused."""
    assert cli("dead", "discard", dead[0], "--reason", "typing error").status == 0
    assert cli.store.jobs.get(dead[0]).state is State.CANCELLED
    assert cli("dead", "discard", dead[0]).status == 1


@pytest.fixture
def doubtful(cli) -> str:
    """One job nobody knows the end of."""
    cli.job()
    return attempt(cli, Doubtful("no answer within 30s"))


def test_unconfirmed_is_listed_with_what_was_seen(cli, doubtful):
    """The list says what was seen on the wire and when the quarantine ends."""
    record = cli("unconfirmed", "list", "--json").record

    assert record["id"] == doubtful
    assert "no answer within 30s" in record["reason"]
    assert record["quarantine_ends"] > record["started"]
    assert "no answer within 30s" in " ".join(cli("unconfirmed", "list").out.split())


@pytest.mark.parametrize(("finding", "state"), [("placed", State.PLACED), ("dead", State.DEAD)])
def test_person_resolves_an_unconfirmed_call(cli, doubtful, finding, state):
    """Who resolved it and why is in its record; a second time is refused by state."""
    arguments = ["unconfirmed", "resolve", doubtful, finding, "--reason", "asked them"]
    assert cli(*arguments, "--who", "asha").status == 0
    job = cli.store.jobs.get(doubtful)
    assert (job.state, job.events[-1].who, job.events[-1].why) == (state, "asha", "asked them")
    again = cli(*arguments)
    assert (again.status, f"it is {state}, not unconfirmed" in again.err) == (1, True)


def test_ringing_again_is_refused_within_the_quarantine(cli, doubtful):
    """`again` is refused with the time from which it is allowed; nothing moves."""
    ran = cli("unconfirmed", "resolve", doubtful, "again", "--reason", "they heard nothing")

    assert ran.status == 1
    assert "is not rung again before" in ran.err
    assert cli.store.jobs.get(doubtful).state is State.UNCONFIRMED


def test_resolve_needs_a_reason(cli, doubtful):
    """Nobody decides about a call without saying why."""
    assert cli("unconfirmed", "resolve", doubtful, "placed").status == 2


def test_hold_is_released_owner_by_owner(cli):
    """Releasing says who still holds it, and the command that releases that."""
    cli("hold", "set", "--account", "default", "--reason", "fire drill")
    cli("hold", "set", "--account", "default", "--reason", "audit", "--owner", "audit")
    ran = cli("hold", "release", "--account", "default")

    assert ran.status == 0
    assert "still held" in ran.out
    assert "dialer hold release --account default --owner audit" in ran.out
    assert cli("hold", "list", "--json").record["owner"] == "audit"
    assert "goes on" in cli("hold", "release", "--account", "default", "--owner", "audit").out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["set", "--reason", "x"], 2),
        (["set", "--all", "--account", "default", "--reason", "x"], 2),
        (["set", "--all", "--reason", "x", "--owner", "breaker"], 2),
        (["set", "--all", "--reason", "x", "--owner", "DurabilityCheck"], 2),
        (["set", "--all", "--reason", "x", "--owner", ""], 2),
        (["set", "--all", "--reason", "x", "--owner", "two words"], 2),
        (["set", "--all", "--reason", "x", "--owner", "a\tb"], 2),
        (["set", "--account", "other", "--reason", "x"], 1),
        (["release", "--all"], 1),
    ],
)
def test_hold_that_cannot_be_meant_is_refused(cli, arguments, status):
    """A hold needs one scope and an account that exists; a release a hold."""
    assert cli("hold", *arguments).status == status
    assert cli.store.holds.all() == []


def test_nothing_that_stops_calls_is_refused_for_want_of_words(cli):
    """Who is in a hurry stops first; the record says that no reason was given."""
    assert cli("hold", "set", "--all").status == 0
    assert cli("suppress", "add", "9100000001").status == 0
    assert [hold.reason for hold in cli.store.holds.all()] == ["no reason was given"]
    assert cli("suppress", "list", "--json").record["reason"] == "no reason was given"


def test_history_of_holds_says_who_let_it_go_and_why(cli):
    """What is no longer held is still on record, oldest first."""
    cli("hold", "set", "--account", "default", "--reason", "fire drill", "--who", "asha")
    cli("hold", "release", "--account", "default", "--reason", "it is over", "--who", "ben")
    keys = ("verb", "scope", "owner", "who", "reason")
    events = cli("hold", "history", "--json").records
    assert [tuple(one[key] for key in keys) for one in events] == [
        ("set", "account:default", "operator", "asha", "fire drill"),
        ("release", "account:default", "operator", "ben", "it is over"),
    ]
    assert all(one["at"].endswith("Z") for one in events)
    shown = cli("hold", "history").out
    assert {"asha", "ben", "release"} <= set(shown.split())
    assert "2 events." in shown


def test_owner_that_is_no_name_is_refused_by_its_rule(cli):
    """The sentence names the option and what may be written."""
    ran = cli("hold", "set", "--all", "--owner", "two words")
    assert "--owner" in ran.err
    assert "write a name of a-z, 0-9, _ and -" in " ".join(ran.err.split())


def test_numbers_in_the_reason_of_a_hold_are_masked(cli):
    """Whoever needs them asks for them; status never shows them."""
    cli("hold", "set", "--all", "--reason", "+91 90000 00101 complained")
    for command in (["hold", "list"], ["hold", "history"], ["status"]):
        for form in ([], ["--json"]):
            out = cli(*command, *form).out
            assert ("00101" in out, "******0101 complained" in out) == (False, True), command
    assert "+91 90000 00101" in cli("hold", "list", "--json", "--reveal").out
    assert "+91 90000 00101" in cli("hold", "history", "--reveal").out


def test_damaged_row_of_the_history_hides_no_other(cli):
    """What an older version wrote with a tab too many is shown as it is."""
    client, key = cli.store.server.client, cli.store.server.keys.holdings
    client.rpush(key, "1700000000000000\tset\tall\ta\tb\tann\twhy", "rubbish")
    cli("hold", "set", "--all", "--reason", "fire drill")

    events = cli("hold", "history", "--json").records
    damaged = "1700000000000000 set all a b ann why"
    assert [one["reason"] for one in events] == [damaged, "rubbish", "fire drill"]
    assert [one["at"] is None for one in events] == [True, True, False]
    assert "3 events." in cli("hold", "history").out


def test_hold_of_a_machine_says_what_to_do(cli):
    """What is no command does not stand behind "to release"."""
    cli.store.holds.set("account:default", owner="api", who="api", reason="code 1009")
    cli("hold", "set", "--all", "--reason", "fire drill")
    said = cli("hold", "list").out

    assert "\nwhat to do: correct the settings, restart the workers, then: dialer hold" in said
    assert "\nto release: dialer hold release --all --owner operator" in said


def test_doctor_without_a_store_looks_at_everything_else(cli, monkeypatch):
    """No address is one failure; packages, accounts and settings are judged all the same."""
    monkeypatch.delenv("DIALER_REDIS_URL")
    monkeypatch.delenv("DIALER_BROKER_URL")
    ran = cli("doctor", "--json")

    assert ran.status == 1
    assert [one["check"] for one in ran.records if one["level"] == "fail"] == ["store"]
    assert {"settings", "packages", "account"} <= {one["check"] for one in ran.records}


def test_limits_are_stored_and_cleared(cli):
    """A stored limit wins over the settings until it is cleared."""
    cli("account", "set", "default", "--calls-per-second", "7.5", "--max-live-calls", "3")
    views = {one["account"]: one for one in cli("account", "list", "--json").records}
    assert (views["default"]["rate_allowed"], views["default"]["max_live_calls"]) == (7.5, 3)
    assert views["default"]["stored"] == ["calls_per_second", "max_live_calls"]
    assert (views["shut"]["open"], views["default"]["open"]) == (False, True)
    cli("account", "clear", "default")
    views = {one["account"]: one for one in cli("account", "list", "--json").records}
    assert (views["default"]["rate_allowed"], views["default"]["stored"]) == (1.0, [])


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["default", "--calls-per-second", "0"], 1, "calls_per_second: must be at least"),
        (["default", "--burst", "0"], 1, "burst: must be"),
        (["default", "--max-posting", "-1"], 1, "max_posting: must be"),
        (["other", "--burst", "2"], 1, "there is no such account"),
        (["default"], 2, "at least one limit"),
    ],
)
def test_bad_limit_is_refused_by_the_rule_of_the_settings(cli, arguments, status, sentence):
    """What the settings would refuse is refused here, and nothing is stored."""
    ran = cli("account", "set", *arguments)

    assert ran.status == status
    assert sentence in ran.err
    assert not any(one["stored"] for one in cli("account", "list", "--json").records)


def test_do_not_call_list(cli, tmp_path):
    """Numbers go on the list one by one or by file, whatever their form, and come off it."""
    cli("suppress", "add", "9100000001", "+91 91000 00002", "--reason", "asked")
    path = tmp_path / "list.txt"
    path.write_text("# from the register\n09100000003\n\n12\n9100000001 # twice\n")
    ran = cli("suppress", "import", str(path))

    assert (ran.status, ran.out) == (3, "1 added, 1 was on the list before, 1 rejected\n")
    assert ran.err == 'line 4: number: "12" has 2 digits; write ten\n'
    listed = {one["number"] for one in cli("suppress", "list", "--json", "--reveal").records}
    assert listed == {"+919100000001", "+919100000002", "+919100000003"}
    assert cli("suppress", "check", "00919100000003").status == 0
    off = ("suppress", "remove", "9100000003", "--reason", "a misprint", "--who", "asha")
    assert cli("suppress", "remove", "9100000003").status == 2  # a reason is asked for
    assert cli(*off).status == 0
    gone = cli("suppress", "check", "9100000003")
    assert gone.status == 1
    assert gone.out.endswith("by asha: a misprint\n")
    assert "it was taken off everybody's at 2" in gone.out
    assert cli(*off).status == 1
    assert "9100000001" not in cli("suppress", "list").out


def test_list_of_an_account_that_does_not_exist_is_refused(cli):
    """A misspelt account must not leave a number believed to be safe: exit 1, nothing stored."""
    ran = cli("suppress", "add", "9100000001", "--account", "defualt", "--reason", "asked")

    assert (ran.status, "there is no such account" in ran.err) == (1, True)
    assert list(cli.store.suppression.entries("defualt")) == []


def test_status_is_one_object(cli, doubtful):
    """States, accounts, holds, the oldest ready job and its reason, doubts by age."""
    ready = cli.job("9100000002")
    cli("hold", "set", "--account", "default", "--reason", "fire drill")
    record = cli("status", "--json").record

    assert (record["states"]["ready"], record["states"]["unconfirmed"]) == (1, 1)
    account = record["accounts"]["default"]
    assert (account["rate_allowed"], account["breaker"]) == (1.0, "closed")
    assert 0 < account["rate_used"] < 0.1
    assert account["holds"][0]["reason"] == "fire drill"
    assert (record["oldest_ready"]["id"], record["oldest_ready"]["reason"]) == (ready, "hold")
    assert record["unconfirmed"] == {"under_10m": 1, "under_1h": 0, "under_1d": 0, "older": 0}
    assert record["workers"] == []
    out = cli("status").out
    assert "fire drill" in out
    assert max(map(len, out.splitlines())) <= 100


def test_doctor_finds_a_good_installation_good(cli):
    """A safe server and whole accounts: nothing fails, exit 0."""
    ran = cli("doctor", "--json")

    assert ran.status == 0
    levels = {(one["check"], one["level"]) for one in ran.records}
    assert {("store", "ok"), ("eviction", "ok"), ("clock", "ok"), ("broker", "ok")} <= levels
    assert "fail" not in {level for _, level in levels}
    assert "test-token" not in ran.out


@pytest.mark.parametrize(("per", "said"), [("24h", False), ("30d", True)])
def test_doctor_and_preflight_say_from_when_a_cap_counts(cli, monkeypatch, per, said):
    """A cap that was made longer cannot see the calls of last week, and nobody believes it can."""
    cli.job()
    attempt(cli, Placed("c1"))
    monkeypatch.setenv("DIALER_CUSTOMER__MAX_RINGS", "3")
    monkeypatch.setenv("DIALER_CUSTOMER__PER", per)
    create(cli)
    fill(cli, 1)
    sentence = f"the cap of 3 rings in {per} counts from"

    found = {one["check"]: one["text"] for one in cli("doctor", "--json").records}
    assert (sentence in found.get("cap", "")) == said
    assert (sentence in cli("campaign", "preflight", "diwali").out) == said


def test_doctor_probes_each_account_without_ringing(cli, monkeypatch):
    """One developer request for each account, live ones too; what is refused fails."""
    with Sandbox() as sandbox:
        monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__BASE_URL", sandbox.url)
        monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__USER_ID", "00000001")
        monkeypatch.setenv("DIALER_ACCOUNTS__DEFAULT__TOKEN", "sandbox-token-not-secret")
        monkeypatch.setenv("DIALER_ACCOUNTS__SHUT__BASE_URL", sandbox.url)
        unasked = cli("doctor")
        ran = cli("doctor", "--probe")
        found = cli("doctor", "--probe", "--json").records
        rows = sandbox.ledger.rows()

    assert "probe" not in unasked.out
    assert ran.out.startswith("One request for each account, in developer mode: nobody is rung.")
    probes = [one for one in found if one["check"] == "probe"]
    assert [(one["level"], one["text"].split(":")[0]) for one in probes] == [
        ("ok", "default"),
        ("fail", "shut"),
    ]
    assert ran.status == 1
    assert len(rows) == 4
    assert not any(row.placed for row in rows)
    assert {row.params["mode"] for row in rows} == {"developer"}
    assert "sandbox-token" not in ran.out


def test_status_that_nobody_watches_is_printed_once(cli):
    """Without a terminal, --watch is what it is without: for a pipe, and for a log."""
    assert "scheduled" in cli("status", "--watch").out
    assert set(cli("status", "--watch", "--json").record) >= {"states", "accounts"}


def test_watching_goes_on_while_the_store_is_away(cli, monkeypatch):
    """What is drawn is why nothing can be seen, and the next look may see again."""
    assert isinstance(page(), Group)
    monkeypatch.setenv("DIALER_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.delenv("DIALER_BROKER_URL")
    assert "does not answer" in str(page())


def test_doctor_says_what_to_change_on_an_unsafe_server(cli):
    """A server that could forget is a failure with the command that mends it."""
    client = cli.store.server.client
    client.config_set("appendfsync", "everysec")
    try:
        ran = cli("doctor")
    finally:
        client.config_set("appendfsync", "always")

    assert ran.status == 1
    assert "FAIL  persistence: appendfsync is everysec" in ran.out
    assert "→ CONFIG SET appendfsync always" in ran.out


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DIALER_REDIS_URL", "redis://127.0.0.1:9/0", "FAIL  store: redis://127.0.0.1:9/0"),
        ("DIALER_BROKER_URL", "redis://127.0.0.1:9/1", "FAIL  broker: redis://127.0.0.1:9/1"),
        ("DIALER_JOBS__LEASE", "30", "FAIL  settings: DIALER_JOBS__LEASE"),
        ("DIALER_ACCOUNTS__SHUT__TOKEN_FILE", "/nowhere/token", "FAIL  settings:"),
    ],
)
def test_doctor_names_what_is_misconfigured(cli, monkeypatch, variable, value, sentence):
    """Each misconfiguration is a sentence with a next step, never a traceback; exit 1."""
    monkeypatch.setenv(variable, value)
    ran = cli("doctor")

    assert ran.status == 1
    assert sentence in ran.out
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "is_open", "zone"),
    [
        (["9876543210", "--at", "2030-01-07T21:00:00+05:30"], False, "Asia/Kolkata"),
        (["9876543210", "--at", "2030-01-07T20:59:59+05:30"], True, "Asia/Kolkata"),
        (["--zone", "Europe/London", "--ranges", "always"], True, "Europe/London"),
        (["+12025550123", "--preset", "us-federal", "--at", "2030-01-07T13:30:00Z"], True, None),
        (["+12025550123", "--preset", "us-federal", "--at", "2030-01-07T12:30:00Z"], False, None),
        (["9876543210", "--holidays", "IN-AP", "--at", "2027-04-07T12:00+05:30"], False, None),
        (["9876543210", "--holidays", "in-ts", "--at", "2027-09-04T12:00+05:30"], False, None),
        (["9876543210", "--holidays", "IN-OR", "--at", "2027-04-01T12:00+05:30"], False, None),
        (["9876543210", "--holidays", "IN-AP", "--at", "2027-04-06T12:00+05:30"], True, None),
    ],
)
def test_hours_follow_the_number_or_the_zone(cli, arguments, is_open, zone):
    """The zone is the number's or the one given, and the answer has the reasons when closed."""
    record = cli("hours", *arguments, "--json").record

    assert (record["open"], record["reasons"] == []) == (is_open, is_open)
    usual = "Asia/Kolkata" if arguments[0] == "9876543210" else "America/New_York"
    assert record["zone"] == (zone or usual)


@pytest.mark.parametrize(
    ("arguments", "account", "zone", "is_open"),
    [
        ([], "default", "Asia/Kolkata", True),
        (["--account", "shut"], "shut", "UTC", False),
        (["--account", "shut", "--ranges", "always"], "shut", "UTC", True),
    ],
)
def test_hours_without_a_place_are_an_accounts(cli, arguments, account, zone, is_open):
    """Its own zone and hours answer; ranges or a preset take the place of the hours alone."""
    record = cli("hours", *arguments, "--json").record

    assert (record["account"], record["zone"], record["open"]) == (account, zone, is_open)
    assert f"account {account}: " in cli("hours", *arguments).out


def test_hours_of_nobody_are_wrong_usage(cli):
    """Where no account is named default, something must say whose hours are meant."""
    for setting in ("USER_ID", "BASE_URL", "TOKEN", "CALLING_HOURS", "MODE"):
        cli.monkeypatch.delenv(f"DIALER_ACCOUNTS__DEFAULT__{setting}")
    ran = cli("hours")

    assert (ran.status, "give a number, --zone or --account" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["9876543210", "--zone", "UTC"], 2, "not two of them"),
        (["--zone", "UTC", "--account", "default"], 2, "not two of them"),
        (["--account", "other"], 1, "there is no such account"),
        (["--zone", "Mars/Olympus"], 1, 'time zone "Mars/Olympus" is not in the IANA'),
        (["--zone", "UTC", "--ranges", "Mon 25:00-26:00"], 1, "is no range of times"),
        (["--zone", "UTC", "--preset", "nowhere"], 2, "the presets are"),
        (["--zone", "UTC", "--holidays", "XX"], 1, 'holidays: "XX"'),
        (["--zone", "UTC", "--holidays", "NZ-STC"], 1, 'holidays: "NZ-STC" is neither a known'),
        (
            ["--zone", "UTC", "--holidays", "IN", "--at", "2036-05-04T12:00Z"],
            1,
            "those of IN are known from 1948 to 2035, not 2036",
        ),
    ],
)
def test_bad_hours_are_a_sentence(cli, arguments, status, sentence):
    """What cannot be read is named, with the rule."""
    ran = cli("hours", *arguments)

    assert ran.status == status
    assert sentence in ran.err


def test_store_that_is_away_is_one_sentence(cli, monkeypatch):
    """Without a store: one sentence on stderr, nothing on stdout, exit 1."""
    monkeypatch.setenv("DIALER_REDIS_URL", "redis://127.0.0.1:9/0")
    ran = cli("jobs", "--json")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Redis does not answer")
    assert ran.err.endswith("at redis://127.0.0.1:9/0; start it, or correct redis_url\n")


def test_refused_login_is_not_called_silence(cli, redis_server, monkeypatch):
    """A wrong password is one sentence that says so, without the password."""
    monkeypatch.setenv("DIALER_REDIS_URL", f"redis://:made-up@127.0.0.1:{redis_server.port}/0")
    ran = cli("jobs")

    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "refuses the login" in ran.err
    assert "made-up" not in ran.err


COMMANDS = [
    *("demo", "doctor", "status", "sandbox", "call", "enqueue", "jobs", "job", "explain", "cancel"),
    *("dead list", "dead show", "dead redrive", "dead discard", "unconfirmed list"),
    *("unconfirmed resolve", "suppress add", "suppress remove", "suppress import"),
    *("suppress check", "suppress list", "hold list", "hold set", "hold release"),
    *("account list", "account set", "account clear", "hours"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cli, command):
    """Each documented command is there, and --help works without any settings."""
    cli.monkeypatch.delenv("DIALER_REDIS_URL")
    ran = cli(*command.split(), "--help")

    assert (ran.status, ran.err) == (0, "")
    assert command in ran.out
    if command.endswith("list") or command in ("status", "doctor", "jobs", "job", "explain"):
        assert "--json" in ran.out


def dialer(*arguments: str, **options) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dialer", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_stdout_of_a_process_is_json_alone(cli):
    """A real process prints unwrapped JSON lines on stdout and nothing on stderr."""
    cli.job()
    ran = dialer("jobs", "--json")

    assert (ran.returncode, ran.stderr, ran.stdout.count("\n")) == (0, "", 1)


def test_exit_status_of_a_process(cli):
    """1 for refused, 2 for wrong usage, without a traceback."""
    assert dialer("job", "a" * 26).returncode == 1
    wrong = dialer("jobs", "--state", "nowhere")
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (2, False)


def test_closed_pipe_is_quiet(cli):
    """Whoever reads only the first line gets it, and no complaint follows."""
    stdin = "".join(f'{{"from": "9000000001", "to": "91{n:08d}"}}\n' for n in range(2000))
    assert cli("enqueue", "-", stdin=stdin).status == 0
    command = f"{sys.executable} -m dialer jobs --json | head -n 1"
    ran = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )

    assert (ran.stdout.count("\n"), ran.stderr) == (1, "")


def test_sandbox_passes_its_options_on(cli):
    """`dialer sandbox` has the sandbox's own options and its own refusal of other hosts."""
    assert "--ledger" in dialer("sandbox", "--help").stdout
    refused = dialer("sandbox", "--host", "0.0.0.0")
    assert (refused.returncode, "loopback" in refused.stderr) == (1, True)


def test_sandbox_on_a_port_that_is_taken_is_one_sentence(cli, redis_server):
    """It says which port, and what to do."""
    refused = dialer("sandbox", "--port", str(redis_server.port))
    assert refused.returncode == 1
    assert f"port {redis_server.port} is in use" in refused.stderr


def test_two_people_hold_the_same_thing_each_for_themselves(cli):
    """The second does not overwrite the first, and takes off only what was theirs."""
    cli("hold", "set", "--account", "default", "--who", "asha", "--reason", "wrong script")
    second = cli("hold", "set", "--account", "default", "--who", "Ravi K", "--reason", "lunch")
    assert "also held by operator (asha): wrong script" in second.out
    held = {hold.owner: hold.reason for hold in cli.store.holds.all()}
    assert held == {"operator": "wrong script", "ravi-k": "lunch"}

    ran = cli("hold", "release", "--account", "default", "--who", "Ravi K")
    assert "no longer held by ravi-k (Ravi K): lunch" in ran.out
    assert "account default is still held:" in ran.out
    assert "goes on" not in ran.out
    assert [hold.who for hold in cli.store.holds.all()] == ["asha"]


def test_what_goes_on_is_not_held_by_anything_wider(cli):
    """Released for itself, and still stopped with everything: that is what is said."""
    cli("hold", "set", "--account", "default")
    cli("hold", "set", "--all", "--who", "asha", "--reason", "wrong file")
    ran = cli("hold", "release", "--account", "default")
    assert "everything by operator (asha): wrong file" in ran.out
    assert "goes on" not in ran.out
    cli("hold", "set", "--account", "default")
    assert "account default by operator" in cli("hold", "release", "--all", "--who", "asha").out


def test_a_store_that_has_forgotten_is_not_released_by_hand(cli):
    """Calls would go out until the next tick finds it again; recover takes it over."""
    cli.store.holds.set("all", owner="witness", who="tidemark", reason="forgot")
    ran = cli("hold", "release", "--all", "--owner", "witness")
    assert ran.status == 1
    assert "nothing was changed" in ran.err
    assert "dialer recover --who NAME" in ran.err
    assert [hold.owner for hold in cli.store.holds.all()] == ["witness"]


@pytest.fixture
def newer(cli):
    """A store that a newer version has written."""
    cli.job()
    cli.store.server.client.set(cli.store.server.keys.layout, "99")
    yield
    cli.store.server.client.flushdb()


@pytest.mark.parametrize("what", [("--all",), ("--account", "default")])
def test_an_old_command_line_stops_what_a_newer_version_runs(cli, newer, what):
    """It sets the hold, says what it cannot do, and leaves the layout alone."""
    for _ in range(2):
        ran = cli("hold", "set", *what, "--reason", "wrong file", "--who", "asha")
        assert (ran.status, "no new call starts" in ran.out) == (0, True)
        assert (
            "layout 99, this version reads layout 2: run the version that wrote it; it can stop"
            in ran.err
        )
    assert attempt_refused(cli).startswith("held:")
    assert cli.store.server.client.get(cli.store.server.keys.layout) == "99"


def attempt_refused(cli) -> str:
    """What a worker of the newer version is told; its `begin` reads the hold as ours does."""
    reply = dial(cli)
    assert isinstance(reply, No)
    return reply.reason


@pytest.mark.parametrize(
    "words",
    [
        ("hold", "set", "--campaign", "diwali"),
        ("hold", "set", "--pool", "default/agent:12"),
        ("hold", "release", "--all"),
        ("status",),
        ("jobs",),
        ("call", "9000000001", "9000000002"),
        ("cancel", "--key", "one"),
    ],
)
def test_an_old_command_line_does_nothing_else_there(cli, newer, words):
    """Whatever else it wrote, or read, might be something else by now."""
    ran = cli(*words)
    assert ran.status == 1
    assert "layout 99, this version reads layout 2: run the version that wrote it" in ran.err
    assert cli.store.holds.all() == []
