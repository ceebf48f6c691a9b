"""Campaigns from the command line: define, import, look, steer, foretell, clear up."""

import csv
import itertools
import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clikit import AGENTS, FAST, HOUR, attempt, create, fill, progress
from rich.console import Console

from dialer.cli.campaign.show import Finish, page
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.doorbell import PacerRules
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Placed, Refused
from dialer.errors import StoreUnavailable
from dialer.settings import Settings
from dialer.store.redis.notation import stamp
from schedules.presets import NOT_LEGAL_ADVICE

POOL = "default/agent:12,13/web=na/call=na"


def in_zone(at: datetime) -> str:
    """An hour that is written as hours, in UTC."""
    return f"daily {at:%H:%M}-{at + HOUR:%H:%M}"


@pytest.fixture
def diwali(cli) -> None:
    """A campaign of agents 12 and 13, three contacts, not started."""
    create(cli)
    fill(cli)


@pytest.fixture
def running(cli, diwali) -> None:
    """The same, started."""
    assert cli("campaign", "start", "diwali", "--reason", "at last").status == 0


# Definitions


def test_create_says_what_was_defined_and_what_comes_next(cli):
    """Account, call, hours with their zone, protection, live calls and the next step are said."""
    ran = cli("campaign", "create", "diwali", *AGENTS, "--preset", "india-commercial")
    said = " ".join(ran.out.split())

    assert ran.status == 0
    assert "a draft: nobody is rung" in said
    assert 'Agent 12,13, then in the column "phone"' in said
    assert "india-commercial in Asia/Kolkata; the account's apply too: always" in said
    assert "the customer, to: do-not-call" in said
    assert "1 call for each of 2 in from (the default)" in said
    assert "going on for up to 6 min, its rings and assumed_call (5m)" in said
    assert NOT_LEGAL_ADVICE in said
    assert ran.out.endswith("next: dialer campaign import diwali FILE\n")
    assert progress(cli).state is CampaignState.DRAFT


def test_options_reach_the_definition(cli):
    """Each option writes its field; what is not given follows from the account and the defaults."""
    create(
        cli,
        "diwali",
        *AGENTS,
        *("--set", "timeLimit=600", "--caller-id", "1401000001", "--caller-id", "1401000002"),
        *("--purpose", "promotional", "--customer", "both", "--hours", "Mon-Fri 10:00-18:00"),
        *("--preset", "us-federal", "--holidays", "2030-01-26", "--zone", "Europe/London"),
        *("--zone-from", "column:place", "--starts", "2h", "--ends", "2030-01-31T10:00:00+05:30"),
        *("--weight", "7", "--calls-per-second", "30/min", "--max-posting", "4"),
        *("--max-live-calls", "9", "--live-per-agent", "2", "--max-tries", "3"),
        *("--delay", "agent=10m", "--delay", "provider=2h", "--not-same-day", "agent"),
    )
    made = cli.store.campaigns.get("diwali")

    assert made.call == {"from": "12,13", "fromType": "Agent", "timeLimit": "600"}
    assert made.columns == {"to": "phone"}
    assert made.caller_ids == ("1401000001", "1401000002")
    assert (made.purpose, made.customer, made.preset) == ("promotional", "both", "us-federal")
    assert (made.calling_hours, made.holidays) == ("Mon-Fri 10:00-18:00", "2030-01-26")
    assert (made.time_zone, made.zone_from, made.zone_column) == (
        "Europe/London",
        "column",
        "place",
    )
    assert made.ends == datetime(2030, 1, 31, 4, 30, tzinfo=UTC)
    assert timedelta(hours=1.9) < made.starts - datetime.now(UTC) < timedelta(hours=2)
    assert (made.weight, made.calls_per_second, made.max_posting) == (7, 0.5, 4)
    assert (made.max_live_calls, made.live_per_agent, made.max_tries) == (9, 2, 3)
    assert made.delays == {"agent": HOUR / 6, "provider": 2 * HOUR}
    assert made.not_same_day == ("agent",)


def test_account_gives_what_a_definition_leaves_out(cli, monkeypatch):
    """Time zone and protected leg are the account's; its extra parameters may be set."""
    monkeypatch.setenv("DIALER_ACCOUNTS__SHUT__CUSTOMER", "both")
    monkeypatch.setenv("DIALER_ACCOUNTS__SHUT__EXTRA_PARAMS", "reqId")
    create(cli, "diwali", *AGENTS, "--account", "shut", "--set", "reqId=7")
    made = cli.store.campaigns.get("diwali")

    assert (made.time_zone, made.customer) == ("UTC", "both")


