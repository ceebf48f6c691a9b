"""Why has this number not been rung, though it stands in a list?"""

from datetime import datetime, timedelta

import pytest
from campaignkit import Field, number
from dispatchkit import route
from storekit import LEASE, START, Clockwork

from dialer.diagnosis.facts_reader import Explainer
from dialer.domain.account.opening_hours import OpeningHours
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Go
from schedules.calendar import Calendar
from schedules.rule import Rule

HOUR = timedelta(hours=1)
ALWAYS = Calendar((Rule.parse("always", zone="Asia/Kolkata"),))


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """One call a second, so that the feeder leaves most contacts in their list."""
    made = Field.on(clockwork, calls_per_second=1.0)
    limits = made.routes["default"].limits
    made.routes["default"] = route(limits=limits, hours=OpeningHours(ALWAYS))
    return made


def explainer(field: Field) -> Explainer:
    """Explain by the settings of the workers."""
    return Explainer(field.clock.store, field.routes, lease=LEASE, quarantine=HOUR)


def why(field: Field, n: int) -> list[str]:
    """Name the reasons that stand before the one contact with a number, in their order."""
    (explained,) = explainer(field).contacts(number(n))
    assert explained.waiting
    return [reason.name for reason in explained.reasons if reason.name != "workers"]


def test_a_contact_knows_how_many_come_first(field):
    """Fifty are jobs; the fifty-third waits for two in the list and the jobs."""
    field.create("diwali", range(100))
    (explained,) = explainer(field).contacts(number(52))
    (listed,) = [reason for reason in explained.reasons if reason.name == "list"]
    assert listed.text == (
        "50 ready jobs and 2 contacts of campaign diwali come first; at 1/s that takes 52 s"
    )
    assert listed.until == START + timedelta(seconds=52)
    assert explained.job.id == "diwali:53:1"
    assert explainer(field).contacts(number(3)) == []
    assert explainer(field).contacts(number(999)) == []


def turn(explained) -> tuple[str, datetime | None]:
    """What is said of those who come first."""
    (reason,) = [one for one in explained.reasons if one.name in ("queue", "list")]
    return reason.text, reason.until


AGENT = {"from": "7", "fromType": "Agent", "timeLimit": 35}
LASTS = timedelta(seconds=25 + 25 + 35)


def test_the_agents_bound_when_a_turn_comes(field):
    """One talks, each call counts for 85 s: behind a hundred others that is hours."""
    field.create("diwali", range(150), call=AGENT)
    assert len(field.dial_all()) == 1
    field.tick()
    begins = START + timedelta(seconds=1) + LASTS
    job = explainer(field).job(field.clock.store.jobs.get("diwali:50:1"))
    said, until = turn(job)
    assert said == (
        "48 ready jobs of account default come first; for the same agents, 1 call at a time,"
        " each taken to last 85 s, that takes 68 min"
    )
    assert until == begins + 48 * LASTS
    (contact,) = explainer(field).contacts(number(101))
    said, until = turn(contact)
    assert said.startswith("49 ready jobs and 51 contacts of campaign diwali come first; for the")
    assert until == begins + 100 * LASTS


def test_only_contacts_of_the_same_agent_wait_for_it(field):
    """Their rows say whom they ring first: every third is the agent's who talks."""
    columns, call = {"from": "agent", "to": "mobile"}, {"fromType": "Agent", "timeLimit": 35}
    made = field.create("diwali", columns=columns, call=call, start=False)
    listed = [Contact(n, (str(7 + n % 3), number(n)), "", (number(n),)) for n in range(300)]
    field.clock.store.contacts.append(made.name, "", listed)
    field.steer("start", "diwali")
    # The first call is agent 7's, who has every third contact.
    assert isinstance(field.dial(), Go)
    field.tick()
    (contact,) = explainer(field).contacts(number(297))
    said, until = turn(contact)
    ready = field.counts("diwali")["ready"]
    assert said.startswith(f"{ready} ready jobs and {296 - ready} contacts of campaign diwali come")
    assert "first; 98 of them for the same agents, 1 call at a time, each taken to last" in said
    assert until == START + 99 * LASTS


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], "campaign diwali has not been started"),
        (["start", "pause"], "campaign diwali is paused"),
        (["start", "cancel"], "campaign diwali was cancelled"),
    ],
)
def test_what_was_decided_about_its_campaign_comes_first(field, steps, reason):
    """Who decided it, and why, is told."""
    field.create("diwali", range(100), start=False)
    for step in steps:
        field.steer(step, "diwali")
    (explained,) = explainer(field).contacts(number(99))
    assert explained.reasons[0].text.startswith(reason)
    if steps:
        assert "(test, " in explained.reasons[0].text
        assert explained.next is None


