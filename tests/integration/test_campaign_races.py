"""Feeders that stall, operators who cross each other, replies that are lost."""

from datetime import UTC, datetime, timedelta

import pytest
from campaignkit import PERIOD, Field, number
from storekit import LIMITS, PLACED, REFUSED, SECOND, START, Clockwork

from dialer.domain.call.customer import CustomerRules
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.campaign import Campaign
from dialer.domain.campaign.contact import Contact
from dialer.domain.campaign.contact_job import new_turn
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind
from dialer.domain.job.job import State
from dialer.errors import CampaignChanged, CampaignRefused, StoreUnavailable
from dialer.feeding import feeder as feeder_module
from dialer.store.contact_blocks import pack

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def field(scratch_clockwork: Clockwork) -> Field:
    """A store with room for campaigns, and the hand on its clock."""
    return Field.on(scratch_clockwork)


def run(field: Field, time: timedelta, step: timedelta = PERIOD, **ask: object) -> list[Go]:
    """Tick and dial until *time* has passed; every call is placed."""
    begun: list[Go] = []
    until = field.clock.now + time
    while field.clock.now < until:
        field.clock.forward(step)
        field.tick()
        while isinstance(go := field.dial(**ask), Go):
            begun.append(go)
            field.clock.settle(go, PLACED)
            field.clock.forward(timedelta(milliseconds=50))
    return begun


def edit(field: Field, name: str, **update: object) -> Campaign:
    """Change a definition as it stands, and let the feeder look."""
    campaigns = field.clock.store.campaigns
    version = campaigns.progress(name).version
    made = campaigns.get(name).model_copy(update=update)
    campaigns.replace(made, who="test", version=version)
    field.feeder.look(name)
    return made


def soon(field: Field, name: str) -> None:
    """Make a campaign due for a look."""
    server = field.clock.store.server
    server.client.zadd(server.keys.feeding, {name: 0})


# Feeders


@pytest.mark.parametrize("rung_before", [True, False])
def test_contacts_added_during_a_look_are_fed(field, monkeypatch, rung_before):
    """Whether the campaign seemed finished or not, and though the importer is gone."""
    store = field.clock.store
    field.create("diwali", [1])
    if rung_before:
        assert len(run(field, MINUTE)) == 1
    soon(field, "diwali")
    write = type(store.feeding).write_hours

    def append_then_write(*args):
        monkeypatch.undo()
        field.add("diwali", [2, 3])
        return write(*args)

    monkeypatch.setattr(type(store.feeding), "write_hours", append_then_write)
    field.feeder.tick()
    assert len(run(field, HOUR, step=MINUTE)) == 3 - rung_before


def test_a_feeder_that_stalls_over_an_end_that_is_moved_loses_nobody(field):
    """Jobs made from an old definition are not taken; the contacts stay in their list."""
    store = field.clock.store
    made = field.create("diwali", range(5), start=False, ends=START + HOUR)
    store.campaigns.steer("start", "diwali", who="t")
    version = store.campaigns.progress("diwali").version
    (group,) = store.contacts.groups("diwali")
    some, behind = store.contacts.read("diwali", group, 500)
    calls, mode = CallFactory(made), field.routes["default"].mode
    jobs = [new_turn(calls, one, group.number, mode) for one in some]
    edit(field, "diwali", ends=START + DAY, starts=START + HOUR)
    field.clock.forward(2 * HOUR)
    assert not store.feeding.feed("diwali", group, behind, jobs, version=version, mode="live")
    run(field, MINUTE)
    assert field.counts("diwali") == {"placed": 5}


def test_one_campaign_that_cannot_be_read_keeps_no_other_from_being_fed(field):
    """Written by a newer version, say."""
    server = field.clock.store.server
    field.create("broken", [1])
    field.create("fine", [2], start=False)
    server.client.hset(server.keys.camp("broken"), "definition", '{"from": "a newer version"}')
    field.clock.store.campaigns.steer("start", "fine", who="t")
    soon(field, "broken")
    field.feeder.tick()
    assert field.counts("fine") == {"ready": 1}
    assert field.clock.store.feeding.due(field.clock.now, 9) == []  # it is tried again, later