def test_file_gives_fields_and_options_win(cli):
    """A TOML file holds the fields by name; an option replaces one, in tables one parameter."""
    Path("diwali.toml").write_text(
        'weight = 3\nmax_tries = 2\ncustomer = "both"\n'
        '[call]\nfromType = "Agent"\ntimeLimit = 600\n'
        '[columns]\nfrom = "agent"\nto = "phone"\n[delays]\nagent = "5m"\n'
    )
    typed = ("--weight", "4", "--set", "from=12", "--set", "timeLimit=60", "--customer", "")
    create(cli, "diwali", "--file", "diwali.toml", *typed)
    made = cli.store.campaigns.get("diwali")

    assert (made.weight, made.max_tries, made.customer) == (4, 2, "to")
    assert made.call == {"from": "12", "fromType": "Agent", "timeLimit": "60"}
    assert made.columns == {"to": "phone"}
    assert made.delays == {"agent": HOUR / 12}


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("--account", "other", "there is no such account; the accounts are default, shut"),
        ("--set", "timeLimit", '"timeLimit" is not PARAM=VALUE'),
        ("--set", "token=1", "--set token: belongs to the account, never to a call"),
        ("--set", "timeLimit=long", '--set timeLimit: must be a whole number, not "long"'),
        ("--set", "timeLimt=1", "--set timeLimt: is no parameter of the API"),
        ("--set", "from=12", "--set from: is given twice"),
        ("--set", "to=9000000001", "to: is fixed, and a column fills it too"),
        ("--column", "to", '"to" is not PARAM=COLUMN'),
        ("--column", "tot=phone", "--column tot: is no parameter of the API"),
        ("--caller-id", "x", '--caller-id: "x" is no caller id in digits'),
        ("--purpose", "fun", "must be 'promotional', 'service'"),
        ("--customer", "me", "must be 'to', 'from' or 'both'"),
        ("--hours", "25-26", '"25-26" is neither a day'),
        ("--preset", "moon", "is no preset; the presets are: india-commercial"),
        ("--holidays", "ZZ", '"ZZ" is neither a known region nor a date'),
        ("--zone", "Mars", 'time zone "Mars" is not in the IANA database'),
        ("--zone-from", "moon", '"moon" is not campaign, number or column:NAME'),
        ("--starts", "soon", '"soon" is no time'),
        ("--ends", "2030-01-01T10:00:00", "needs an offset from UTC"),
        ("--ends", "2020-01-01T10:00:00Z", "--ends: has passed"),
        ("--weight", "x", '"x" is no whole number'),
        ("--weight", "5000", "must be at most 1000"),
        ("--calls-per-second", "fast", '"fast" is no rate'),
        ("--max-posting", "-1", "must be at least 0"),
        ("--max-live-calls", "many", '"many" is no whole number'),
        ("--live-per-agent", "-1", "must be at least 0"),
        ("--max-tries", "0", "must be at least 1"),
        ("--delay", "agent", '"agent" is not KIND=10m'),
        ("--delay", "agent=10", "--delay agent: is a number without a unit"),
        ("--delay", "moon=10m", "--delay moon: must be 'provider', 'agent' or 'capacity'"),
        ("--not-same-day", "moon", "must be 'provider', 'agent' or 'capacity'"),
        ("--file", "nowhere.toml", "cannot be read: No such file or directory"),
    ],
)
def test_wrong_option_gets_one_sentence_that_names_it(cli, option, value, rule):
    """What is wrong is said once, by the option as it was typed, and nothing is defined."""
    ran = cli("campaign", "create", "diwali", *AGENTS, option, value)

    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith((option, "--column to: is fixed"))
    assert rule in ran.err
    assert cli.store.campaigns.names() == []


def test_all_wrong_options_are_named_at_once(cli):
    """Nobody mends one option to learn of the next: all that can be known is said."""
    ran = cli(
        "campaign",
        *("create", "Diwali", "--set", "fromType=Agnt", "--set", "from=12", "--set", "to=911"),
        *("--weight", "x", "--max-tries", "0", "--zone", "Mars", "--ends", "soon"),
    )

    assert ran.status == 2
    named = [line.partition(":")[0] for line in ran.err.splitlines()]
    assert sorted(named) == sorted(
        ["--ends", "--weight", "NAME", "--max-tries", "--zone", "--set fromType", "--set to"]
    )


def test_missing_side_is_named_by_both_ways_to_give_it(cli):
    """Without a side the two options that could give it are named."""
    ran = cli("campaign", "create", "diwali", "--set", "from=9000000001")
    assert ran.err == "--set to=VALUE or --column to=COLUMN: one of them is needed\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("weight = 0", "bad.toml: weight: must be at least 1"),
        ("colour = 1", "bad.toml: colour: is no field of a campaign"),
        ('[call]\nringTone = "?"', "bad.toml: call.ringTone:"),
        ('name = "holi"', "bad.toml: name: is not diwali, the name that was typed"),
        ("weight = ", "--file bad.toml: is no TOML:"),
        ("call = 3", "bad.toml: call: must be a valid dictionary"),
    ],
)
def test_wrong_field_of_a_file_is_named_with_its_file(cli, text, line):
    """What the file holds is blamed on the file."""
    Path("bad.toml").write_text(text)
    typed = () if text == "call = 3" else AGENTS
    ran = cli("campaign", "create", "diwali", "--file", "bad.toml", *typed)

    assert ran.status == 2
    assert ran.err.splitlines()[0].startswith(line)


def test_name_is_never_used_for_another_campaign(cli):
    """The same name with another definition is refused, with what to do."""
    create(cli)
    ran = cli("campaign", "create", "diwali", *AGENTS, "--weight", "2")
    assert (ran.status, "`dialer campaign set diwali`" in ran.err) == (1, True)


def test_preset_of_another_place_is_warned_of(cli):
    """A preset that means the called person's own time says so where all share one zone."""
    ran = cli("campaign", "create", "diwali", *AGENTS, "--preset", "us-federal")
    assert "warning: us-federal means the called person's own time" in ran.out


