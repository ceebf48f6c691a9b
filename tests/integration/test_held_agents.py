"""A hold on an agent, a group or a number holds whoever rings them, and `explain` says so."""

from datetime import timedelta
from random import Random

import pytest
from campaignkit import Field
from dispatchkit import RULES, Line, inline, route
from storekit import BACKOFFS, PLACED, SECOND, Clockwork

from dialer.diagnosis.facts_reader import Explainer
from dialer.dialing.calling import Hands
from dialer.dialing.dispatch import Dispatcher
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.call.agents import digest_of, pool_of
from dialer.domain.call.call import ClickToCall
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.job import State
from dialer.planning.forecast import forecast
from dialer.planning.forecast_inputs import Outlook
from schedules.calendar import Calendar
from schedules.rule import Rule

HOUR = timedelta(hours=1)
EVER = Calendar((Rule.parse("always", zone="Asia/Kolkata"),))
#: Whom a call rings: agent 12 in every way there is, and those who are not him.
HIS = {
    "alone": {"from": "12", "fromType": "Agent"},
    "logged in on the web": {"from": "12", "fromType": "Agent", "fromWebLogin": "yes"},
    "logged out by phone": {"from": "12", "fromType": "Agent", "fromCallLogin": "no"},
    "one of two": {"from": "12,13", "fromType": "Agent", "fromStrategy": "TO_ALL"},
    "the second of two": {"from": "13,12", "fromType": "Agent", "fromStrategy": "TO_ALL"},
    "rung second": {"from": "9000000077", "to": "12", "toType": "Agent"},
    "rung second, one of two": {
        "from": "9000000077",
        "to": "11,12",
        "toType": "Agent",
        "toStrategy": "TO_ALL",
    },
}
OTHERS = {
    "another agent": {"from": "13", "fromType": "Agent"},
    "a longer number": {"from": "121", "fromType": "Agent"},
    "a group of that number": {"from": "12", "fromType": "Group"},
    "a plain number": {"from": "9000000077"},
    "another agent second": {"from": "9000000077", "to": "13", "toType": "Agent"},
}
SCOPES = [
    "pool:default/agent:12",
    "pool:default/agent:12/web=na/call=na",
    "pool:default/agent:12/web=yes/call=na",
    "pool:default/agent:11,12,14",
]


def call_of(**given: str) -> ClickToCall:
    """Make a call, to somebody unless it says whom."""
    return ClickToCall.model_validate({"to": "9100000001"} | given)


def enqueue(clock: Clockwork, call: ClickToCall, account: str = "default") -> str:
    """Enqueue a direct call."""
    lane = f"{account}/-/-/{pool_of(call)}"
    return clock.enqueue(account=account, lane=lane, also=call.also, content=call.content())


def hold(clock: Clockwork, scope: str) -> None:
    """Hold somebody."""
    clock.store.holds.set(scope, owner="asha", who="asha", reason="lunch")


def release(clock: Clockwork, scope: str) -> None:
    """Let him go on."""
    assert clock.store.holds.release(scope, owner="asha", who="asha")[0]


def begin(clock: Clockwork, **ask: object) -> Go | No:
    """Ask once, a second later."""
    clock.forward(SECOND)
    reply = clock.begin(**ask)
    assert isinstance(reply, Go | No)
    return reply


def held_by_explain(clock: Clockwork, job_id: str, **routes: str) -> list[str]:
    """What `explain` says of holds, where accounts have these user ids."""
    known = {
        name: route(name, user_id=user, hours=OpeningHours(EVER))
        for name, user in ({"default": "1"} | routes).items()
    }
    explainer = Explainer(clock.store, known, lease=HOUR, quarantine=HOUR)
    reasons = explainer.job(clock.store.jobs.get(job_id)).reasons
    return [reason.text.partition(" is held")[0] for reason in reasons if reason.name == "hold"]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("given", HIS.values(), ids=HIS)
def test_whoever_rings_a_held_agent_waits(clockwork, given, scope):
    """However the call names him, and however the hold does; he is rung after the release."""
    job_id = enqueue(clockwork, call_of(**given))
    hold(clockwork, scope)
    assert begin(clockwork) == No("empty")
    assert begin(clockwork) == No("empty")
    assert "agent 12 of account default" in held_by_explain(clockwork, job_id)
    release(clockwork, scope)
    clockwork.store.maintenance.due()
    assert isinstance(begin(clockwork), Go)