def test_every_reason_is_named_in_its_order(field):
    """One look shows all that must change."""
    field.create("diwali", range(100), starts=START + HOUR, calling_hours="daily 20:00-21:00")
    holds, lists = field.clock.store.holds, field.clock.store.suppression
    holds.set("campaign:diwali", owner="asha", who="asha", reason="wrong text")
    holds.set("account:default", owner="ravi", who="ravi", reason="bill")
    lists.add([number(99)], account=None, who="t", reason="asked")
    assert why(field, 99) == ["hold", "hold", "campaign", "hours", "do_not_call", "list"]


def test_its_hours_and_those_of_the_account_count(field):
    """START is 11:30 in Kolkata, 10:00 in Dubai; its own zone decides."""
    field.create("diwali", [1], start=False, calling_hours="daily 11:00-12:00")
    field.add("diwali", [2], "Asia/Dubai")
    field.steer("start", "diwali")
    assert [reason.name for reason in _reasons(field, "diwali:1:1")] == ["workers"]
    assert why(field, 2) == ["hours"]
    (explained,) = explainer(field).contacts(number(2))
    assert explained.reasons[0].until == START + HOUR


def test_hours_that_nobody_has_written_are_closed(field):
    """The tick writes them; before the start nobody needs them."""
    field.create("diwali", range(100), start=False)
    assert why(field, 99) == ["campaign", "list"]
    field.clock.store.campaigns.steer("start", "diwali", who="t")
    assert why(field, 99) == ["hours_unwritten", "list"]
    field.feeder.look("diwali")
    assert why(field, 99) == ["list"]


def test_a_hold_on_its_agents_is_named(field):
    """For a contact and for a job; other agents' holds are none of theirs."""
    field.create("diwali", range(100), call={"from": "7", "fromType": "Agent"})
    for agent in (7, 8):
        pool = f"pool:default/agent:{agent}/web=na/call=na"
        field.clock.store.holds.set(pool, owner="asha", who="asha", reason="lunch")
    assert why(field, 99) == ["hold", "list"]
    explained = explainer(field).job(field.clock.store.jobs.get("diwali:1:1"))
    (held,) = [reason for reason in explained.reasons if reason.name == "hold"]
    assert held.text.startswith("agent 7 of account default is held by asha since")
    release = "dialer hold release --pool default/agent:7 --owner asha"
    assert held.step == release
    assert explained.next is None


def test_who_decided_is_not_who_edited(field):
    """An edit of a paused campaign is no second pause."""
    made = field.create("diwali", [1, 2])
    store = field.clock.store
    store.campaigns.steer("pause", "diwali", who="alice", reason="complaints")
    field.clock.forward(HOUR)
    store.campaigns.replace(made.model_copy(update={"weight": 2}), who="bob")
    reason = explainer(field).job(store.jobs.get("diwali:1:1")).reasons[0]
    assert reason.text == ("campaign diwali is paused (alice, 2026-03-02 11:30:00 IST: complaints)")


def test_next_steps_fit_a_contact(field):
    """Nobody enqueues a contact again: its campaign is changed."""
    call = {"from": "7", "fromType": "Group", "toRetryCount": 3}
    field.create("often", [1], call=call, preset="us-florida", calling_hours="always")
    field.create("short", [2], ends=START + HOUR)
    store = field.clock.store
    (cap,) = [r for r in _reasons(field, "often:1:1") if r.name == "customer"]
    assert cap.step == "dialer campaign set often --set toRetryCount=…"
    field.clock.forward(2 * HOUR)
    (deadline,) = [r for r in _reasons(field, "short:1:1") if r.name == "deadline"]
    assert deadline.step == "dialer campaign set short --ends …"
    assert store.jobs.get("short:1:1").campaign == "short"


def _reasons(field: Field, job_id: str):
    return explainer(field).job(field.clock.store.jobs.get(job_id)).reasons


def test_agents_who_talk_are_a_reason_for_a_job(field):
    """The second call of one agent waits for the end of the first."""
    field.create("diwali", range(2), call={"from": "7", "fromType": "Agent", "timeLimit": 60})
    assert len(field.dial_all()) == 1
    job = field.clock.store.jobs.get("diwali:2:1")
    explained = explainer(field).job(job)
    (busy,) = [reason for reason in explained.reasons if reason.name == "agents"]
    assert "--live-per-agent" in busy.step
    assert busy.until == START + timedelta(seconds=1 + 25 + 25 + 60)


def test_a_contact_whose_call_breaks_a_rule_by_now_is_explained(field):
    """It was right when the list was read, and the definition has changed."""
    call = {"from": "7", "fromType": "Group", "timeLimit": 100}
    columns = {"to": "mobile", "timeLimtAlert": "alert"}
    made = field.create("diwali", call=call, columns=columns, start=False)
    one = Contact(1, ("90", number(1)), "", (number(1),))
    field.clock.store.contacts.append("diwali", "", [one])
    shorter = made.model_copy(update={"call": call | {"timeLimit": 60}})
    field.clock.store.campaigns.replace(shorter, who="t")
    (explained,) = explainer(field).contacts(number(1))
    (reason,) = [reason for reason in explained.reasons if reason.name == "call"]
    assert "timeLimtAlert" in reason.text
    assert "dialer campaign set diwali" in reason.step