def test_a_store_that_is_away_ends_the_round(field, monkeypatch):
    """Nothing is put off then: the next round begins where this one broke off."""
    field.create("diwali", [1])
    soon(field, "diwali")

    def away(*_args: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(field.clock.store.campaigns, "progress", away)
    with pytest.raises(StoreUnavailable):
        field.feeder.tick()
    assert field.clock.store.feeding.due(field.clock.now, 9) == ["diwali"]


def test_a_full_store_still_takes_out_what_has_ended(field):
    """Making room needs no room."""
    field.create("over", range(3), ends=START + HOUR)
    field.create("hungry", range(100), start=False)
    field.clock.store.campaigns.steer("start", "hungry", who="t")
    soon(field, "hungry")
    field.clock.store.server.fullness = lambda: 0.9
    field.clock.forward(2 * HOUR)
    field.tick()
    assert field.counts("over") == {"skipped": 3}
    assert field.counts("hungry") == {"waiting": 100}


def test_a_group_whose_day_ends_does_not_starve_the_others(scratch_clockwork, monkeypatch):
    """So near its close that calls would be put off, it is not fed any more."""
    monkeypatch.setattr(feeder_module, "_MOST_WAITING", 50)
    monkeypatch.setattr(feeder_module, "_ROOMY", 0)
    field = Field.on(scratch_clockwork, calls_per_second=1.0)
    slow = {"from": "7", "fromType": "Group", "toRetryCount": 3}  # 165 s to the last ring
    field.create("diwali", start=False, calling_hours="daily 09:00-21:00", call=slow)
    field.add("diwali", range(400), "Asia/Kolkata")
    field.add("diwali", range(1000, 1400), "Europe/London")
    close = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 21:00 in India
    scratch_clockwork.forward(close - 4 * MINUTE - scratch_clockwork.now)
    field.steer("start", "diwali")
    london = 0
    for second in range(1200):
        scratch_clockwork.forward(SECOND)
        if second % 10 == 0:
            field.tick()
        if isinstance(go := field.dial(limits=LIMITS), Go):
            field.clock.settle(go, PLACED)
            london += int(go.job_id.split(":")[1]) > 400
    assert london == 400
    assert field.counts("diwali")["waiting"] > 200


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_customers_who_must_wait_let_others_pass_while_there_is_room(
    scratch_clockwork, monkeypatch, share
):
    """Contacts are large as jobs, so beyond a bound they wait only while memory is plenty."""
    monkeypatch.setattr(feeder_module, "_MOST_WAITING", 50)
    field = Field.on(scratch_clockwork, calls_per_second=1.0)
    field.clock.store.server.fullness = lambda: share
    two_days = CustomerRules(2 * DAY, ())
    field.create("first", range(150))
    run(field, 10 * MINUTE, limits=LIMITS)
    field.create("second", [*range(150), *range(200, 210)], ends=START + 20 * DAY)
    begun = run(field, HOUR, step=MINUTE, customer=two_days, limits=LIMITS)
    assert len(begun) == (10 if share < 0.5 else 0)
    if share > 0.5:
        assert field.counts("second") == {"scheduled": 100, "waiting": 60}


def test_all_groups_together_are_fed_for_one_rate(scratch_clockwork, monkeypatch):
    """Each has its part of what will be dialled soon."""
    monkeypatch.setattr(feeder_module, "_MOST_WAITING", 10)
    field = Field.on(scratch_clockwork, calls_per_second=1.0)
    field.create("diwali", start=False)
    zones = ("Asia/Kolkata", "Asia/Dubai", "Europe/London", "Asia/Tokyo", "Asia/Seoul")
    for nth, zone in enumerate(zones):
        field.add("diwali", range(nth * 100, nth * 100 + 100), zone)
    field.steer("start", "diwali")
    assert field.counts("diwali") == {"ready": 50, "waiting": 450}


def test_a_campaign_that_ends_while_it_is_paused_comes_to_its_end(field):
    """What was ready is skipped, though nobody resumes it."""
    field.create("diwali", range(3), ends=START + HOUR)
    field.steer("pause", "diwali")
    field.clock.forward(2 * HOUR)
    field.tick()
    assert field.counts("diwali") == {"skipped": 3}


def test_campaigns_that_sleep_are_not_woken_before_their_hours(field):
    """However many of them, they do not stand before the one that may ring."""
    for nth in range(60):
        name = f"shut{nth}"
        field.create(name, [1000 + nth])
        edit(field, name, calling_hours="daily 09:00-10:00")
    field.create("open", range(10))
    field.dial_all(3)
    for _ in range(5):
        field.clock.forward(HOUR)
        field.clock.store.maintenance.due()
        assert isinstance(field.clock.begin(), Go)


# Operators


def test_an_edit_made_from_an_old_definition_is_refused(field):
    """The second of two who edit at once sees what the first has changed."""
    campaigns = field.clock.store.campaigns
    field.create("diwali", [1])
    version, definition = campaigns.progress("diwali").version, campaigns.get("diwali")
    edit(field, "diwali", holidays="2026-03-02")
    heavier = definition.model_copy(update={"weight": 2})
    with pytest.raises(CampaignChanged, match="try again"):
        campaigns.replace(heavier, who="b", version=version)
    assert field.dial() == No("empty")


@pytest.mark.parametrize("verb", ["resume", "start"])
def test_a_word_that_is_sent_twice_does_not_undo_what_came_between(field, verb):
    """The connection repeats a resume whose reply was lost, and somebody has paused meanwhile."""
    store = field.clock.store
    field.create("diwali", [1], start=False)
    if verb == "resume":
        field.steer("start", "diwali")
        field.steer("pause", "diwali")
    again = ("steer", {"verb": verb, "name": "diwali", "who": "a", "reason": ""})
    assert store.server.run(*again, token="one")[0] == "done"
    store.campaigns.steer("pause", "diwali", who="b")
    assert store.server.run(*again, token="one")[0] == "done"
    assert store.campaigns.progress("diwali").state == "paused"


def test_an_append_that_is_sent_twice_knows_its_own_contacts(field):
    """Also when somebody else has added others meanwhile."""
    store = field.clock.store
    field.create("diwali", start=False)
    contacts = {"block": pack([(number(1),)]), "customers": [number(1).removeprefix("+")]}
    mine = ("append", {"campaign": "diwali", "zones": "", "shape": "", **contacts})
    first = store.server.run(*mine, token="one")
    field.add("diwali", [2])
    assert store.server.run(*mine, token="one") == first
    assert first == ["done", "1"]
    assert field.counts("diwali") == {"waiting": 2}


def test_contacts_read_by_other_columns_are_refused(field):
    """The columns change between the reading of a list and its first contacts."""
    old = field.create("diwali", start=False)
    agents = {"columns": {"to": "mobile", "from": "agent"}, "call": {"fromType": "Agent"}}
    new = edit(field, "diwali", **agents)
    contacts = field.clock.store.contacts
    one = [Contact(1, (number(1),), "", (number(1),))]
    with pytest.raises(CampaignRefused, match="columns"):
        contacts.append("diwali", "", one, shape=old.shape)
    assert contacts.append("diwali", "", [Contact(1, ("7", number(1)), "", ())], shape=new.shape)
    with pytest.raises(CampaignRefused, match="those stay as they are"):
        edit(field, "diwali", columns=old.columns, call=old.call)


def test_a_raised_rate_holds_from_the_next_call_on(field):
    """Not from when the old one would have allowed it."""
    field.create("diwali", range(5), calls_per_second=1 / 36000)
    assert isinstance(field.dial(), Go)
    edit(field, "diwali", calls_per_second=10.0)
    assert len(run(field, MINUTE)) == 4


def test_lanes_that_waited_for_their_hours_wake_when_those_are_written(field):
    """After an edit nobody waits a moment longer than for the feeder's look."""
    field.create("diwali", range(5))
    field.dial_all(1)
    campaigns = field.clock.store.campaigns
    campaigns.replace(campaigns.get("diwali").model_copy(update={"weight": 2}), who="t")
    assert field.dial() == No("empty")
    field.feeder.look("diwali")
    assert isinstance(field.dial(), Go | No)
    field.clock.forward(SECOND)
    assert isinstance(field.dial(), Go)


def test_a_start_after_the_end_is_refused(field):
    """It would look as if it ran."""
    field.create("diwali", [1], start=False, ends=START + HOUR)
    field.clock.forward(2 * HOUR)
    with pytest.raises(CampaignRefused, match=r"has ended.*--ends"):
        field.steer("start", "diwali")


# Agents


@pytest.mark.parametrize("other", ["campaign", "group"])
@pytest.mark.parametrize("outcome", [REFUSED[Kind.REQUEST], REFUSED[Kind.PROVIDER]])
def test_an_agent_who_was_not_rung_is_free_for_all_who_wait(field, other, outcome):
    """Another campaign or zone group goes on with the next begin."""
    call = {"from": "7", "fromType": "Agent"}
    field.create("one", [1], call=call)
    if other == "group":
        field.add("one", [2], "Asia/Dubai")
        field.feeder.look("one")
    else:
        field.create("two", [2], call=call)
    (go,) = field.dial_all()
    field.clock.settle(go, outcome)
    assert len(field.dial_all()) == 1


def test_an_agent_has_one_call_whichever_way_he_is_asked_for(field):
    """Alone, by his login, or as one of two: two agents have two calls, and free ones are rung."""
    field.create("one", [1, 2], call={"from": "7", "fromType": "Agent"})
    field.create("two", [3, 4], call={"from": "7", "fromType": "Agent", "fromWebLogin": "yes"})
    field.create("three", [5, 6], call={"from": "7,8", "fromType": "Agent"})
    field.create("four", [7, 8], call={"from": "9", "fromType": "Agent"})
    begun = {go.job_id.split(":")[0] for go in field.dial_all()}
    assert "four" in begun
    assert len(begun) == 3


def test_a_hold_on_a_pool_stops_its_lanes_until_it_is_released(field):
    """Other agents go on."""
    field.create("one", [1], call={"from": "7", "fromType": "Agent"})
    field.create("two", [2], call={"from": "8", "fromType": "Agent"})
    holds, scope = field.clock.store.holds, "pool:default/agent:7/web=na/call=na"
    holds.set(scope, owner="asha", who="asha", reason="lunch")
    assert [go.job_id for go in field.dial_all()] == ["two:1:1"]
    holds.release(scope, owner="asha", who="test")
    assert [go.job_id for go in field.dial_all()] == ["one:1:1"]


# Memory


@pytest.mark.parametrize("verb", ["cancel", "end"])
def test_a_list_is_forgotten_when_it_has_been_over_for_long(field, verb):
    """No number of it stays; the counts do, and its name is never used again."""
    store = field.clock.store
    field.create("diwali", range(50), ends=START + DAY)
    begun = field.dial_all(10)
    for go in begun:
        field.clock.settle(go, PLACED)
    if verb == "cancel":
        field.steer("cancel", "diwali")
    else:
        field.clock.forward(DAY)
    field.tick()
    with pytest.raises(CampaignRefused, match="for long enough"):
        store.contacts.forget("diwali", who="t", after=30 * DAY)
    field.clock.forward(31 * DAY)
    field.tick()
    left = {key.split(":")[1] for key in store.server.client.keys("*:diwali*")}
    assert left <= {"camp", "steps", "job", "open"}
    assert store.campaigns.progress("diwali").forgotten == field.clock.now
    assert field.counts("diwali")["placed"] == 10
    assert store.contacts.find("diwali", number(1)) is None
    field.tick()
    assert store.contacts.forget("diwali", who="t") == 0
    # And nothing begins anew under its name.
    made = store.campaigns.get("diwali")
    later = made.model_copy(update={"ends": field.clock.now + DAY})
    for act in (
        lambda: store.campaigns.replace(later, who="t"),
        lambda: field.add("diwali", [99]),
        lambda: field.steer("start", "diwali"),
    ):
        with pytest.raises(CampaignRefused):
            act()


def test_a_list_that_is_still_rung_is_not_forgotten(field):
    """Nor one with a call on the wire."""
    contacts = field.clock.store.contacts
    field.create("diwali", range(3))
    with pytest.raises(CampaignRefused, match="dialer campaign cancel diwali"):
        contacts.forget("diwali", who="t")
    field.dial_all(1)
    field.steer("cancel", "diwali")
    with pytest.raises(CampaignRefused, match="on the wire"):
        contacts.forget("diwali", who="t")
    assert field.clock.store.jobs.counts()[State.DIALING] == 1


# Calls made anew


def test_jobs_are_made_anew_where_they_wait(field):
    """Call, deadline and lane; what is on the wire or has ended stays as it was."""
    store, call = field.clock.store, {"from": "7", "fromType": "Group"}
    field.create("diwali", range(5), call=call | {"fromCLI": "9111111111"}, ends=START + HOUR)
    wire, placed, dead = field.dial_all(3)
    field.clock.settle(placed, PLACED)
    field.clock.settle(dead, REFUSED[Kind.REQUEST])
    changed = {"from": "8", "fromType": "Group", "fromCLI": "9222222222"}
    made = edit(field, "diwali", call=changed, ends=START + DAY)
    (group,) = store.contacts.groups("diwali")
    jobs = [
        new_turn(CallFactory(made), one, group.number, field.routes["default"].mode)
        for one in store.contacts.rows("diwali", group)
    ]
    assert store.contacts.open_ids("diwali") == {"diwali:4:1", "diwali:5:1"}
    version = store.campaigns.progress("diwali").version
    assert store.feeding.remake("diwali", jobs, version=version) == 0
    store.operator.redrive([dead.job_id], who="asha", per_second=1, deadline=HOUR)
    assert store.feeding.remake("diwali", jobs, version=version - 1) == 0
    assert store.feeding.remake("diwali", jobs, version=version) == 1
    for job_id in (wire.job_id, placed.job_id):
        assert "9111111111" in store.jobs.get(job_id).content
    for job_id in (dead.job_id, "diwali:4:1"):
        job = store.jobs.get(job_id)
        assert "9222222222" in job.content
        assert (job.not_after, job.lane.split("/", 3)[3][:7]) == (made.ends, "group:8")
        assert job.events[-1].why == "made anew: its campaign was changed"
    field.clock.forward(2 * HOUR)
    assert {go.job_id for go in field.dial_all()} == {"diwali:4:1", "diwali:5:1"}
