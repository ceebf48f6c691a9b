"""Preflight says what then happens: every contact that is not rung has one reason, foretold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from campaignkit import PERIOD, Field, campaign, number
from storekit import PLACED, START, Clockwork

from dialer.domain.call.customer import CustomerRules
from dialer.domain.campaign.call_factory import CallFactory
from dialer.domain.campaign.contact import Contact
from dialer.domain.job.attempt import Go
from dialer.domain.job.job import State
from dialer.errors import CampaignRefused
from dialer.planning.preflight import not_rung, preflight

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """A store with room for campaigns, and the hand on its clock."""
    return Field.on(clockwork)


def look(field: Field, name: str = "diwali"):
    """Run a preflight."""
    made = field.clock.store.campaigns.get(name)
    return preflight(field.clock.store, made, field.routes["default"], field.clock.now)


def suppress(field: Field, numbers, account=None):
    """Put numbers on a do-not-call list."""
    listed = [number(n) for n in numbers]
    field.clock.store.suppression.add(listed, account=account, who="t", reason="asked")


def test_a_clean_list_is_rung(field):
    """Nothing to say is said too."""
    field.create("diwali", range(30), start=False)
    found = look(field)
    assert (found.rows, found.will_ring, found.reasons) == (30, 30, {})
    assert found.first == START
    assert found.warnings == ()


def test_each_reason_has_its_rows(field):
    """The first reason counts; rows are named."""
    field.create("diwali", range(10), start=False, ends=START + DAY)
    field.add("diwali", [10, 11], "Asia/Tokyo")
    suppress(field, [0, 1, 10])
    suppress(field, [1, 2], account="default")
    suppress(field, [3], account="another")
    made = field.clock.store.campaigns.get("diwali")
    # Tokyo is three and a half hours ahead: its evening is over.
    shut = made.model_copy(update={"calling_hours": "daily 11:00-14:00", "ends": START + HOUR})
    field.clock.store.campaigns.replace(shut, who="t")
    found = look(field)
    assert found.reasons == {"do_not_call": 3, "hours": 2}
    assert found.examples == {"do_not_call": (1, 2, 3), "hours": (11, 12)}
    assert found.will_ring == 7


def test_the_rate_bounds_what_is_reached(field):
    """Ten an hour for three hours reach thirty; the others have their reason."""
    field.create("diwali", range(50), start=False, calls_per_second=1 / 360, ends=START + 3 * HOUR)
    assert look(field).reasons == {"time": 20}


def test_the_agents_bound_what_is_reached(field):
    """Two agents, one call at a time, 110 seconds each: 65 an hour, whatever the rate."""
    call = {"from": "7,8", "fromType": "Agent", "timeLimit": 35}
    field.create("diwali", range(100), start=False, call=call, ends=START + HOUR)
    found = look(field)
    assert found.reasons == {"time": 34}
    assert "2 of those who are rung first, 1 at a time" in found.warnings[0]
    assert "about 65 calls an hour" in found.warnings[0]
    field.create("free", range(200, 300), start=False, call=call, live_per_agent=0)
    assert look(field, "free").warnings == ()


def test_customers_called_lately_are_rung_later_or_not_at_all(field):
    """A cap that ends in time puts off; one that does not is a reason."""
    cap = {"preset": "us-florida", "start": False}
    for n in (0, 1):
        for _ in range(3):
            field.clock.enqueue(protected=(number(n),))
    field.dial_all()
    field.create("soon", [0, 5], ends=START + 20 * HOUR, **cap)
    field.create("late", [1, 6], ends=START + 40 * HOUR, **cap)
    assert look(field, "soon").reasons == {"customer": 1}
    assert look(field, "late").reasons == {}


def test_calls_that_ring_too_often_are_never_made(field):
    """A call that may ring four times does not fit under three a day."""
    call = {"from": "7", "fromType": "Group", "toRetryCount": 3}
    field.create("diwali", range(4), call=call, preset="us-florida", start=False)
    assert look(field).reasons == {"cap": 4}


def test_a_contact_that_cannot_be_called_any_more_is_counted(field):
    """It was right when it was read; the system has learned since."""
    field.create("diwali", range(2), start=False)
    field.clock.store.contacts.append("diwali", "", [Contact(3, ("nonsense",), "", ("+911",))])
    assert look(field).reasons == {"invalid": 1}


def test_warnings_name_what_an_operator_overlooks(field):
    """Caller ids of the wrong series, and an account that rings nobody."""
    field.create(
        "diwali", [1], caller_ids=("1400000001", "9000000001"), purpose="service", start=False
    )
    warnings = look(field).warnings
    assert len(warnings) == 2
    assert "140 series is not for service calls" in warnings[0]
    assert "ordinary ten-digit" in warnings[1]
    field.create("eid", [1], caller_ids=("1400000001",), start=False)
    assert "no purpose" in look(field, "eid").warnings[0]


@pytest.mark.parametrize(
    ("rounded", "others", "warned"),
    [
        (["+919000000000"], 0, False),
        (["+919000000000"], 5, False),
        (["+919000000000", "+919870000000"], 0, True),
        (["+919000000000", "+919870000000"], 400, True),
        (["+919000000000", "+918000000000", "+447400000000"], 1, True),
        (["+919000000000", "+919870000000"], 2400, False),
    ],
)
def test_numbers_that_a_spreadsheet_rounded_are_a_warning(field, rounded, others, warned):
    """One may be somebody's; two, and one in a thousand, are a list that lost its digits."""
    field.create("diwali", start=False)
    for at in range(0, others, 400):
        field.add("diwali", range(at + 1, min(at + 400, others) + 1))
    contacts = [Contact(1, (number,), "", (number,)) for number in rounded]
    field.clock.store.contacts.append("diwali", "", contacts)
    zeros = [one for one in look(field).warnings if "six zeros" in one]

    assert len(zeros) == warned
    if warned:
        assert zeros[0].startswith(f"{len(rounded)} of {others + len(rounded)} contacts")


