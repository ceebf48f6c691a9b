"""A campaign is corrected while it runs: what was made of it before follows, and all is told."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from clikit import AGENTS, HOUR, attempt, create, dial, ended, fill, progress

from dialer.bootstrap.dialer import Dialer
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import lookup
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, Placed, Refused
from dialer.settings import Settings
from dialer.store.campaigns import Campaigns
from dialer.store.contacts import Contacts
from dialer.store.feeding import Feeding
from dialer.store.redis.notation import stamp
from dialer.store.redis.record import LETTERS

GROUP = ("--set", "from=21", "--set", "fromType=Group", "--column", "to=phone")
WRONG, RIGHT = "9111111111", "9222222222"
BAD_CLI = Refused(lookup("1554"))


@pytest.fixture
def running(cli) -> None:
    """Six contacts whose calls show a number that is not ours, all of them jobs."""
    create(cli, "diwali", *GROUP, "--set", f"fromCLI={WRONG}")
    fill(cli, 6)
    assert cli("campaign", "start", "diwali").status == 0


def shown(go: Go | No) -> str:
    """The last ten digits of the number that a call shows."""
    assert isinstance(go, Go), go
    return str(json.loads(go.content)["fromCLI"])[-10:]


# What a changed definition reaches


def test_one_correction_mends_a_fault_of_the_definition(cli, running):
    """The runbook's way out of `configuration`: set, release, redrive; nobody is lost."""
    buried = [attempt(cli, BAD_CLI) for _ in range(3)]
    assert dial(cli) == No("empty")
    assert "campaign diwali is held by" in cli("campaign", "show", "diwali").out

    ran = cli("campaign", "set", "diwali", "--set", f"fromCLI={RIGHT}")
    assert ran.status == 0, ran.err
    assert ran.out.endswith(
        "3 dead letters stay as they are; to put them back, by what it says now:"
        " dialer dead redrive --campaign diwali\n"
    )
    released = cli("hold", "release", "--campaign", "diwali", "--owner", "configuration")
    assert released.status == 0, released.err
    again = cli("dead", "redrive", "--campaign", "diwali", "--rate", "100000/s")
    assert again.out.startswith("3 put back")
    cli.store.maintenance.due()

    begun = [dial(cli) for _ in range(6)]
    assert [shown(go) for go in begun] == [RIGHT] * 6
    assert {go.job_id for go in begun} >= set(buried)
    assert dial(cli) == No("empty")


def test_a_call_to_be_rung_again_is_made_by_the_corrected_definition(cli, running):
    """What a person resolves as `again` was not rung; it is dialled as it is now."""
    doubtful = attempt(cli, Doubtful("no answer"))
    yesterday = stamp(datetime.now(UTC) - 24 * HOUR)
    cli.store.server.client.hset(cli.store.server.keys.job(doubtful), "start_us", yesterday)
    cli("campaign", "set", "diwali", "--set", f"fromCLI={RIGHT}")
    why = ("--reason", "not in their list")
    assert cli("unconfirmed", "resolve", doubtful, "again", *why).status == 0
    content = json.loads(cli.store.jobs.get(doubtful).content)
    assert content["fromCLI"].endswith(RIGHT)


def test_end_and_agents_reach_jobs_that_wait(cli, running):
    """A job's deadline is its campaign's end, and its lane that of whom it rings."""
    end = datetime.now(UTC).replace(microsecond=0) + 48 * HOUR
    ran = cli("campaign", "set", "diwali", "--ends", end.isoformat(), "--set", "from=22")
    assert ran.status == 0, ran.err
    jobs = list(cli.store.jobs.select(State.READY, campaign="diwali"))
    assert {job.not_after for job in jobs} == {end}
    assert {job.pool.partition("/")[0] for job in jobs} == {"group:22"}
    assert len([dial(cli) for _ in range(6)]) == 6


def test_nobody_is_dialled_by_the_old_definition_meanwhile(cli, running, monkeypatch):
    """From the change on until its jobs are made anew the campaign is closed."""
    remake, tried = Feeding.remake, []

    def watched(feeding, campaign, jobs, *, version):
        tried.append(dial(cli))
        return remake(feeding, campaign, jobs, version=version)

    monkeypatch.setattr(Feeding, "remake", watched)
    assert cli("campaign", "set", "diwali", "--set", f"fromCLI={RIGHT}").status == 0
    assert [type(reply) for reply in tried] == [No]
    waiting = list(cli.store.jobs.select(State.READY, campaign="diwali"))
    assert [json.loads(job.content)["fromCLI"][-10:] for job in waiting] == [RIGHT] * 6