def test_set_changes_what_is_given_and_new_hours_hold_at_once(cli, running):
    """Other fields stay; the hours of the new definition are known when the command returns."""
    far = datetime.now(UTC) + 12 * HOUR
    ran = cli("campaign", "set", "diwali", "--hours", in_zone(far), "--zone", "UTC")
    made = cli.store.campaigns.get("diwali")

    assert ran.status == 0, ran.err
    assert made.columns == {"to": "phone"}
    opens = cli.store.server.client.get(cli.store.server.keys.calendar("diwali", "0"))
    keys = cli.store.server.client.keys("*cal:diwali/*")
    windows = opens or cli.store.server.client.get(keys[0])
    assert int(windows.partition("-")[0]) > stamp(datetime.now(UTC) - 13 * HOUR)
    assert "closed" in cli("campaign", "show", "diwali").out


def test_set_takes_fields_back_to_their_defaults(cli, diwali):
    """An empty text is the default again; an empty value takes one parameter away."""
    cli("campaign", "set", "diwali", "--weight", "5", "--preset", "uk", "--set", "timeLimit=60")
    cli("campaign", "set", "diwali", "--weight", "", "--preset", "", "--set", "timeLimit=")
    made = cli.store.campaigns.get("diwali")
    assert (made.weight, made.preset, made.call) == (
        1,
        None,
        {"from": "12,13", "fromType": "Agent"},
    )


@pytest.mark.parametrize(
    ("options", "label"),
    [
        (("--column", "to=mobile"), "--column"),
        (("--set", "fromType=Group", "--set", "from=7"), "--set fromType"),
        (("--customer", "from"), "--customer"),
        (("--zone-from", "number"), "--zone-from"),
    ],
)
def test_what_contacts_were_read_by_cannot_change(cli, options, label):
    """As long as the list is empty it can; afterwards the change is refused by its option."""
    create(cli)
    assert cli("campaign", "set", "diwali", *options).status == 0
    create(cli, "holi")
    fill(cli, name="holi")
    ran = cli("campaign", "set", "holi", *options)

    assert ran.status == 2
    rule = "cannot change any more: 3 contacts were read by it; create another campaign"
    assert ran.err == f"{label}: {rule}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("set", "diwali"), 2, "give at least one option"),
        (("set", "diwali", "--weight", "0"), 2, "--weight: must be at least 1"),
        (("set", "diwali", "--account", "shut"), 1, "belongs to another account, for good"),
        (("set", "holi", "--weight", "2"), 1, "there is no campaign holi"),
        (("import", "holi", "-"), 1, "there is no campaign holi"),
        (("import", "diwali", "nowhere.csv"), 2, "nowhere.csv cannot be read"),
        (("import", "diwali", "-", "--format", "xls"), 2, '"xls" is not csv or jsonl'),
        (("import", "diwali", "-", "--report", "no/where"), 2, "there is no folder no"),
        (("show", "holi"), 1, "there is no campaign holi"),
        (("preflight", "holi"), 1, "there is no campaign holi"),
        (("forecast", "holi"), 1, "there is no campaign holi"),
        (("forecast", "diwali"), 1, "campaign diwali has no contacts"),
        (("start", "diwali"), 1, "campaign diwali has no contacts"),
        (("start", "holi"), 1, "there is no campaign holi"),
        (("resume", "diwali"), 1, "cannot resume campaign diwali: it has not been started"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(cli, arguments, status, sentence):
    """A command that cannot do what was asked says why, and changes nothing."""
    create(cli)
    ran = cli("campaign", *arguments)

    assert (ran.status, ran.out) == (status, "")
    assert sentence in " ".join(ran.err.replace("│", " ").split())
    assert progress(cli).state is CampaignState.DRAFT


# Lists


LIST = "phone,name\n9000000001,Asha\n90000x0002,Bina\n+91 90000 00001,Asha\n9000000003,Chitra\n"


def test_import_counts_reports_and_is_safe_twice(cli):
    """Good rows go in, others are in the report with line, column and rule; exit 1 for rejected."""
    create(cli)
    Path("list.csv").write_text(LIST)
    ran = cli("campaign", "import", "diwali", "list.csv")
    with Path("list.csv.report.csv").open() as file:
        report = list(csv.DictReader(file))

    assert ran.status == 1
    assert ran.out.startswith("4 rows: 2 accepted, 1 duplicate, 1 rejected\n")
    assert "  1  to: holds letters; write ten digits (line 3)\n" in ran.out
    assert "list.csv.report.csv" in ran.out
    assert ran.out.endswith("next: dialer campaign preflight diwali\n")
    assert [(row["line"], row["kind"], row["column"]) for row in report] == [
        ("3", "rejected", "phone"),
        ("4", "duplicate", "phone"),
    ]
    again = cli("campaign", "import", "diwali", "list.csv", "--json").record
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 3, 1)
    assert again["by_rule"] == {"to: holds letters; write ten digits": 1}
    assert progress(cli).rows == 2


