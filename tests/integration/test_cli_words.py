"""What the command line says: questions, counts, and rules in words that a newcomer knows."""

from pathlib import Path

import pytest
from clikit import AGENTS, attempt, create, dial, fill, progress

from dialer.campaign import CampaignState
from dialer.cli import call, options
from dialer.job import State
from dialer.outcome import Kind, Placed, Refused
from dialer.settings import Settings
from dialer.store.dialling import Go

NUMBER = "9100000001"


@pytest.fixture
def person(monkeypatch):
    """Somebody sits at a terminal."""
    monkeypatch.setattr(options, "on_terminal", lambda: True)


@pytest.fixture
def diwali(cli) -> None:
    """A campaign of three contacts that rings."""
    create(cli)
    fill(cli)
    assert cli("campaign", "start", "diwali").status == 0


# Questions

CANCELS = [("campaign", "cancel", "diwali"), ("cancel", "--campaign", "diwali")]


@pytest.mark.parametrize("command", CANCELS)
def test_a_person_is_asked_before_a_campaign_is_cancelled(cli, diwali, person, command):
    """The question has the count; without a yes nothing is changed."""
    ran = cli(*command, stdin="n\n")
    assert "cancel 3 calls of diwali, for good?" in ran.out
    assert (ran.status, ran.err) == (1, "nothing was changed\n")
    assert progress(cli).state is CampaignState.RUNNING
    assert cli(*command, stdin="y\n").status == 0
    assert progress(cli).state is CampaignState.CANCELLED


@pytest.mark.parametrize("command", CANCELS)
@pytest.mark.parametrize("option", ["--yes", "--json"])
def test_whoever_says_yes_or_reads_json_is_not_asked(cli, diwali, person, command, option):
    """Nobody is there to answer; and what is cancelled never rings."""
    ran = cli(*command, option)
    assert (ran.status, "?" in ran.out) == (0, False)
    assert progress(cli).state is CampaignState.CANCELLED


def test_a_script_is_not_asked(cli, diwali):
    """Where no terminal is, `cancel` does what it always did."""
    assert "?" not in cli("campaign", "cancel", "diwali").out
    assert progress(cli).state is CampaignState.CANCELLED


def test_nobody_is_asked_about_what_is_cancelled_already(cli, diwali, person):
    """There is nothing left to lose."""
    cli("campaign", "cancel", "diwali", "--yes")
    assert "is cancelled already" in cli("campaign", "cancel", "diwali").out


def test_a_person_is_asked_before_several_calls_to_a_number_are_cancelled(cli, person):
    """One call is no question; of two, the number is masked."""
    first = cli.job(NUMBER, "--key", "1")
    assert cli("cancel", "--number", NUMBER).status == 0
    assert cli.store.jobs.get(first).state is State.CANCELLED
    both = [cli.job(NUMBER, "--key", key) for key in ("2", "3")]
    ran = cli("cancel", "--number", NUMBER, stdin="n\n")
    assert "cancel 2 calls to +91******0001?" in ran.out
    assert ran.status == 1
    assert {cli.store.jobs.get(one).state for one in both} == {State.READY}
    assert "2 cancelled" in cli("cancel", "--number", NUMBER, "--yes").out


def test_a_person_is_asked_before_dead_letters_are_discarded(cli, person):
    """Those that an id names are meant; those that a filter finds are counted first."""
    ids = []
    for nth in range(2):
        cli.job(f"910000000{nth}", "--key", str(nth))
        ids.append(attempt(cli, Refused("1508", Kind.REQUEST)))
    ran = cli("dead", "discard", "--all", stdin="n\n")
    assert "discard 2 dead letters, for good?" in ran.out
    assert {cli.store.jobs.get(one).state for one in ids} == {State.DEAD}
    assert cli("dead", "discard", ids[0]).status == 0
    assert cli("dead", "discard", "--all", "--yes").status == 0
    assert {cli.store.jobs.get(one).state for one in ids} == {State.CANCELLED}


# One is not many


def test_one_is_not_many(cli, diwali):
    """A single dead letter stays as it is, and one contact was read."""
    attempt(cli, Refused("1508", Kind.REQUEST))
    changed = cli("campaign", "set", "diwali", "--weight", "2").out
    assert "1 dead letter stays as it is; to put it back, by what it says now:" in changed
    create(cli, "holi")
    fill(cli, 1, "holi")
    ran = cli("campaign", "set", "holi", "--customer", "both")
    assert "cannot change any more: 1 contact was read by it" in ran.err


@pytest.mark.parametrize(
    ("number", "rule"), [("9", "has 1 digit; write ten"), ("99", "has 2 digits; write ten")]
)
def test_one_digit_is_not_digits(cli, number, rule):
    """A number that is too short says by how much."""
    assert rule in cli("call", "9000000001", number).err


# Rules in our words


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("jobs --state foo", "'--state': 'foo' is not one of 'scheduled'"),
        ("jobs --limit 0", "'--limit': must be at least 1"),
        ("account set default --burst x", "'--burst': must be a whole number"),
        ("account set default --calls-per-second x", "'--calls-per-second': must be a number"),
        ("unconfirmed resolve ID maybe --reason x", "'maybe' is not one of 'placed'"),
    ],
)
def test_a_wrong_option_is_refused_in_plain_words(cli, command, rule):
    """Whatever checks it, the library's own words are not what a person reads."""
    ran = cli(*command.split())
    assert ran.status == 2
    assert rule in ran.err
    assert "Value error" not in ran.err
    assert "Input should" not in ran.err