@pytest.mark.parametrize("given", OTHERS.values(), ids=OTHERS)
def test_others_are_rung(clockwork, given):
    """Who is no part of a call holds nothing of it."""
    job_id = enqueue(clockwork, call_of(**given))
    hold(clockwork, "pool:default/agent:12")
    assert held_by_explain(clockwork, job_id) == []
    assert isinstance(begin(clockwork), Go)


@pytest.mark.parametrize("given", [{"from": "5", "fromType": "Group"}, {"from": "9000000077"}])
def test_a_group_and_a_number_are_held_alike(clockwork, given):
    """A plain number goes by its digest, in a direct call and in a campaign's."""
    call = call_of(**given)
    (one,) = {pool_of(call).partition("/")[0]}
    enqueue(clockwork, call)
    field = Field.on(clockwork)
    field.create("diwali", [1], call=given, live_per_agent=2)
    hold(clockwork, f"pool:default/{one}")
    assert begin(clockwork) == No("empty")
    release(clockwork, f"pool:default/{one}")
    begun = {begin(clockwork).job_id for _ in range(2)}
    assert len(begun) == 2


@pytest.mark.parametrize("given", [HIS["alone"], HIS["one of two"], HIS["rung second"]])
def test_an_agent_is_the_same_in_every_account_of_his_user_id(clockwork, given):
    """A hold in one is one in all of them, and in no other account."""
    job_id = enqueue(clockwork, call_of(**given))
    hold(clockwork, "pool:sales/agent:12")
    assert held_by_explain(clockwork, job_id, sales="1") == ["agent 12 of account sales"]
    assert held_by_explain(clockwork, job_id, sales="2") == []
    assert begin(clockwork, peers=["default", "sales"]) == No("empty")
    release(clockwork, "pool:sales/agent:12")
    hold(clockwork, "pool:other/agent:12")
    clockwork.store.maintenance.due()
    assert isinstance(begin(clockwork, peers=["default", "sales"]), Go)


def test_a_worker_asks_for_all_accounts_of_the_user_id(clockwork):
    """The settings say whose agents are the same people."""
    routes = {"default": route(), "sales": route("sales"), "far": route("far", user_id="2")}
    for name in ("default", "far"):
        call = replace_from(name)
        enqueue(clockwork, call, account=name)
    hold(clockwork, "pool:sales/agent:12")
    dispatcher = Dispatcher(
        attempts=clockwork.store.attempts,
        client=Line(PLACED),
        routes=routes,
        rules=RULES,
        rng=None,
        threads=inline(),
        hands=Hands(now=lambda: clockwork.now),
    )
    assert dispatcher.answer("default") == "no: empty"
    assert dispatcher.answer("far").startswith("placed ")


def replace_from(to: str) -> ClickToCall:
    """A call of agent 12 to one of two customers."""
    return call_of(**HIS["alone"], to="9100000002" if to == "far" else "9100000001")


def test_an_agent_who_talks_in_one_account_is_busy_in_the_other(clockwork):
    """Live calls of an agent are counted over all accounts of his user id."""
    field = Field.on(clockwork)
    enqueue(clockwork, call_of(**HIS["alone"]), account="sales")
    peers = ["default", "sales"]
    go = begin(clockwork, account="sales", peers=peers)
    field.create("diwali", [1], call=HIS["alone"])
    assert begin(clockwork, peers=peers) == No("empty")
    # Surely nobody was rung: he is free at once, and who waited for him is awake.
    clockwork.store.attempts.release([go], "late")
    assert isinstance(begin(clockwork, peers=peers), Go)


def test_the_pacer_plans_nothing_for_those_who_are_held(clockwork):
    """A lane that was put aside costs no doorbells, and is awake with the release."""
    call = call_of(**HIS["one of two"])
    for _ in range(3):
        enqueue(clockwork, call)
    hold(clockwork, "pool:default/agent:13")
    assert begin(clockwork) == No("empty")
    client, keys = clockwork.store.server.client, clockwork.store.server.keys
    assert client.zcard(keys.awake("default")) == 0
    clockwork.forward(timedelta(minutes=1))
    clockwork.store.maintenance.due()
    assert client.zcard(keys.awake("default")) == 0
    release(clockwork, "pool:default/agent:13")
    assert client.zcard(keys.awake("default")) == 1