def test_a_list_as_files_have_it(cli):
    """What can mean one number is taken, what a spreadsheet rounded or hides is named."""
    create(cli)
    rows = {
        "\u202a+91 90000\u00a001932\u202c": "",
        "9.000001121E+09": "",
        "9000001122.0": "",
        "'9000001123": "",
        '"=""9000001124"""': "",
        '="9000001125"': "",
        "+91 (0) 9000001126": "",
        "90000\u201301127": "",
        "९०००००११२८": "",
        "9.19E+11": "is not whole: a spreadsheet has rounded it; format the column as text",
        "9000001\u00b7121": "holds more than digits, spaces, dots, hyphens, brackets, a leading +"
        " (U+00B7)",
        "+91 ९०००००११२८": "holds digits of two scripts (U+0966); write ten digits",
    }
    Path("list.csv").write_text("phone\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    ran = cli("campaign", "import", "diwali", "list.csv", "--json")
    with Path("list.csv.report.csv").open(encoding="utf-8") as file:
        report = {row["line"]: row["rule"].partition('" ')[2] for row in csv.DictReader(file)}

    assert (ran.record["accepted"], ran.record["rejected"]) == (9, 3)
    assert report == {str(nth): rule for nth, rule in enumerate(rows.values(), 2) if rule}


def test_of_two_numbers_in_a_cell_the_unknown_one_is_taken(cli):
    """The report says which of them was in the list, and which was taken."""
    create(cli)
    Path("list.csv").write_text('phone\n9000000001\n"9000000001,9000000002"\n')
    ran = cli("campaign", "import", "diwali", "list.csv")
    with Path("list.csv.report.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)

    assert (ran.status, progress(cli).rows) == (0, 2)
    assert (row["line"], row["kind"], row["value"]) == ("3", "duplicate", "'+919000000001")
    assert "+919000000002 of the same row was taken" in row["rule"]
    assert cli("explain", "9000000002").status == 0


def test_rounded_numbers_are_a_warning_before_the_start(cli):
    """Many that end in six zeros are no chance."""
    create(cli)
    rows = "".join(f"91{n}000000\n" for n in (9000, 9187, 9870))
    cli("campaign", "import", "diwali", "-", stdin=f"phone\n9000000001\n{rows}")

    assert "3 of 4 contacts have a number that ends in six zeros" in " ".join(
        cli("campaign", "preflight", "diwali").out.split()
    )


@pytest.mark.parametrize("zone", ["Etc/GMT-5", "EST", "UTC", "GMT+5", "Zulu", "PST8PDT"])
def test_a_contacts_zone_is_a_place(cli, zone):
    """An offset in a cell is refused with what to write; the campaign's own may be any."""
    create(cli, "diwali", *AGENTS, "--zone-from", "column:place", "--zone", "UTC")
    rows = f"phone,place\n9000000001,{zone}\n9000000002,Singapore\n"
    ran = cli("campaign", "import", "diwali", "-", stdin=rows)

    assert (ran.status, progress(cli).rows) == (1, 1)
    said = Path("diwali.report.csv").read_text()
    assert f'""{zone.partition("+")[0]}"" is no place: write where the person is, such as' in said


def test_import_of_a_good_list_leaves_no_report(cli):
    """Where all is well there is no file beside the list, and the exit is 0."""
    create(cli)
    Path("list.jsonl").write_text('{"phone": 9000000001}\n{"phone": "9000000002"}\n')
    ran = cli("campaign", "import", "diwali", "list.jsonl", "--json")

    assert (ran.status, ran.record["accepted"], ran.record["report"]) == (0, 2, None)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["list.jsonl"]


def test_report_goes_where_it_is_told_but_not_over_the_list(cli):
    """--report names the file; the list itself is never written over."""
    create(cli)
    Path("list.csv").write_text(LIST)
    ran = cli("campaign", "import", "diwali", "-", "--report", "r.csv", stdin=LIST)
    assert (ran.status, ran.err) == (1, "")
    assert len(Path("r.csv").read_text().splitlines()) == 3
    over = cli("campaign", "import", "diwali", "list.csv", "--report", "list.csv")
    assert (over.status, Path("list.csv").read_text()) == (2, LIST)


def test_interrupted_import_says_that_again_is_safe(cli, monkeypatch):
    """When the store goes away the command says so, and that running it again is safe."""
    create(cli)

    def gone(*_, **__):
        raise StoreUnavailable("Redis did not answer")

    monkeypatch.setattr("dialer.store.contacts.Contacts.append", gone)
    ran = cli("campaign", "import", "diwali", "-", stdin="phone\n9000000001\n")
    assert (ran.status, "nobody is added twice" in ran.err) == (1, True)


def test_import_into_a_running_campaign_feeds_it_at_once(cli, running):
    """Contacts added later need no restart."""
    cli("campaign", "import", "diwali", "-", stdin="phone\n9000000009\n")
    assert progress(cli).counts[State.READY] == 4


# Looking


def test_show_adds_up_and_names_code_and_reason(cli, running):
    """Each contact is in one line of the progress; dead by code, skipped by first reason."""
    fill(cli, 5)
    cli("suppress", "add", "9000000003", "--reason", "asked")
    attempt(cli, Placed("call-1"))
    attempt(cli, Refused(lookup("1508")))
    cli("campaign", "set", "diwali", "--live-per-agent", "0")
    attempt(cli, Placed("call-2"))
    ran = cli("campaign", "show", "diwali")
    said = " ".join(ran.out.split())
    record = cli("campaign", "show", "diwali", "--json").record

    assert ran.status == 0, ran.err
    assert "campaign diwali: running" in said
    assert "at last" in said
    assert "dead 1: 1 with 1508 (invalid mobile number in from parameter)" in said
    assert "skipped 1: 1 do not call" in said
    assert "80 %" in said
    assert "about 3 calls begun" in said
    assert "hours always open" in said
    assert "finish" in said
    assert sum(record["progress"].values()) == record["contacts"] == 5
    assert (record["progress"]["placed"], record["progress"]["dead"]) == (2, 1)
    assert record["skipped"] == {"do_not_call": 1}
    assert record["hours"][0]["open"] is True
    assert record["finish"]["p10"] <= record["finish"]["p50"] <= record["finish"]["p90"]


def test_show_names_holds_and_how_to_release_them(cli, running):
    """A hold on the campaign or on its agents is shown with the command that releases it."""
    cli("hold", "set", "--campaign", "diwali", "--reason", "wrong words")
    cli("hold", "set", "--pool", POOL, "--reason", "training")
    cli("hold", "set", "--pool", "default/agent:99/web=na/call=na", "--reason", "not ours")
    said = " ".join(cli("campaign", "show", "diwali").out.split())

    assert "wrong words to release: dialer hold release --campaign diwali" in said
    assert "dialer hold release --pool default/agent:12 --owner operator" in said
    assert "dialer hold release --pool default/agent:13 --owner operator" in said
    assert "not ours" not in said
    assert "running, held" in cli("campaign", "list").out


def standing(cli, name: str = "diwali") -> str:
    return cli("campaign", "show", name, "--json").record["standing"]


def test_standing_tells_finished_ended_and_not_begun_apart(cli, diwali, monkeypatch):
    """A running campaign with nothing left is finished, one past its end is ended."""
    assert standing(cli) == "draft"
    cli("campaign", "set", "diwali", "--starts", "2h")
    cli("campaign", "start", "diwali")
    assert standing(cli) == "starts"
    assert "campaign diwali: starts 20" in " ".join(cli("campaign", "show", "diwali").out.split())
    cli("campaign", "set", "diwali", "--starts", "", "--live-per-agent", "0")
    assert standing(cli) == "running"
    for nth in range(3):
        attempt(cli, Placed(f"call-{nth}"))
    assert standing(cli) == "finished"
    create(cli, "holi")
    server = type(cli.store.server)
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr(server, "time", lambda _: later)
    assert standing(cli, "holi") == "ended"


def test_show_lists_the_hours_of_each_zone(cli):
    """Contacts of two zones have hours of their own, each told in its own zone."""
    create(cli, "diwali", *AGENTS, "--zone-from", "column:place", "--preset", "us-federal")
    rows = "phone,place\n9000000001,America/New_York\n9000000002,Asia/Kolkata\n"
    cli("campaign", "import", "diwali", "-", stdin=rows)
    said = cli("campaign", "show", "diwali").out
    zones = {one["zones"] for one in cli("campaign", "show", "diwali", "--json").record["hours"]}

    assert zones == {"America/New_York", "Asia/Kolkata"}
    assert "for 1 in America/New_York" in said


def test_show_survives_an_account_that_is_gone(cli, diwali, monkeypatch):
    """An account that the settings here do not know is said, not stumbled over."""
    settings = Settings.load()
    monkeypatch.setattr(
        "dialer.settings.Settings.load",
        lambda: settings.model_copy(update={"accounts": {"shut": settings.accounts["shut"]}}),
    )
    ran = cli("campaign", "show", "diwali")
    assert (ran.status, "which is not in the settings here" in ran.out) == (0, True)


def test_watched_page_shows_a_campaign_or_why_it_cannot(cli, running):
    """The page that --watch draws again and again shows trouble instead of raising it."""
    console = Console(record=True, width=100, file=Path(os.devnull).open("w"))  # noqa: SIM115 - for the test's length
    console.print(page("diwali", Finish()))
    console.print(page("holi", Finish()))
    text = console.export_text()
    console.file.close()
    assert "diwali: running" in text
    assert "there is no campaign holi" in text


def test_list_has_a_row_for_each_campaign(cli, running):
    """Every campaign is listed, oldest first, with how far it is."""
    create(cli, "holi")
    assert [one["campaign"] for one in cli("campaign", "list", "--json").records] == [
        "diwali",
        "holi",
    ]
    out = cli("campaign", "list").out
    assert "2 campaigns." in out
    assert ["diwali", "running", "default", "3", "3", "0", "0"] in [
        line.split()[:7] for line in out.splitlines()
    ]


# Steering


def test_steering_says_what_happened_and_what_it_means(cli, diwali):
    """Start, pause, resume and cancel say what holds from now on; who and why are on record."""
    start = cli("campaign", "start", "diwali", "--reason", "go", "--who", "asha")
    assert start.out.startswith("campaign diwali runs\n3 contacts are to be rung; its hours are")
    assert progress(cli).counts[State.READY] == 3
    assert (progress(cli).changed_by, progress(cli).reason) == ("asha", "go")
    pause = cli("campaign", "pause", "diwali")
    assert "no new call of it starts; calls on the wire end within 35 s" in pause.out
    assert "dialer campaign resume diwali" in pause.out
    assert "is paused already" in cli("campaign", "pause", "diwali").out
    resumed = cli("campaign", "resume", "diwali", "--json").record
    assert resumed == {"campaign": "diwali", "changed": True, "state": "running", "notes": []}
    assert "nothing of it is ever rung again" in cli("campaign", "cancel", "diwali").out
    assert progress(cli).counts[State.CANCELLED] == 3
    again = cli("campaign", "start", "diwali")
    assert (again.status, "was cancelled" in again.err) == (1, True)


def test_start_names_a_hold_in_its_way(cli, diwali):
    """Who starts a campaign that is held learns of the hold at once."""
    cli("hold", "set", "--all", "--reason", "fire drill")
    assert "everything is held by operator" in cli("campaign", "start", "diwali").out


# What is ahead


def test_preflight_counts_reasons(cli, diwali):
    """Of so many contacts so many will be rung; the others have a reason, and it is explained."""
    cli("suppress", "add", "9000000003", "--reason", "asked")
    ran = cli("campaign", "preflight", "diwali")
    record = cli("campaign", "preflight", "diwali", "--json").record

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("of 3 contacts 2 will be rung, the first at ")
    assert "  1 do_not_call: on a do-not-call list: diwali:3:1\n" in ran.out
    assert ran.out.endswith("next: dialer campaign start diwali\n")
    assert (record["contacts"], record["will_ring"]) == (3, 2)
    assert (record["reasons"], record["examples"]) == ({"do_not_call": 1}, {"do_not_call": [3]})


def test_preflight_warns(cli):
    """Caller ids that do not suit the purpose are warned of before anybody is rung."""
    create(cli, "diwali", *AGENTS, "--caller-id", "1401000001", "--purpose", "service")
    fill(cli)
    assert "warning: a caller id of the 140 series" in cli("campaign", "preflight", "diwali").out


def test_forecast_is_the_same_for_the_same_seed(cli, diwali):
    """A seed makes it repeatable; before the start it says that this is how it would go."""
    first = cli("campaign", "forecast", "diwali", "--seed", "7")
    assert first.status == 0, first.err
    assert first.out.startswith("campaign diwali is draft: this is how it would go from now on\n")
    assert "It will probably be done by " in first.out
    assert "At most 2 calls go on at once, each for 6 min." in first.out
    records = [cli("campaign", "forecast", "diwali", "--seed", "7", "--json").record] * 2
    assert records[0] == records[1]
    left = [records[0][name] for name in ("placed", "dead", "unconfirmed", "unreached")]
    assert sum(left) == pytest.approx(3, abs=0.3)


def test_forecast_and_show_say_the_same(cli, running, monkeypatch):
    """Within a minute there is one answer, and none that is exact to the second."""
    fill(cli, 99)
    minute = cli.store.server.time().replace(second=10, microsecond=0)
    moments = (minute + timedelta(milliseconds=37 * nth) for nth in itertools.count())
    monkeypatch.setattr(type(cli.store.server), "time", lambda _: next(moments))
    shown = cli("campaign", "show", "diwali", "--json").record["finish"]
    foretold = cli("campaign", "forecast", "diwali", "--json").record
    assert {name: foretold[name] for name in shown} == shown
    text = " ".join(cli("campaign", "show", "diwali").out.split())
    (finish,) = re.findall(r"finish ([-0-9]+ \d\d:\d\d IST);", text)
    assert f"It will probably be done by {finish}." in cli("campaign", "forecast", "diwali").out


def test_forecast_forgets_what_was_before_an_edit(cli, running):
    """What was refused because of a definition says nothing of another one."""
    fill(cli, 60)
    cli("campaign", "set", "diwali", "--live-per-agent", "0")
    server = cli.store.server
    hour = int(cli.store.server.time().timestamp()) // 3600 - 1
    for word in ("starts", "dead"):
        server.client.hset(server.keys.pulse("diwali"), f"{hour}:{word}", 3000)
    steps = server.keys.steps("diwali")
    server.client.lset(steps, 0, f"{stamp(server.time() - HOUR)}\tstart\troot\t")
    server.client.hset(server.keys.camp("diwali"), "edited_us", stamp(server.time() - 2 * HOUR))
    assert cli("campaign", "forecast", "diwali", "--json").record["dead"] > 40
    cli("campaign", "set", "diwali", "--set", "fromRingTime=20")
    found = cli("campaign", "forecast", "diwali", "--json").record
    assert found["dead"] < 10
    assert found["assumptions"][0].startswith("No hour has been seen yet since its definition")
    half = stamp(server.time() - HOUR / 2)
    server.client.hset(server.keys.camp("diwali"), "edited_us", half)
    server.client.hset(server.keys.pulse("diwali"), f"{hour + 1}:starts", 30)
    found = cli("campaign", "forecast", "diwali", "--json").record
    assert re.match(r"In the (29|30) min it was open since its def", found["assumptions"][0])


def test_forecast_and_preflight_know_the_agents_that_rows_name(cli):
    """Two agents in a column are two agents, each with one call of six minutes at a time."""
    create(cli, "diwali", "--set", "fromType=Agent", "--column", "from=a", "--column", "to=phone")
    rows = "".join(f"90000000{n:02},{11 + n % 2}\n" for n in range(60))
    cli("campaign", "import", "diwali", "-", stdin=f"phone,a\n{rows}")
    found = cli("campaign", "forecast", "diwali", "--json").record
    wait = datetime.fromisoformat(found["p10"]) - datetime.now(UTC)
    assert wait > 2 * HOUR
    assert "At most 2 calls go on at once, each for 5 min." in found["assumptions"]
    warned = cli("campaign", "preflight", "diwali").out
    assert "2 of those who are rung first, 1 at a time" in " ".join(warned.split())


def finish(cli, name: str) -> datetime:
    record = cli("campaign", "forecast", name, "--seed", "7", "--json").record
    return datetime.fromisoformat(record["p50"])


def test_forecast_knows_rate_hours_share_and_live_calls(cli):
    """A slower rate, closed hours, a heavier neighbour and fewer live calls each make it later."""
    base = ("--set", "from=7", "--set", "fromType=Group", "--column", "to=phone")
    far = datetime.now(UTC) + 12 * HOUR
    ways = {
        "plain": (),
        "slow": ("--calls-per-second", "1/min"),
        "later": ("--hours", in_zone(far), "--zone", "UTC"),
        "few": ("--max-live-calls", "1"),
    }
    for name, options in ways.items():
        create(cli, name, *base, *options)
        fill(cli, 60, name)
    plain = finish(cli, "plain")
    assert all(finish(cli, name) > plain + HOUR / 6 for name in ("slow", "later", "few"))
    create(cli, "heavy", *base, "--weight", "99")
    fill(cli, 60, "heavy")
    cli("campaign", "start", "heavy")
    assert finish(cli, "plain") > plain + HOUR / 6


# What other commands know of campaigns


def test_jobs_and_dead_of_one_campaign(cli, running):
    """--campaign leaves direct calls and other campaigns out, in text and as JSON."""
    cli.job("9000000008")
    create(cli, "diwali_2")
    fill(cli, 1, "diwali_2")
    cli("campaign", "start", "diwali_2")
    jobs = cli("jobs", "--campaign", "diwali", "--json").records
    assert sorted(job["id"] for job in jobs) == ["diwali:1:1", "diwali:2:1", "diwali:3:1"]
    assert "3 shown. All of diwali: 3 ready" in cli("jobs", "--campaign", "diwali").out
    assert cli("jobs", "--campaign", "holi").status == 1


def test_dead_letters_of_one_campaign_are_redriven_or_discarded(cli, running):
    """List, redrive and discard take a campaign for a filter."""
    dead = [cli.job("9000000008")]
    attempt(cli, Refused(lookup("1508")))
    cli("campaign", "set", "diwali", "--live-per-agent", "0")
    dead += [attempt(cli, Refused(lookup("1508"))) for _ in range(3)]
    assert "3 dead." in cli("dead", "list", "--campaign", "diwali").out
    assert (
        "redrive --code CODE --campaign diwali" in cli("dead", "list", "--campaign", "diwali").out
    )
    assert cli("dead", "list", "--campaign", "holi").status == 1
    put_back = cli("dead", "redrive", "--campaign", "diwali", "--code", "1508")
    assert put_back.out.startswith("3 put back")
    assert cli("dead", "discard", "--campaign", "diwali").out.startswith("0 discarded")
    assert cli.store.jobs.get(dead[0]).state is State.DEAD


def test_cancel_of_a_campaign_is_the_campaigns(cli, running):
    """`dialer cancel --campaign` ends the whole campaign, not only the jobs that were fed."""
    assert cli("cancel", "--campaign", "diwali", "--reason", "wrong list").status == 0
    assert progress(cli).state is CampaignState.CANCELLED
    assert progress(cli).reason == "wrong list"
    assert cli("cancel", "--campaign", "diwali", "--key", "x").status == 2


def test_hold_on_a_campaign_and_on_a_pool_stop_it(cli, running):
    """Nothing is begun while either is held; agents may be named in any order."""
    cli("hold", "set", "--campaign", "diwali", "--reason", "x")
    assert {hold.scope for hold in cli.store.holds.all()} == {"campaign:diwali"}
    with pytest.raises(AssertionError):
        attempt(cli, Placed("call-1"))
    assert "campaign diwali goes on" in cli("hold", "release", "--campaign", "diwali").out
    cli("hold", "set", "--pool", "default/agent:13,12/web=na/call=na", "--reason", "x")
    scopes = {f"pool:default/agent:{agent}" for agent in (12, 13)}
    assert {hold.scope for hold in cli.store.holds.all()} == scopes
    with pytest.raises(AssertionError):
        attempt(cli, Placed("call-1"))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("set", "--campaign", "holi", "--reason", "x"), 1),
        (("set", "--pool", "other/group:7/web=na/call=na", "--reason", "x"), 1),
        (("set", "--pool", "default/agents", "--reason", "x"), 2),
        (("set", "--pool", "agent:12/web=na/call=na", "--reason", "x"), 2),
        (("set", "--campaign", "holi", "--all", "--reason", "x"), 2),
        (("release", "--campaign", "holi"), 1),
    ],
)
def test_hold_on_nothing_known_is_refused(cli, arguments, status):
    """A campaign, account or pool that cannot be meant is refused; no hold is left behind."""
    ran = cli("hold", *arguments)
    assert ran.status == status
    assert cli.store.holds.all() == []