def test_a_dead_letter_is_shown_by_its_key(cli):
    """As `job` and `explain` do."""
    cli.job(NUMBER, "--key", "order-17")
    attempt(cli, Refused("1508", Kind.REQUEST))
    shown = cli("dead", "show", "--key", "order-17")
    assert (shown.status, "what to do: " in shown.out) == (0, True)
    assert cli("dead", "show", "--key", "order-17", "--json").record["key"] == "order-17"
    assert cli("dead", "show", "--key", "none").status == 1
    assert cli("dead", "show").status == 2


# Lists


def test_a_quote_that_is_never_closed_is_named_with_its_line(cli):
    """The sum names the line of the first such row, for people and for programs."""
    create(cli)
    Path("list.csv").write_text('phone,name\n9000000001,Asha\n9000000002,"Ravi\n9000000003,Rao\n')
    said = cli("campaign", "import", "diwali", "list.csv").out
    assert "row: opens a quote that is not closed properly within 64 KiB (line 3)" in said
    record = cli("campaign", "import", "diwali", "list.csv", "--json").record
    assert list(record["first_lines"].values()) == [3]
    Path("list.csv").write_text("phone\n9000000001\n12\n9000000002\n34\n")
    assert "write ten (first in line 3)" in cli("campaign", "import", "diwali", "list.csv").out


def test_a_quote_that_is_open_in_the_header_is_named_with_its_line(cli):
    """Blank lines before it count."""
    create(cli)
    ran = cli("campaign", "import", "diwali", "-", stdin='\n"phone\n9000000001\n')
    assert "the header of the list, in line 2, opens a quote" in ran.err


def test_preflight_names_contacts_that_can_be_looked_up(cli):
    """What it calls a contact is what `explain` takes, with its turn or without."""
    create(cli)
    fill(cli)
    cli("suppress", "add", "9000000003", "--reason", "asked")
    said = cli("campaign", "preflight", "diwali").out
    assert "  1 do_not_call: on a do-not-call list: diwali:3:1\n" in said
    assert "dialer explain diwali:3:1" in said
    for name in ("diwali:3:1", "diwali:3"):
        assert "asked" in cli("explain", name).out


def test_preflight_warns_of_numbers_of_other_countries(cli):
    """Nobody knows whether the API takes them; those of India alone are no news."""
    create(cli)
    fill(cli)
    assert "countr" not in cli("campaign", "preflight", "diwali").out
    for nth, stdin in enumerate(("phone\n+12025550123\n", "phone\n+12025550124\n")):
        cli("campaign", "import", "diwali", "-", stdin=stdin)
        said = cli("campaign", "preflight", "diwali").out
        many = ("1 contact has a number of another", "2 contacts have numbers of other")[nth]
        assert f"warning: {many} countr" in said
        assert "(diwali:4:1" in said
        assert "1509" in said


# Hours, and whom they ring


def test_hours_over_midnight_are_noted(cli):
    """Most who write them meant the day; those that are meant are taken as they stand."""
    note = "note: 18:00-10:00 runs over midnight: 16 hours, until 10:00 of the next day\n"
    ran = cli("campaign", "create", "diwali", *AGENTS, "--hours", "daily 18:00-10:00")
    assert (ran.status, note in ran.out) == (0, True)
    assert note in cli("campaign", "set", "diwali", "--weight", "2").out
    assert note in cli("hours", "--ranges", "daily 18:00-10:00", "--zone", "UTC").out
    split = cli("campaign", "set", "diwali", "--hours", "daily 18:00-24:00 00:00-10:00").out
    assert "midnight" not in split


@pytest.mark.parametrize(
    ("account", "clause"),
    [
        ({"mode": "developer"}, "the API rings nobody"),
        ({"mode": "live"}, "people are rung"),
        ({"mode": "live", "base_url": "https://[::1]:9/x"}, "the sandbox rings nobody"),
        ({"mode": "live", "base_url": "http://localhost:9/x"}, "the sandbox rings nobody"),
    ],
)
def test_an_account_says_whom_it_rings(account, clause):
    """A live account whose endpoint is on this machine is not said to ring people."""
    made = Settings.parse({"accounts": {"default": {"user_id": "1", **account}}}).account()
    assert clause in made.rings


# Definitions


def test_several_caller_ids_are_repeated_or_have_commas(cli):
    """Both ways that a person tries first are taken."""
    create(cli, "one", *AGENTS, "--caller-id", "1234567890, 1234567891")
    create(cli, "two", *AGENTS, "--caller-id", "1234567890", "--caller-id", "1234567891")
    one, two = (cli.store.campaigns.get(name).caller_ids for name in ("one", "two"))
    assert one == two == ("1234567890", "1234567891")
    assert cli("campaign", "create", "three", *AGENTS, "--caller-id", "a,1234").status == 2


def test_a_fixed_number_is_shown_by_its_last_digits(cli):
    """However it was written, its owner recognises it."""
    ran = cli("campaign", "create", "diwali", "--set", "from=9000000077", "--column", "to=phone")
    assert "+91******0077, then in the column" in ran.out


def test_what_is_finished_is_not_said_to_ring(cli):
    """Starting it again changes nothing, and nobody watches it for nothing."""
    create(cli)
    fill(cli, 1)
    cli("campaign", "start", "diwali")
    attempt(cli, Placed("call-1"))
    assert cli("campaign", "resume", "diwali").out.splitlines() == [
        "campaign diwali runs already",
        "it is finished: every contact has come to its end",
    ]


def test_a_call_on_the_wire_is_not_said_to_wait(cli, monkeypatch):
    """It may be begun before the command has looked."""
    enqueue = call._enqueue

    def begun(*arguments, **options):
        receipt = enqueue(*arguments, **options)
        assert isinstance(dial(cli), Go)
        return receipt

    monkeypatch.setattr(call, "_enqueue", begun)
    said = cli("call", "9000000001", NUMBER).out
    assert "attempt 1 is on the wire" in said
    assert "not rung until" not in said