def test_preflight_changes_nothing_and_campaigns_of_others_do_not_count(field):
    """It may be run at any time."""
    field.create("diwali", range(5))
    field.dial_all(2)
    assert look(field).rows == 0
    assert field.counts("diwali") == {"dialing": 2, "ready": 3}


def test_groups_share_the_rate(field):
    """One a minute for an hour, whichever zone they are in."""
    field.create("diwali", start=False, calls_per_second=1 / 60, ends=START + HOUR)
    field.add("diwali", range(60), "Asia/Kolkata")
    field.add("diwali", range(60, 120), "Asia/Dubai")
    found = look(field)
    assert (found.will_ring, found.reasons) == (60, {"time": 60})
    assert found.examples == {"time": (31, 32, 33, 34, 35)}


def test_a_group_that_opens_later_takes_its_half_from_then_on(field):
    """Dubai opens after half an hour: it has 15 of the 30 starts that are left."""
    field.create(
        "diwali",
        start=False,
        calls_per_second=1 / 60,
        ends=START + HOUR,
        calling_hours="daily 10:30-20:00",
    )
    field.add("diwali", range(60), "Asia/Kolkata")
    field.add("diwali", range(60, 120), "Asia/Dubai")
    found = look(field)
    assert found.reasons == {"time": 60}
    assert found.examples["time"][0] == 46


def test_those_who_are_jobs_already_come_first(field):
    """An hour has sixty starts; 21 of them are theirs."""
    field.create("diwali", range(100), calls_per_second=1 / 60, ends=START + HOUR)
    assert field.counts("diwali") == {"waiting": 79, "ready": 21}
    found = look(field)
    assert (found.rows, found.will_ring, found.reasons) == (79, 39, {"time": 40})


def test_customers_who_wait_take_a_start_when_their_time_comes(field):
    """Half an hour of the hour is over before any of them may be rung."""
    for n in range(60):
        field.clock.enqueue(protected=(number(n),))
    field.dial_all(step=timedelta(milliseconds=1))
    field.routes["default"] = replace(field.routes["default"], customer=CustomerRules(HOUR / 2, ()))
    ends = field.clock.now + HOUR - timedelta(seconds=30)
    field.create("diwali", range(70), start=False, calls_per_second=1 / 60, ends=ends)
    found = look(field)
    assert (found.will_ring, found.reasons) == (10 + 30, {"time": 30})


@pytest.mark.parametrize("whose", ["account", "campaign"])
def test_live_call_limits_bound_what_is_reached(field, whose):
    """Two calls at a time, each taken to last 350 s: 22 in an hour."""
    bound = {"max_live_calls": 2} if whose == "campaign" else {}
    if whose == "account":
        field.clock.store.accounts.store("default", {"max_live_calls": 2})
    field.create("diwali", range(100), start=False, ends=START + HOUR, **bound)
    found = look(field)
    assert found.reasons == {"time": 100 - found.will_ring}
    name = {"account": "account default", "campaign": "campaign diwali"}[whose]
    assert f"max_live_calls of {name} is 2" in found.warnings[0]
    assert "--max-live-calls N changes that" in found.warnings[0]
    field.steer("start", "diwali")
    rung = 0
    while field.clock.now < START + HOUR:
        field.tick()
        while isinstance(go := field.dial(), Go):
            rung += 1
            field.clock.settle(go, PLACED)
        field.clock.forward(timedelta(seconds=25))
    assert rung == found.will_ring