def test_what_is_on_the_wire_or_over_stays_as_it_was(cli, running):
    """A record of what was dialled is never written over."""
    placed = attempt(cli, Placed("call-1"))
    wire = dial(cli)
    cli("campaign", "set", "diwali", "--set", f"fromCLI={RIGHT}")
    for job_id in (placed, wire.job_id):
        assert json.loads(cli.store.jobs.get(job_id).content)["fromCLI"].endswith(WRONG)


def test_who_is_overtaken_by_another_change_ends_with_that_one(cli, running, monkeypatch):
    """No job is made by the older definition; who looks next makes them by the last one."""
    first, remake = cli.store.campaigns.get("diwali"), Feeding.remake

    def overtaken(feeding, campaign, jobs, *, version):
        monkeypatch.setattr(Feeding, "remake", remake)
        second = first.model_copy(update={"call": {**first.call, "fromCLI": RIGHT}})
        cli.store.campaigns.replace(second, who="b")
        return remake(feeding, campaign, jobs, version=version)

    monkeypatch.setattr(Feeding, "remake", overtaken)
    cli("campaign", "set", "diwali", "--weight", "2")
    assert isinstance(dial(cli), No)
    Dialer(cli.store, Settings.load())._feeder.tick()
    waiting = cli.store.jobs.select(State.READY, campaign="diwali")
    assert {json.loads(job.content)["fromCLI"][-10:] for job in waiting} == {RIGHT}