def test_no_number_is_shown_in_full(cli):
    """Fixed numbers and rows are masked wherever a campaign is shown."""
    create(cli, "diwali", "--set", "from=9000000077", "--column", "to=phone")
    fill(cli)
    cli("campaign", "start", "diwali")
    for command in ("show", "preflight", "forecast", "pause", "resume"):
        ran = cli("campaign", command, "diwali")
        assert ran.status == 0, ran.err
        assert "900000" not in ran.out
    assert "900000" not in cli("campaign", "set", "diwali", "--weight", "2").out
    assert "900000" not in json.dumps(cli("jobs", "--campaign", "diwali", "--json").records)


def test_campaign_of_two_zones_is_told_in_the_first(cli):
    """Where the hours must hold in two zones at once, times are written in one of them."""
    create(cli, "diwali", *AGENTS, "--zone", "Europe/London+Asia/Kolkata", "--starts", "2h")
    fill(cli)
    for command in ("start", "show", "preflight", "forecast"):
        assert cli("campaign", command, "diwali").status == 0
    assert " IST" not in cli("campaign", "list").out


@pytest.mark.parametrize(
    ("began", "now", "said"),
    [
        ("live", "live", ""),
        ("developer", "developer", "a rehearsal: account default is in developer mode"),
        ("developer", "live", "a rehearsal: it is in developer mode"),
        ("live", "developer", "it stops before the next call"),
    ],
)
def test_a_campaign_that_rings_nobody_says_so(cli, monkeypatch, began, now, said):
    """Whether it began in developer mode or its account is in it now; in JSON the mode it has."""
    mode = "DIALER_ACCOUNTS__DEFAULT__MODE"
    monkeypatch.setenv(mode, began)
    create(cli)
    fill(cli)
    started = cli("campaign", "start", "diwali").out
    assert ("rehearsal" in started) == (began == "developer")
    monkeypatch.setenv(mode, now)

    shown = " ".join(cli("campaign", "show", "diwali").out.split())
    assert said in shown
    assert ("note" in shown) == bool(said)
    assert cli("campaign", "show", "diwali", "--json").record["mode"] == began


