"""Preflight says what then happens: every contact that is not rung has one reason, foretold."""

from collections import Counter
from datetime import timedelta

import pytest
from campaignkit import Field, campaign, number
from storekit import PLACED, START, Clockwork

from dialer.contact import Contact
from dialer.job import State
from dialer.preflight import preflight
from dialer.store.dialling import Go

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


def test_preflight_changes_nothing_and_campaigns_of_others_do_not_count(field):
    """It may be run at any time."""
    field.create("diwali", range(5))
    field.dial_all(2)
    assert look(field).rows == 0
    assert field.counts("diwali") == {"dialing": 2, "ready": 3}


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
    progress = store.campaigns.progress("diwali")
    happened = Counter(progress.skipped)
    # Contacts in lanes that never opened, or were not even fed: their hours left no moment.
    happened["hours"] += happened.pop("time", 0) + progress.waiting
    assert rung == foretold.will_ring == progress.counts[State.PLACED]
    assert dict(happened) == dict(foretold.reasons)