def test_only_the_least_bound_is_named(field):
    """A rate that is slower than everybody's hands needs no warning."""
    field.create("slow", [1], start=False, max_live_calls=5, calls_per_second=0.001)
    assert look(field, "slow").warnings == ()
    call = {"from": "7,8", "fromType": "Agent", "timeLimit": 35}
    field.create("few", [2], start=False, max_live_calls=5, call=call)
    (warning,) = look(field, "few").warnings
    assert "2 of those who are rung first" in warning


def test_what_is_over_promises_nothing(field):
    """The next step is told."""
    field.create("diwali", range(5), start=False)
    field.steer("cancel", "diwali")
    with pytest.raises(CampaignRefused, match=r"was cancelled.*`dialer campaign create`"):
        look(field)
    field.create("eid", range(5), ends=START + HOUR)
    field.clock.forward(HOUR)
    with pytest.raises(CampaignRefused, match=r"ended at .*`dialer campaign set eid --ends …`"):
        look(field, "eid")


def test_what_is_stopped_says_by_whom_and_how_it_goes_on(field):
    """It is looked at as if it went on now."""
    field.create("diwali", range(5), start=False, call={"from": "7", "fromType": "Agent"})
    store = field.clock.store
    for verb, reason in (("start", ""), ("pause", "complaints")):
        store.campaigns.steer(verb, "diwali", who="alice", reason=reason)
    made = store.campaigns.get("diwali")
    store.campaigns.replace(made.model_copy(update={"weight": 2}), who="bob")
    others = ("campaign:other", "account:other", "pool:default/agent:8/web=na/call=na")
    for scope in ("all", "campaign:diwali", "pool:default/agent:7/web=na/call=na", *others):
        store.holds.set(scope, owner="ravi", who="ravi", reason="lunch")
    store.holds.set("account:default", owner="breaker", who="breaker", reason="silence")
    found = look(field)
    assert found.will_ring == 5
    said = [warning for warning in found.warnings if "To " in warning]
    held = "held by ravi: lunch. To release: dialer hold release"
    assert said == [
        "campaign diwali is paused by alice: complaints. To go on: dialer campaign resume diwali",
        f"everything is {held} --all --owner ravi",
        f"campaign diwali is {held} --campaign diwali --owner ravi",
        f"those who are rung first are {held} --pool default/agent:7 --owner ravi",
    ]


@pytest.mark.parametrize(("start_by", "rung"), [(timedelta(0), 1), (timedelta(seconds=1), 0)])
def test_a_request_that_leaves_late_must_still_ring_in_hours(field, start_by, rung):
    """Its last ring begins just before the close, unless the request may leave a second later."""
    field.create("diwali", [1], start=False, calling_hours="daily 11:00-11:31")
    made = field.clock.store.campaigns.get("diwali")
    made = made.model_copy(update={"ends": START + HOUR})
    lead = CallFactory(made).profile([number(1)], 1).ring_lead
    field.clock.forward(timedelta(minutes=1, milliseconds=-1) - lead)
    found = preflight(
        field.clock.store, made, field.routes["default"], field.clock.now, start_by=start_by
    )
    assert found.will_ring == rung


def test_reasons_are_known_afterwards_too(field):
    """What a person stopped is told apart from what came too late."""
    field.create("never", range(5), start=False, ends=START + HOUR)
    field.create("gone", range(10, 15))
    field.dial_all(2)
    field.steer("cancel", "gone")
    field.create("idle", range(20, 25), ends=START + HOUR)
    field.steer("pause", "idle")
    field.clock.forward(HOUR)
    for name in ("never", "gone", "idle"):
        field.feeder.look(name)
    assert afterwards(field, "never") == {"not_started": 5}
    assert afterwards(field, "gone") == {"cancelled": 3}
    assert afterwards(field, "idle") == {"time": 5}


def afterwards(field: Field, name: str, **changes) -> dict[str, int]:
    """Count who was not rung, by reason."""
    store = field.clock.store
    made, progress = store.campaigns.get(name), store.campaigns.progress(name)
    return dict(not_rung(store, made, field.routes["default"], progress, **changes))