def test_the_command_line_leaves_the_feeding_to_live_workers_with_other_settings(cli):
    """What this file says of the account is not what they agreed on; it is said."""
    create(cli)
    fill(cli)
    cli.store.doorbells.plan(
        "default",
        FAST,
        "",
        PacerRules(HOUR, HOUR, HOUR),
        worker="w",
        record={"settings": "theirs"},
        capacity=1,
    )
    said = cli("campaign", "start", "diwali").out
    assert "the workers have other settings than those here, and theirs count" in said
    assert cli.store.campaigns.progress("diwali").fed == 0


def test_a_reason_keeps_nobody_s_number(cli, running):
    """A campaign's record is no place for numbers; what somebody wrote is kept without them."""
    cli("campaign", "pause", "diwali", "--reason", "+91 90000 00001 complained")
    shown = cli("campaign", "show", "diwali", "--json").record
    assert shown["reason"] == "******0001 complained"


def test_a_template_that_says_developer_is_a_rehearsal(cli):
    """What the definition says of every call counts before what its account is."""
    create(cli, "diwali", *AGENTS, "--set", "mode=developer")
    fill(cli)
    started = cli("campaign", "start", "diwali", "--json").record
    assert started["notes"] == [
        "a rehearsal: it is in developer mode, and rings none of its contacts"
    ]
    shown = cli("campaign", "show", "diwali", "--json").record
    assert (shown["mode"], len(shown["notes"])) == ("developer", 1)
    assert "a rehearsal" in cli("campaign", "preflight", "diwali").out