def test_a_forecast_names_who_is_held(clockwork):
    """It reckons as if they were free from now on, and says so; others it does not name."""
    field = Field.on(clockwork)
    field.routes["default"] = route(hours=OpeningHours(EVER))
    made = field.create("diwali", range(10), call={"from": "12,13", "fromType": "Agent"})
    for agent in (12, 14):
        hold(clockwork, f"pool:default/agent:{agent}")
    outlook = Outlook(clockwork.store, field.routes, 3, BACKOFFS)
    load, history = outlook.of(made, clockwork.store.campaigns.progress("diwali"), clockwork.now)
    assumed = forecast(load, history, Random(1), 10).assumptions
    held = "agent 12 of account default is held by asha: lunch; that is taken to be released now."
    assert [one for one in assumed if "is held" in one] == [held]


def test_two_holds_of_one_call_must_both_be_released(clockwork):
    """One of its agents is as good as both."""
    enqueue(clockwork, call_of(**HIS["one of two"]))
    for agent in ("12", "13"):
        hold(clockwork, f"pool:default/agent:{agent}")
    assert begin(clockwork) == No("empty")
    release(clockwork, "pool:default/agent:12")
    assert begin(clockwork) == No("empty")
    release(clockwork, "pool:default/agent:13")
    assert isinstance(begin(clockwork), Go)


def test_a_hold_that_was_written_before_holds_what_it_named(clockwork):
    """It bore the name of a lane's whole pool, and is released by that name."""
    enqueue(clockwork, call_of(**HIS["one of two"]))
    scope = "pool:default/agent:12,13/web=na/call=na"
    mine = {"owner": "asha", "who": "asha", "reason": "lunch"}
    clockwork.store.server.run("hold", {"verb": "set", "scope": scope, **mine})
    assert begin(clockwork) == No("empty")
    release(clockwork, scope)
    assert isinstance(begin(clockwork), Go)
    assert clockwork.store.holds.all() == []


def test_a_call_whose_second_agent_is_held_for_good_ends_at_its_deadline(clockwork):
    """It waits, and is in a named state at any moment."""
    job_id = enqueue(clockwork, call_of(**HIS["rung second"]))
    hold(clockwork, "pool:default/agent:12")
    for _ in range(200):
        clockwork.forward(timedelta(minutes=10))
        clockwork.store.maintenance.due()
        assert not isinstance(clockwork.begin(), Go)
    assert clockwork.store.jobs.get(job_id).state is State.SKIPPED


# From the command line


def test_the_command_holds_a_number_and_names_it_by_its_digest(cli):
    """A person writes the number; nothing that is kept or shown says it."""
    cli.job("9100000001")
    ran = cli("hold", "set", "--pool", "default/number:9000000001", "--reason", "lunch")
    digest = digest_of("+919000000001")
    assert f"number {digest} of account default is held" in ran.out
    assert "through every account of the same user id" in ran.out
    assert "9000000001" not in ran.out + cli("hold", "list").out
    assert f"number {digest} of account default" in cli("explain", "9100000001").out
    released = cli("hold", "release", "--pool", f"default/number:{digest}")
    assert released.status == 0, released.err


@pytest.mark.parametrize("written", ["default/number:12", "default/number:x", "default/agent:"])
def test_who_cannot_be_rung_cannot_be_held(cli, written):
    """A hold on nobody would be believed."""
    assert cli("hold", "set", "--pool", written, "--reason", "x").status != 0
    assert cli.store.holds.all() == []


@pytest.mark.parametrize("filters", ["", "/web=yes/call=na", "/web=na/call=no"])
def test_what_is_said_to_be_held_is_held(cli, filters):
    """The command names the agent, so it is the agent that is held."""
    ran = cli("hold", "set", "--pool", f"default/agent:12{filters}", "--reason", "x")
    assert ran.out.startswith("agent 12 of account default is held: ")
    assert [hold.scope for hold in cli.store.holds.all()] == ["pool:default/agent:12"]
    assert cli("hold", "release", "--pool", f"default/agent:12{filters}").status == 0
    assert cli.store.holds.all() == []