def test_what_preflight_says_is_what_happens(scratch_clockwork):
    """A mixed thousand: each contact that is not rung has one reason, and the counts agree."""
    field = Field.on(scratch_clockwork)
    call = {"from": "7", "fromType": "Group"}
    made = campaign(
        "diwali",
        START,
        call=call,
        columns={"to": "mobile", "toRetryCount": "again"},
        preset="us-florida",
        calling_hours="daily 11:00-18:00",
        ends=START + 20 * HOUR,
    )
    store = field.clock.store
    store.campaigns.create(made, who="t")

    def add(numbers, zones="", again=""):
        contacts = [Contact(n, (number(n), again), zones, (number(n),)) for n in numbers]
        store.contacts.append("diwali", zones, contacts)

    # Zones: Honolulu's day is outside of the twenty hours that are left of the campaign's.
    add(range(500))
    add(range(500, 600), "Pacific/Honolulu+Asia/Kolkata")
    add(range(600, 700), again="3")
    add(range(700, 1000), "Asia/Dubai")
    suppress(field, range(450, 520))
    suppress(field, range(690, 760), account="default")
    for n in (*range(20), *range(995, 1000)):
        for _ in range(3):
            field.clock.enqueue(protected=(number(n),))
    for go in field.dial_all(step=timedelta(milliseconds=100)):
        field.clock.settle(go, PLACED)
    foretold = look(field)
    assert foretold.rows == 1000
    assert set(foretold.reasons) == {"do_not_call", "cap", "customer", "hours"}

    field.steer("start", "diwali")
    rung = 0
    while field.clock.now < made.ends + DAY:
        reply = field.dial()
        if isinstance(reply, Go):
            rung += reply.job_id.startswith("diwali")
            field.clock.settle(reply, PLACED)
        else:
            field.clock.forward(HOUR / 4)
            field.tick()
        field.clock.forward(timedelta(milliseconds=20))
    assert rung == foretold.will_ring == store.campaigns.progress("diwali").counts[State.PLACED]
    assert afterwards(field, "diwali") == dict(foretold.reasons)


def test_what_preflight_says_of_a_slow_campaign_is_what_happens(scratch_clockwork):
    """One call a minute, two zones, customers who wait, and an end that cuts the list off."""
    field = Field.on(scratch_clockwork)
    store, gap, late = field.clock.store, CustomerRules(90 * HOUR / 60, ()), HOUR / 14400
    for n in (*range(10), *range(10, 15), *range(10, 15), *range(10, 15)):
        field.clock.enqueue(protected=(number(n),))
    for go in field.dial_all(step=timedelta(milliseconds=100)):
        field.clock.settle(go, PLACED)
    field.routes["default"] = replace(field.routes["default"], customer=gap)
    made = field.create(
        "diwali",
        start=False,
        columns={"to": "mobile", "toRetryCount": "again"},
        calling_hours="daily 11:00-18:00",
        preset="us-florida",
        calls_per_second=1 / 60,
        ends=field.clock.now + 4 * HOUR - HOUR / 120,
    )

    def add(numbers, zones="", again=""):
        contacts = [Contact(n, (number(n), again), zones, (number(n),)) for n in numbers]
        store.contacts.append("diwali", zones, contacts)

    # At the end India has no time left, Dubai has had none before 12:30 in India, Honolulu never.
    add(range(20, 60))
    add(range(160, 165), again="3")
    add([*range(20), *range(60, 160)])
    add(range(200, 320), "Asia/Dubai")
    add(range(400, 430), "Pacific/Honolulu+Asia/Kolkata")
    suppress(field, [*range(15, 20), *range(200, 203), *range(310, 320), *range(425, 430)])
    foretold = preflight(store, made, field.routes["default"], field.clock.now, start_by=late)
    assert foretold.rows == 315
    assert foretold.reasons == {"do_not_call": 8, "cap": 5, "customer": 5, "hours": 30, "time": 27}

    field.steer("start", "diwali")
    rung = []
    while field.clock.now < made.ends + HOUR:
        field.tick()
        if isinstance(go := field.dial(customer=gap, start_by=late), Go):
            rung.append(int(go.job_id.split(":")[1]))
            field.clock.settle(go, PLACED)
            field.clock.forward(HOUR / 60)
        else:
            # So many in a row may not be rung that the lane is empty until the feeder looks.
            field.clock.forward(PERIOD)
    assert len(rung) == foretold.will_ring == 240
    # Those who waited went before others: their time came long before the end.
    assert {store.contacts.find("diwali", number(n)) for n in range(10)} <= set(rung)
    assert afterwards(field, "diwali", start_by=late) == dict(foretold.reasons)