def test_no_work_is_made_on_a_server_that_may_forget(cli, running):
    """A definition is changed all the same; its contacts wait in their list until it is mended."""
    fill(cli, 6)
    client = cli.store.server.client
    made = cli.store.campaigns.progress("diwali").fed
    client.config_set("appendfsync", "everysec")
    try:
        changed = cli("campaign", "set", "diwali", "--weight", "2")
        assert changed.status == 0
        assert "appendfsync is everysec" in changed.err
        assert cli.store.campaigns.progress("diwali").fed == made
    finally:
        client.config_set("appendfsync", "always")


def test_campaign_that_is_created_again_word_for_word_is_the_same(cli):
    """Its end is thirty days from now, and now is another one; what was given counts."""
    create(cli, "diwali", *AGENTS)
    before = cli.store.campaigns.get("diwali")
    create(cli, "diwali", *AGENTS)

    assert cli.store.campaigns.get("diwali") == before
    for other in (["--weight", "2"], ["--ends", "40d"], ["--starts", "1h"]):
        ran = cli("campaign", "create", "diwali", *AGENTS, *other)
        assert ran.status == 1
        assert "defined otherwise" in ran.err


def test_a_file_may_name_fields_as_a_body_does(cli, tmp_path):
    """As HTTP has them; what is wrong is named as it was written, and both at once is refused."""
    file = tmp_path / "festival.toml"
    text = 'hours = "{}"\nzone = "UTC"\nzone_from = "column:city"\n{}'
    text += '[set]\nfrom = "9000000001"\n[columns]\nto = "phone"\n'
    file.write_text(text.format("always", ""))
    assert cli("campaign", "create", "as_a_body", "--file", str(file)).status == 0
    made = cli.store.campaigns.get("as_a_body")
    assert (made.time_zone, made.zone_from, made.zone_column) == ("UTC", "column", "city")
    assert made.call == {"from": "9000000001"}
    file.write_text(text.format("never", ""))
    assert f"{file}: hours: " in cli("campaign", "create", "other", "--file", str(file)).err
    file.write_text(text.format("always", 'time_zone = "UTC"\n'))
    refused = cli("campaign", "create", "other", "--file", str(file))
    assert (refused.status, "is given beside time_zone" in refused.err) == (2, True)


def test_a_contact_is_moved_and_taken_out_by_its_row(cli):
    """With the time it asked for; one that is out cannot be moved."""
    create(cli, "called_back")
    fill(cli, 3, "called_back")
    cli("campaign", "start", "called_back")
    cli("campaign", "pause", "called_back")
    moved = cli("campaign", "move", "called_back", "2", "--at", "2h", "--json")
    assert (moved.status, moved.record["state"]) == (0, "scheduled")
    again = cli("campaign", "move", "called_back", "2", "--at", "3h")
    assert "the contact of row 2 is scheduled, not before " in again.out
    gone = cli("campaign", "remove", "called_back", "2", "--reason", "asked")
    assert (gone.status, "row 2 is cancelled" in gone.out) == (0, True)
    late = cli("campaign", "move", "called_back", "2", "--at", "2h")
    assert (late.status, "cancelled" in late.err) == (1, True)
    nowhere = cli("campaign", "remove", "called_back", "9", "--reason", "asked")
    assert (nowhere.status, "no row 9" in nowhere.err) == (1, True)