def test_a_command_that_is_killed_after_its_change_leaves_no_old_call(cli, running, monkeypatch):
    """Whoever ticks next makes them anew, and whoever dials until then passes over them."""

    def killed(feeder, name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dialer.feeding.feeder.Feeder.look", killed)
        assert cli("campaign", "set", "diwali", "--set", f"fromCLI={RIGHT}").status != 0
    assert isinstance(dial(cli), No)
    waiting = next(cli.store.jobs.select(State.READY, campaign="diwali"))
    assert "diwali was changed: the next tick makes the call anew" in cli("explain", waiting.id).out
    Dialer(cli.store, Settings.load())._feeder.tick()
    assert {shown(dial(cli)) for _ in range(6)} == {RIGHT}


@pytest.mark.parametrize("job_id", ["holi:1:1", "diwali:x:1", "diwali:7", "a" * 26])
def test_jobs_that_no_list_knows_are_left_alone(cli, running, job_id):
    """Ids are typed by people."""
    assert cli("dead", "redrive", job_id).status == 1


# Two at once


def interrupted(cli, monkeypatch, times: int, **update: object) -> None:
    """Let somebody else change a campaign between a command's look and its change."""
    get = Campaigns.get

    def meanwhile(campaigns, name):
        found = get(campaigns, name)
        if meanwhile.left:
            meanwhile.left -= 1
            other = {"max_posting": meanwhile.left + 1, **update}
            cli.store.campaigns.replace(found.model_copy(update=other), who="b")
        return found

    meanwhile.left = times
    monkeypatch.setattr(Campaigns, "get", meanwhile)


def test_two_changes_at_once_both_hold(cli, monkeypatch):
    """Who is second changes what the first has left, not what he himself had read."""
    create(cli)
    interrupted(cli, monkeypatch, 1, holidays="2030-01-26")
    assert cli("campaign", "set", "diwali", "--weight", "7").status == 0
    made = cli.store.campaigns.get("diwali")
    assert (made.weight, made.holidays) == (7, "2030-01-26")


def test_a_change_that_never_comes_to_its_turn_says_so(cli, monkeypatch):
    """After five tries nothing was changed, and the command fails."""
    create(cli)
    interrupted(cli, monkeypatch, 5)
    ran = cli("campaign", "set", "diwali", "--weight", "7")
    assert (ran.status, "somebody else" in ran.err) == (1, True)
    assert cli.store.campaigns.get("diwali").weight == 1


# Calls that cannot be read


@pytest.mark.parametrize("content", ['["90"]', '{"to": "+919000000001"}', '{"from": [', "7"])
def test_a_call_that_cannot_be_read_is_shown_as_such(cli, running, content):
    """Nothing that lists or explains jobs stops at one of them."""
    job_id = attempt(cli, Refused(lookup("1508")))
    wire = attempt(cli, Doubtful("no answer"))
    waiting = next(cli.store.jobs.select(State.READY, campaign="diwali")).id
    for one in (job_id, wire, waiting):
        cli.store.server.client.hset(cli.store.server.keys.job(one), LETTERS["content"], content)
    commands = [
        ("jobs",),
        ("job", waiting),
        ("job", waiting, "--reveal"),
        ("explain", waiting),
        ("campaign", "show", "diwali"),
        ("status",),
        ("dead", "list"),
        ("dead", "show", job_id),
        ("unconfirmed", "list"),
    ]
    for words in commands:
        for form in ((), ("--json",)):
            ran = cli(*words, *form)
            assert ran.status == 0, (words, form, ran.err)
    assert "a call that cannot be read" in " ".join(cli("explain", waiting).out.split())
    assert cli("explain", waiting, "--json").record["to"] is None
    assert "a call that cannot be read (customer: to)" in cli("job", waiting).out


def test_contacts_whose_call_broke_a_rule_are_shown(cli):
    """A definition that some rows of the list contradict makes jobs that are refused unsent."""
    create(cli, "diwali", *GROUP, "--set", "timeLimit=100", "--column", "timeLimtAlert=alert")
    contact = Contact(1, ("90", "+919000000001"), "", ("+919000000001",))
    cli.store.contacts.append("diwali", "", [contact])
    assert cli("campaign", "set", "diwali", "--set", "timeLimit=60").status == 0
    assert cli("campaign", "start", "diwali").status == 0
    for words in (("jobs",), ("job", "diwali:1:1"), ("explain", "diwali:1:1")):
        assert cli(*words).status == 0


# Words


def test_create_again_says_how_it_stands(cli):
    """Only a draft is called one, and the next step is the one that is left."""
    ends = (datetime.now(UTC) + 480 * HOUR).isoformat()
    same = ("campaign", "create", "diwali", *GROUP, "--ends", ends)
    assert cli(*same).out.endswith("next: dialer campaign import diwali FILE\n")
    fill(cli)
    assert cli(*same).out.endswith("next: dialer campaign preflight diwali\n")
    cli("campaign", "start", "diwali")
    ran = cli(*same)
    assert ran.out.startswith("campaign diwali is defined, as it was before: it is running\n")
    assert ran.out.endswith("next: dialer campaign show diwali\n")


def test_a_campaign_that_has_ended_is_not_started(cli):
    """It would ring nobody; the sentence says how it goes on."""
    ended(cli)
    ran = cli("campaign", "start", "late")
    assert (ran.status, ran.out) == (1, "")
    assert "has ended: `dialer campaign set late --ends …`" in ran.err
    assert cli("campaign", "set", "late", "--ends", "7d").status == 0
    assert cli("campaign", "start", "late").status == 0


def test_a_campaign_that_ran_until_its_end_is_said_to_have_ended(cli):
    """Started once more it runs already, and rings nobody all the same."""
    ended(cli, started=True)
    said = cli("campaign", "start", "late").out
    assert said.startswith("campaign late runs already\nit has ended: nobody is rung;")
    assert "late: ended; 3 never rung, 0 placed" in cli("status").out


def test_one_contact_is_one(cli):
    """No sentence says "1 contacts"."""
    create(cli, "diwali", *GROUP)
    fill(cli, 1)
    assert "\n1 contact is to be rung; " in cli("campaign", "start", "diwali").out
    assert "; 1 contact was never rung\n" in cli("campaign", "cancel", "diwali").out


def test_cancel_counts_all_who_are_not_rung(cli, running):
    """Those in the list and those that were jobs already; again it says the same."""
    attempt(cli, Placed("call-1"))
    for _ in range(2):
        assert "; 5 contacts were never rung\n" in cli("campaign", "cancel", "diwali").out


def to_go(cli, name: str) -> str:
    row = next(line for line in cli("campaign", "list").out.splitlines() if name in line)
    return row.split()[4]


def test_nobody_is_to_go_where_all_is_over(cli, running):
    """A list that will not be rung any more is no work ahead."""
    ended(cli)
    assert (to_go(cli, "diwali"), to_go(cli, "late")) == ("6", "0")
    cli("campaign", "cancel", "diwali")
    assert to_go(cli, "diwali") == "0"


def test_show_says_why_contacts_were_not_rung(cli, running):
    """Once it is over each contact that was not rung is counted by its first reason."""
    attempt(cli, Placed("call-1"))
    cli("campaign", "cancel", "diwali")
    ended(cli, started=True)
    assert "not rung 5: 5 cancelled" in " ".join(cli("campaign", "show", "diwali").out.split())
    assert cli("campaign", "show", "late", "--json").record["not_rung"] == {"hours": 3}


# Taking a number back


def test_cancelling_a_number_names_the_lists_it_waits_in(cli, running):
    """A contact is no job: the command says where it stands and what keeps it from being rung."""
    create(cli, "holi")
    fill(cli, 2, "holi")
    create(cli, "over")
    fill(cli, 2, "over")
    cli("campaign", "cancel", "over")
    ended(cli)

    ran = cli("cancel", "--number", "9000000002")
    assert (ran.status, ran.out) == (1, "1 cancelled, 0 refused\n")
    first, step = ran.err.splitlines()
    assert first == "this number waits in the list of campaign holi, as contact 2"
    assert step.endswith("nobody rings the number: dialer suppress add NUMBER --reason …")
    assert cli("cancel", "--number", "9000000004").status == 0


# Lists that are no longer needed


def test_a_list_that_is_over_is_forgotten_and_its_counts_stay(cli, running):
    """Numbers and blocks go; what became of them stays, in show and in list."""
    attempt(cli, Placed("call-1"))
    cli("campaign", "cancel", "diwali")
    hint = "a list that is over takes room until: dialer campaign forget NAME\n"
    assert cli("campaign", "list").out.endswith(hint)

    ran = cli("campaign", "forget", "diwali", "--who", "asha")
    assert ran.status == 0, ran.err
    first, kept, _ = ran.out.splitlines()
    assert first.startswith("the list of campaign diwali is forgotten: 6 contacts")
    assert kept.endswith("its counts: 1 placed, 5 cancelled")
    assert "forgotten already" in cli("campaign", "forget", "diwali").out
    assert cli("campaign", "forget", "diwali", "--json").record["contacts"] == 0
    assert cli.store.contacts.find("diwali", "+919000000001") is None

    shown = " ".join(cli("campaign", "show", "diwali").out.split())
    assert "6 contacts, forgotten at " in shown
    assert "last hour" not in shown
    assert cli("campaign", "list", "--json").record["last_hour"] is None
    assert "placed 1" in shown
    assert not cli("campaign", "list").out.endswith(hint)


def test_a_campaign_that_ended_is_swept_before_it_is_forgotten(cli):
    """Jobs that the feeder has not yet taken out do not stand in the way."""
    ended(cli)
    assert cli("campaign", "forget", "late").status == 0
    assert progress(cli, "late").forgotten


def test_a_campaign_that_may_ring_is_not_forgotten(cli, running):
    """The sentence says what would have to be done first."""
    ran = cli("campaign", "forget", "diwali")
    assert (ran.status, ran.out) == (1, "")
    assert "campaign diwali is not over" in ran.err
    wire = dial(cli)
    cli("campaign", "cancel", "diwali")
    assert "on the wire" in cli("campaign", "forget", "diwali").err
    assert cli.store.jobs.get(wire.job_id).state is State.DIALING
    assert cli.store.contacts.find("diwali", "+919000000001") == 1


# Lists with numbers that are fixed


def test_a_fixed_number_makes_no_duplicates(cli):
    """Both sides are protected, and one of them is the same in every call."""
    create(cli, "both", "--set", "from=9111111111", "--column", "to=phone", "--customer", "both")
    fill(cli, 5, "both")
    assert progress(cli, "both").rows == 5


def test_zones_from_numbers_that_no_list_has_are_refused_for_the_file(cli):
    """One sentence for the file, not one for each row; and nobody is added."""
    options = ("--set", "from=9111111111", "--customer", "from", "--zone-from", "number")
    create(cli, "fixed", "--column", "to=phone", *options)
    Path("list.csv").write_text("phone\n9000000001\n9000000002\n")
    ran = cli("campaign", "import", "fixed", "list.csv")
    assert (ran.status, ran.out) == (1, "")
    assert "no column holds the customer's number" in ran.err
    assert progress(cli, "fixed").rows == 0


def test_a_list_that_is_read_by_old_columns_is_refused(cli, monkeypatch):
    """Somebody changes the columns while a file is read: none of its rows is stored askew."""
    create(cli, "diwali", *AGENTS)
    append = Contacts.append

    def meanwhile(contacts, *arguments, **more):
        monkeypatch.setattr(Contacts, "append", append)
        made = cli.store.campaigns.get("diwali")
        other = made.model_copy(update={"columns": {"to": "phone", "reqId": "ref"}})
        cli.store.campaigns.replace(other, who="b")
        return append(contacts, *arguments, **more)

    monkeypatch.setattr(Contacts, "append", meanwhile)
    ran = cli("campaign", "import", "diwali", "-", stdin="phone\n9000000001\n")
    assert ran.status == 1
    assert progress(cli).rows == 0
