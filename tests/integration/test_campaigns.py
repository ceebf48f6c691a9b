"""Campaigns in the store: lists, feeding, turns, steering; on fakeredis and a real server."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from campaignkit import PERIOD, Field, campaign, number
from storekit import EVER, PLACED, REFUSED, SECOND, START, Clockwork, whole_state

from dialer.domain.call.customer import CustomerRules
from dialer.domain.campaign.campaign import CampaignState
from dialer.domain.campaign.contact import Contact
from dialer.domain.campaign.hourly_counts import HourCounts
from dialer.domain.job.attempt import Go, No
from dialer.domain.job.codes import Kind, undocumented
from dialer.domain.job.job import State
from dialer.domain.job.outcome import Doubtful, Refused
from dialer.errors import CampaignNotFound, CampaignRefused, StoreUnavailable
from dialer.store.contacts import BLOCK
from schedules.presets import Cap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def field(clockwork: Clockwork) -> Field:
    """A store with room for campaigns, and the hand on its clock."""
    return Field.on(clockwork)


# Definitions


def test_an_edit_ends_what_past_attempts_say(field):
    """The running hour counts from the edit on; what does not change how calls go is no edit."""
    made = field.create("diwali", range(30))
    campaigns = field.clock.store.campaigns

    def attempts(outcomes):
        for outcome in outcomes:
            field.clock.forward(SECOND)
            field.clock.settle(field.dial(), outcome)

    refused = REFUSED[Kind.REQUEST]
    attempts([PLACED, refused])
    field.clock.forward(HOUR)
    attempts([refused, PLACED, refused])
    before = campaigns.lately("diwali")
    assert before == (None, campaigns.history("diwali"))
    later = made.model_copy(update={"ends": made.ends + DAY, "purpose": "service"})
    campaigns.replace(later, who="t")
    assert campaigns.lately("diwali") == before
    for _ in range(2):
        campaigns.replace(later.model_copy(update={"weight": 2}), who="t")
        field.feeder.look("diwali")
    edited = field.clock.now
    attempts([PLACED, PLACED])
    hour = START + HOUR
    assert campaigns.lately("diwali") == (edited, [HourCounts(hour, 2, 2)])
    assert campaigns.history("diwali")[-1] == HourCounts(hour, 5, 3, dead=2)
    field.clock.forward(HOUR)
    attempts([PLACED])
    assert campaigns.lately("diwali") == (
        edited,
        [HourCounts(hour, 2, 2), HourCounts(hour + HOUR, 1, 1)],
    )


def test_a_campaign_is_defined_once(field):
    """The same definition again is no error; another one under the same name is."""
    made = field.create("diwali", start=False)
    field.clock.store.campaigns.create(made, who="again")
    assert field.clock.store.campaigns.get("diwali") == made
    assert field.clock.store.campaigns.names() == ["diwali"]
    with pytest.raises(CampaignRefused, match="defined otherwise"):
        field.create("diwali", start=False, weight=2)


def test_an_unknown_campaign_is_named(field):
    """Nobody has to guess why nothing happens."""
    store = field.clock.store
    for act in (
        lambda: store.campaigns.get("diwali"),
        lambda: store.campaigns.progress("diwali"),
        lambda: store.campaigns.steer("start", "diwali", who="t"),
        lambda: store.campaigns.replace(campaign("diwali", START), who="t"),
        lambda: store.contacts.append("diwali", "", [Contact(1, ("1",), "", ("+911",))]),
    ):
        with pytest.raises(CampaignNotFound, match="diwali"):
            act()


def test_a_campaign_without_contacts_is_not_started(field):
    """It would look as if it ran, and ring nobody."""
    with pytest.raises(CampaignRefused, match="no contacts"):
        field.create("diwali")


STEPS = {
    "draft": {"start": "running", "cancel": "cancelled"},
    "running": {"pause": "paused", "cancel": "cancelled", "start": "running", "resume": "running"},
    "paused": {"resume": "running", "cancel": "cancelled", "pause": "paused"},
    "cancelled": {"cancel": "cancelled"},
}
WAYS = {
    "draft": [],
    "running": ["start"],
    "paused": ["start", "pause"],
    "cancelled": ["start", "cancel"],
}


@pytest.mark.parametrize("verb", ["start", "pause", "resume", "cancel"])
@pytest.mark.parametrize("state", list(WAYS))
def test_steering_from_each_state(field, state, verb):
    """Each verb works from where it makes sense, twice is once, and elsewhere it is refused."""
    field.create("diwali", range(3), start=False)
    for step in WAYS[state]:
        field.steer(step, "diwali")
    assert field.clock.store.campaigns.progress("diwali").state == state
    target = STEPS[state].get(verb)
    if target is None:
        with pytest.raises(
            CampaignRefused, match="not been started" if state == "draft" else state
        ):
            field.steer(verb, "diwali")
        target = state
    else:
        assert field.steer(verb, "diwali") == (target != state)
    assert field.clock.store.campaigns.progress("diwali").state == target


# Lists


def test_contacts_are_numbered_and_found(field):
    """Each contact has a number in its list, by which its customer is found."""
    field.create("diwali", range(3), start=False)
    assert field.add("diwali", range(2, 5)) == [False, True, True]
    contacts = field.clock.store.contacts
    assert [contacts.find("diwali", number(n)) for n in range(6)] == [1, 2, 3, 4, 5, None]
    (group,) = contacts.groups("diwali")
    rows = list(contacts.rows("diwali", group))
    assert [(one.row, one.values) for one in rows] == [(n + 1, (number(n),)) for n in range(5)]
    assert field.counts("diwali") == {"waiting": 5}


def test_the_same_list_again_adds_nothing(field):
    """Whatever is handed in twice is there once."""
    field.create("diwali", range(1000, 1300), start=False)
    before = whole_state(field.clock.store)
    assert not any(field.add("diwali", range(1000, 1300)))
    assert whole_state(field.clock.store) == before


def test_the_first_of_two_in_one_call_wins(field):
    """A customer is in a list once, however the list is cut."""
    field.create("diwali", start=False)
    assert field.add("diwali", [1, 2, 1, 3, 2]) == [True, True, False, True, False]
    assert field.counts("diwali") == {"waiting": 3}


def test_contacts_without_a_number_are_known_by_what_they_say(field):
    """A list of agents has no customers, and is no list of one."""
    field.create("diwali", start=False)
    contacts = [Contact(n, (f"{n % 3}",), "", ()) for n in range(5)]
    assert field.clock.store.contacts.append("diwali", "", contacts) == [True] * 3 + [False] * 2


def test_contacts_of_several_zones_have_their_own_groups(field):
    """A group shares its hours; rows are counted through."""
    field.create("diwali", [1], start=False)
    field.add("diwali", [2, 3], "America/New_York")
    field.add("diwali", [4])
    groups = field.clock.store.contacts.groups("diwali")
    assert [(one.number, one.zones, one.rows) for one in groups] == [
        ("0", "", 2),
        ("1", "America/New_York", 2),
    ]
    rows = [one.row for group in groups for one in field.clock.store.contacts.rows("diwali", group)]
    assert rows == [1, 4, 2, 3]


def test_a_cancelled_campaign_takes_no_contacts(field):
    """Nothing of it comes back."""
    field.create("diwali", range(3), start=False)
    field.steer("cancel", "diwali")
    with pytest.raises(CampaignRefused, match="cancelled"):
        field.add("diwali", [9])


# Feeding and turns


def test_a_campaign_rings_each_contact_once(field):
    """Every contact becomes one job, in the order of the list, and the books balance."""
    field.create("diwali", range(50))
    begun = field.dial_all()
    assert [go.job_id for go in begun] == [f"diwali:{row}:1" for row in range(1, 51)]
    assert field.counts("diwali") == {"dialing": 50}
    for go in begun:
        field.clock.settle(go, PLACED)
    assert field.counts("diwali") == {"placed": 50}
    assert field.dial() == No("empty")
    history = field.clock.store.campaigns.history("diwali")
    assert sum(hour.starts for hour in history) == sum(hour.placed for hour in history) == 50


def test_only_what_is_about_to_be_dialled_is_fed(clockwork):
    """A slow account does not turn a long list into jobs."""
    field = Field.on(clockwork, calls_per_second=1.0)
    field.create("diwali", range(400))
    assert field.counts("diwali") == {"waiting": 350, "ready": 50}
    field.tick()
    assert field.counts("diwali") == {"waiting": 350, "ready": 50}
    for go in field.dial_all(30):
        field.clock.settle(go, PLACED)
    field.tick()
    assert field.counts("diwali") == {"waiting": 320, "ready": 50, "placed": 30}


@pytest.mark.parametrize("call", [{"from": "7", "fromType": "Agent"}, {"from": "9000088888"}])
def test_busy_agents_do_not_turn_the_list_into_jobs(clockwork, call):
    """Where all wait for the same agents, those of a sleeping lane are enough."""
    field = Field.on(clockwork, calls_per_second=1.0)
    field.create("diwali", range(400), call=call)
    (go,) = field.dial_all()
    field.clock.settle(go, PLACED)
    for _ in range(5):
        assert field.dial() == No("empty")
        field.clock.forward(PERIOD)
        field.tick()
    assert field.counts("diwali") == {"waiting": 349, "ready": 50, "placed": 1}
    for _ in range(3):
        field.clock.forward(HOUR)
        field.tick()
        (go,) = field.dial_all()
        field.clock.settle(go, PLACED)
    assert field.counts("diwali") == {"waiting": 347, "ready": 49, "placed": 4}


def test_feeding_from_an_old_cursor_does_nothing(field):
    """Two feeders, or one that repeats itself, feed each contact once."""
    field.create("diwali", range(10), start=False)
    field.clock.store.campaigns.steer("start", "diwali", who="t")
    (group,) = field.clock.store.contacts.groups("diwali")
    field.feeder.look("diwali")
    assert field.counts("diwali") == {"ready": 10}
    before = whole_state(field.clock.store)
    jobs = [field.clock.job(f"diwali:{row}:9") for row in range(10)]
    version = field.clock.store.campaigns.progress("diwali").version
    assert not field.clock.store.feeding.feed(
        "diwali", group, (1, 0), jobs, version=version, mode="live"
    )
    assert whole_state(field.clock.store) == before


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_feeder_that_is_late_feeds_nothing(field, verb):
    """It read the list while the campaign ran, and comes with the jobs when it does not."""
    field.create("diwali", range(10), start=False)
    store = field.clock.store
    store.campaigns.steer("start", "diwali", who="t")
    (group,) = store.contacts.groups("diwali")
    some, behind = store.contacts.read("diwali", group, 10)
    store.campaigns.steer(verb, "diwali", who="t")
    version = store.campaigns.progress("diwali").version
    jobs = [field.clock.job(f"diwali:{one.row}:1", lane="default/diwali/0/") for one in some]
    assert not store.feeding.feed("diwali", group, behind, jobs, version=version, mode="live")
    assert field.counts("diwali") == {"waiting": 10}


def test_a_look_does_not_put_off_what_was_decided_meanwhile(field):
    """A cancel between the feeder's look and its note is looked at at once, not in hours."""
    field.create("diwali", range(5))
    campaigns, feeding = field.clock.store.campaigns, field.clock.store.feeding
    looked_at = campaigns.progress("diwali")
    field.clock.forward(SECOND)
    campaigns.steer("cancel", "diwali", who="t")
    for when in (START + DAY, None):
        feeding.look_again(looked_at, when, period=PERIOD)
        assert feeding.due(field.clock.now, 10) == ["diwali"]


def test_a_list_longer_than_a_block_is_fed_to_its_end(field):
    """Blocks follow each other, and the end is the end."""
    field.create("diwali", range(BLOCK), start=False)
    field.add("diwali", range(BLOCK, BLOCK + 7))
    field.steer("start", "diwali")
    assert field.counts("diwali") == {"ready": BLOCK + 7}
    field.tick()
    assert field.clock.store.feeding.at_hand(
        "default", "diwali", field.clock.store.contacts.groups("diwali"), None
    ) == {"0": BLOCK + 7}


def test_nobody_is_rung_before_the_start_or_after_the_end(field):
    """The start opens a campaign, the end closes it and skips who is left."""
    starts = START + HOUR
    field.create("diwali", range(5), starts=starts, ends=starts + HOUR)
    assert field.dial() == No("empty")
    assert field.counts("diwali") == {"waiting": 5}
    field.clock.forward(HOUR)
    field.tick()
    assert field.dial().job_id == "diwali:1:1"
    field.clock.forward(HOUR)
    assert field.dial() == No("empty")
    field.tick()
    assert field.counts("diwali") == {"dialing": 1, "skipped": 4}


def test_an_ended_campaign_never_feeds(field):
    """Contacts that nobody rang in time stay in their list, and are counted."""
    field.create("diwali", range(5), ends=START + HOUR, starts=START + HOUR / 2)
    field.clock.forward(2 * HOUR)
    field.tick()
    assert field.counts("diwali") == {"waiting": 5}
    assert field.dial() == No("empty")


# Hours


def test_campaign_hours_close_what_the_account_opens(field):
    """START is 11:30 in Kolkata; the campaign opens at noon and closes at one."""
    field.create("diwali", range(3), calling_hours="daily 12:00-13:00")
    assert field.dial() == No("empty")
    field.clock.forward(HOUR / 2 - PERIOD)
    field.tick()
    assert field.counts("diwali") == {"ready": 3}
    assert field.dial() == No("empty")
    field.clock.forward(PERIOD)
    field.tick()
    assert field.dial().job_id == "diwali:1:1"
    field.clock.forward(HOUR - 2 * SECOND)
    # The last ring of the customer could begin too late by now.
    assert field.dial() == No("empty")
    assert field.counts("diwali") == {"dialing": 1, "scheduled": 2}
    field.clock.forward(23 * HOUR + 2 * SECOND)
    field.tick()
    assert field.dial().job_id == "diwali:2:1"


def test_each_zone_group_has_its_own_hours(field):
    """Noon comes to each of them in its turn."""
    field.create("diwali", [1], start=False, calling_hours="daily 12:00-13:00")
    field.add("diwali", [2], "Asia/Dubai")
    field.add("diwali", [3], "Asia/Dubai+Asia/Kolkata")
    field.steer("start", "diwali")
    rung = {}
    for quarter in range(96):
        field.tick()
        reply = field.dial()
        if isinstance(reply, Go):
            rung[reply.job_id] = quarter
        field.clock.forward(HOUR / 4)
    # 12:00 in Kolkata is 06:30 UTC, in Dubai 08:00; both are never open at once.
    assert rung == {"diwali:1:1": 2, "diwali:2:1": 8}


def test_a_holiday_added_while_it_runs_holds_for_the_next_dial(field):
    """A calendar edited while running closes at once, with jobs in the lanes."""
    made = field.create("diwali", range(5))
    assert isinstance(field.dial(), Go)
    changed = made.model_copy(update={"holidays": f"{START:%Y-%m-%d}"})
    field.clock.store.campaigns.replace(changed, who="test")
    field.clock.forward(SECOND)
    assert field.dial() == No("empty")
    field.feeder.look("diwali")
    field.clock.forward(HOUR)
    field.tick()
    assert field.dial() == No("empty")
    # Midnight in Kolkata is 18:30 UTC.
    field.clock.forward(datetime(2026, 3, 2, 18, 30, tzinfo=UTC) - field.clock.now)
    field.tick()
    assert isinstance(field.dial(), Go)


@pytest.mark.parametrize(
    "edit", [{"starts": START + HOUR}, {"ends": START + timedelta(seconds=30)}]
)
def test_a_start_or_an_end_that_is_moved_holds_for_the_next_dial(field, edit):
    """Jobs that were fed under the old ones wait, or are over."""
    made = field.create("diwali", range(5), ends=START + DAY)
    assert isinstance(field.dial(), Go)
    field.clock.store.campaigns.replace(made.model_copy(update=edit), who="test")
    field.feeder.look("diwali")
    field.clock.forward(timedelta(minutes=1))
    assert field.dial() == No("empty")
    field.clock.forward(HOUR)
    field.tick()
    if "starts" in edit:
        assert len(field.dial_all()) == 4
    else:
        assert field.dial() == No("empty")
        assert field.counts("diwali") == {"dialing": 1, "skipped": 4}


def test_a_redriven_contact_is_not_rung_after_the_end(field):
    """Its own deadline may be later than that of its campaign."""
    field.create("diwali", [1], ends=START + HOUR / 2)
    desk, go = field.clock.store.operator, field.dial()
    field.clock.settle(go, REFUSED[Kind.REQUEST])
    assert desk.redrive([go.job_id], who="asha", per_second=1, deadline=DAY).done
    field.clock.forward(HOUR)
    field.clock.store.maintenance.due()
    assert field.dial() == No("empty")
    assert field.clock.store.jobs.get(go.job_id).state is State.READY


def test_jobs_made_by_an_edit_wait_for_its_hours(field, monkeypatch):
    """Where a feeder could not write the new ones, the old ones count for nobody."""
    made = field.create("diwali", range(5))
    field.clock.store.campaigns.replace(made.model_copy(update={"weight": 2}), who="test")
    feeding = field.clock.store.feeding
    monkeypatch.setattr(feeding, "write_hours", lambda *_asked: True)
    field.feeder.look("diwali")
    field.clock.forward(SECOND)
    assert field.dial() == No("empty")
    monkeypatch.undo()
    field.clock.store.campaigns.steer("pause", "diwali", who="test", reason="")
    field.steer("resume", "diwali")
    field.clock.forward(6 * SECOND)
    field.tick()
    assert isinstance(field.dial(), Go)


def test_hours_made_from_an_old_definition_are_not_written(field):
    """A feeder that was slow does not undo an edit."""
    made = field.create("diwali", range(5))
    progress = field.clock.store.campaigns.progress("diwali")
    field.clock.forward(SECOND)
    field.clock.store.campaigns.replace(made.model_copy(update={"holidays": "2026-03-02"}), who="t")
    assert not field.clock.store.feeding.write_hours("diwali", progress, {"0": EVER}, DAY)
    assert field.dial() == No("empty")


def test_unknown_hours_are_closed(field):
    """Windows that nobody has written for a day are gone, and nobody is rung."""
    field.create("diwali", range(5))
    field.clock.store.server.client.delete("{dialer}:cal:diwali/0")
    assert field.dial() == No("empty")
    field.feeder.look("diwali")
    field.clock.forward(6 * SECOND)
    field.tick()
    assert isinstance(field.dial(), Go)


# Steering while it runs


def test_a_paused_campaign_rings_nobody_and_loses_nobody(field):
    """Pause holds for the next begin; resume goes on with the next contact."""
    field.create("diwali", range(20))
    first = field.dial_all(5)
    field.steer("pause", "diwali")
    assert field.dial() == No("empty")
    # What comes back from the wire, or becomes due, brings nothing of it back to life.
    field.clock.settle(first[0], PLACED)
    field.clock.settle(first[1], REFUSED[Kind.PROVIDER])
    field.clock.store.attempts.release([first[2]], "late")
    for _ in range(20):
        field.clock.forward(PERIOD)
        field.tick()
        assert field.dial() == No("empty")
    field.steer("resume", "diwali")
    rest = field.dial_all()
    assert len(rest) == 17
    assert len({go.job_id for go in first + rest}) == 20


def test_nothing_of_a_cancelled_campaign_comes_back(field):
    """Waiting, ready, scheduled, failing, dead and unconfirmed ones: none rings again."""
    field.create("diwali", range(400), call={"from": "9", "fromType": "Group"})
    ready, retried, doubtful, dead, dialing = field.dial_all(5)
    field.clock.settle(retried, REFUSED[Kind.PROVIDER])
    field.clock.settle(doubtful, Doubtful("silence"))
    field.clock.settle(dead, REFUSED[Kind.REQUEST])
    field.clock.store.attempts.release([ready], "late")
    field.clock.store.campaigns.steer("cancel", "diwali", who="asha", reason="enough")
    assert field.dial() == No("empty")
    field.tick()
    assert field.counts("diwali") == {"cancelled": 397, "unconfirmed": 1, "dead": 1, "dialing": 1}
    field.clock.settle(dialing, REFUSED[Kind.PROVIDER])
    desk = field.clock.store.operator
    moved = desk.redrive([dead.job_id], who="asha", per_second=1, deadline=DAY)
    assert moved.refused == {dead.job_id: "in a campaign that is over"}
    with pytest.raises(Exception, match="campaign that is over"):
        desk.resolve(
            doubtful.job_id, State.READY, who="asha", reason="r", quarantine=SECOND, deadline=DAY
        )
    for _ in range(50):
        field.clock.forward(PERIOD)
        field.tick()
        assert field.dial() == No("empty")
    assert field.counts("diwali") == {"cancelled": 398, "unconfirmed": 1, "dead": 1}


def test_ten_minutes_without_a_tick_lose_nothing(clockwork):
    """What was fed is dialled, nothing more; the next tick goes on where the last one stopped."""
    field = Field.on(clockwork, calls_per_second=1.0)
    field.create("diwali", range(400))
    begun = field.dial_all()
    assert len(begun) == 50
    field.clock.forward(timedelta(minutes=10))
    while len(begun) < 400:
        field.tick()
        field.tick()  # a second beat
        some = field.dial_all()
        assert some
        begun += some
    assert sorted({go.job_id for go in begun}) == sorted(f"diwali:{n}:1" for n in range(1, 401))


def test_a_feeder_that_dies_between_its_steps_is_replaced(field):
    """Hours written and nothing fed, or fed and the next look not noted: the next one goes on."""
    field.create("diwali", range(400), start=False)
    store = field.clock.store
    store.campaigns.steer("start", "diwali", who="t")

    def die(*_args: object, **_kwargs: object) -> None:
        raise StoreUnavailable("killed")

    for owner, step in ((store.feeding, "feed"), (store.feeding, "look_again")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(owner), step, die)
            with pytest.raises(StoreUnavailable):
                field.feeder.tick()
    field.tick()
    begun = field.dial_all()
    assert len({go.job_id for go in begun}) == len(begun) == 400


def test_a_cap_slides_over_midnight_and_over_all_campaigns(field):
    """Three in a day by three campaigns and a direct call: the day is any 24 hours."""
    rules = CustomerRules(timedelta(0), (Cap(3, DAY),))
    # 23:00 in Kolkata.
    field.clock.forward(timedelta(hours=11, minutes=30))
    for name in ("one", "two", "three"):
        field.create(name, [7])
    field.clock.enqueue(protected=(number(7),), not_after=START + 3 * DAY)
    rung = []
    for _ in range(26 * 4):
        field.tick()
        reply = field.dial(customer=rules)
        if isinstance(reply, Go):
            field.clock.settle(reply, PLACED)
            rung.append(field.clock.now)
        field.clock.forward(HOUR / 4 * 3)
    assert len(rung) == 4
    assert rung[2] - rung[0] == HOUR * 3 / 2
    assert rung[0].date() != rung[3].date()
    assert DAY <= rung[3] - rung[0] < DAY + HOUR


def test_contacts_added_to_a_running_campaign_are_rung(field):
    """A list may grow while it is rung."""
    field.create("diwali", range(3))
    assert len(field.dial_all()) == 3
    field.tick()
    field.add("diwali", range(3, 6))
    field.tick()
    assert len(field.dial_all()) == 3


def test_a_hold_on_a_campaign_stops_it_alone(field):
    """Others go on; released, it goes on too."""
    field.create("diwali", range(3))
    field.create("eid", range(10, 12))
    holds = field.clock.store.holds
    holds.set("campaign:diwali", owner="asha", who="asha", reason="wrong text")
    assert {go.job_id for go in field.dial_all()} == {"eid:1:1", "eid:2:1"}
    holds.release("campaign:diwali", owner="asha", who="test")
    assert len(field.dial_all()) == 3


def test_the_same_fault_three_times_in_a_row_holds_the_campaign(field):
    """A mistake in the template does not bury the whole list."""
    field.create("diwali", range(20))
    store, refused = field.clock.store, REFUSED[Kind.REQUEST]
    for go in field.dial_all(2):
        field.clock.settle(go, refused, fault="1519 from abc")
    field.clock.settle(field.dial_all(1)[0], PLACED, fault="")
    for go in field.dial_all(2):
        field.clock.settle(go, refused, fault="1519 from abc")
    field.clock.settle(field.dial_all(1)[0], refused, fault="1519 from other")
    assert store.holds.all() == []
    for go in field.dial_all(2):
        field.clock.settle(go, refused, fault="1519 from other")
    assert [(hold.scope, hold.owner) for hold in store.holds.all()] == [
        ("campaign:diwali", "configuration")
    ]
    assert field.dial() == No("empty")


# Fairness and limits


def test_campaigns_share_by_weight(field):
    """Start-time fair queueing: three to one, at any time, and never in blocks."""
    field.create("big", range(200), weight=3)
    field.create("small", range(200, 400), weight=1)
    begun = [go.job_id.split(":")[0] for go in field.dial_all(80)]
    assert Counter(begun) == {"big": 60, "small": 20}
    assert all(Counter(begun[at : at + 4])["small"] == 1 for at in range(0, 80, 4))


def test_a_campaign_that_was_away_cannot_make_up_for_it(field):
    """After a pause it has its share, not the share it missed."""
    field.create("one", range(100))
    field.create("two", range(200, 300))
    field.steer("pause", "two")
    field.dial_all(40)
    field.steer("resume", "two")
    begun = [go.job_id.split(":")[0] for go in field.dial_all(20)]
    assert Counter(begun) == {"one": 10, "two": 10}


def test_direct_calls_come_first_but_leave_a_tenth(field):
    """A file of direct calls does not starve campaigns; a single call goes at once."""
    field.create("diwali", range(100))
    for _ in range(60):
        field.clock.enqueue()
    begun = ["diwali" in go.job_id for go in field.dial_all(50)]
    assert sum(begun) == 5
    assert begun[:9] == [False] * 9


def test_campaigns_alone_owe_direct_calls_nothing(field):
    """The floor counts starts while somebody waited; an urgent call is next."""
    for _ in range(20):
        field.clock.enqueue()
    assert len(field.dial_all()) == 20
    field.create("diwali", range(100))
    field.dial_all(5)
    job_id = field.clock.enqueue()
    assert field.dial_all(1)[0].job_id == job_id


def test_its_own_rate_paces_a_campaign(field):
    """A tenth of a call a second: one in ten seconds, and others are not slowed down."""
    field.create("slow", range(50), calls_per_second=0.1)
    field.create("fast", range(100, 200))
    begun = []
    for _ in range(60):
        (go,) = field.dial_all(1)
        field.clock.settle(go, PLACED)  # an outcome is no reason to go on sooner
        begun.append(go.job_id.split(":")[0])
    assert Counter(begun) == {"slow": 6, "fast": 54}
    assert {at % 10 for at, name in enumerate(begun) if name == "slow"} == {1}


def test_its_own_posting_and_live_limits_hold(field):
    """Requests on the wire are freed by an outcome, calls only by their end."""
    field.create("diwali", range(30), max_posting=3, max_live_calls=4)
    begun = field.dial_all()
    assert len(begun) == 3
    field.clock.settle(begun[0], PLACED)
    field.clock.settle(begun[1], PLACED)
    assert len(field.dial_all()) == 1  # four calls may be going on
    field.clock.settle(begun[2], REFUSED[Kind.PROVIDER])
    assert len(field.dial_all()) == 1
    field.clock.forward(HOUR)
    field.tick()
    assert len(field.dial_all(step=timedelta(0))) == 1  # two requests are still on the wire


@pytest.mark.parametrize(
    ("call", "per_agent", "at_once"),
    [
        ({"from": "7,8", "fromType": "Agent"}, None, 2),
        ({"from": "7,8", "fromType": "Agent"}, 3, 6),
        ({"from": "7,8", "fromType": "Agent"}, 0, 30),
        ({"from": "7", "fromType": "Group"}, None, 30),
        ({"from": "9000099999"}, None, 1),
        ({"from": "9000099999,9000099998"}, None, 2),
    ],
)
def test_an_agent_has_one_call_at_a_time(field, call, per_agent, at_once):
    """One for each agent or number, none for a group, unless the campaign says otherwise."""
    field.create("diwali", range(30), call=call, live_per_agent=per_agent)
    begun = field.dial_all()
    assert len(begun) == at_once
    field.clock.settle(begun[0], REFUSED[Kind.PROVIDER])
    if at_once < 30:
        assert len(field.dial_all(1)) == 1  # it rang nobody, so the agent is free


def test_the_agents_of_two_campaigns_are_the_same_people(field):
    """A second campaign does not ring an agent who talks for the first."""
    agent = {"from": "7", "fromType": "Agent"}
    field.create("one", range(5), call=agent)
    field.create("two", range(10, 15), call=agent)
    assert len(field.dial_all()) == 1


# Redialling and customers


def test_a_campaign_has_its_own_redial_rules(field):
    """They come with the job, for whoever settles it."""
    field.create("diwali", range(3), max_tries=2, delays={"provider": "7m"})
    assert field.dial().redial == (
        '{"delays": {"provider": "7m"}, "max_tries": 2, "not_same_day": [], "zone": "Asia/Kolkata"}'
    )
    field.clock.enqueue()
    assert field.dial_all(1)[0].redial == ""


def test_a_preset_brings_its_cap_along(field):
    """us-florida allows three calls in 24 hours, over campaigns and direct calls alike."""
    field.create("florida", [7], preset="us-florida", time_zone="Asia/Kolkata")
    for _ in range(3):
        field.clock.enqueue(protected=(number(7),))
    week = CustomerRules(timedelta(0), (Cap(50, 7 * DAY),))
    assert len([field.clock.begun(customer=week) for _ in range(3)]) == 3
    assert field.dial() == No("empty")
    assert field.counts("florida") == {"scheduled": 1}
    field.clock.forward(DAY)
    field.tick()
    assert field.dial().job_id == "florida:1:1"


def test_rings_are_remembered_for_the_longest_period_of_all_rules(field):
    """A call under a daily cap does not forget what a weekly one counts."""
    weekly = CustomerRules(timedelta(0), (Cap(2, 7 * DAY),))
    daily = CustomerRules(timedelta(0), (Cap(5, DAY),))
    customer = (number(1),)
    for rules in (weekly, daily, weekly):
        field.clock.enqueue(protected=customer, not_after=START + 20 * DAY)
        reply = field.dial(customer=rules)
        field.clock.forward(2 * DAY)
        if rules is daily or isinstance(reply, No):
            break
    field.clock.enqueue(protected=customer, not_after=START + 20 * DAY)
    assert field.dial(customer=weekly) == No("empty")


def test_a_refusal_with_a_campaign_in_it_is_an_ordinary_refusal(field):
    """Nothing of a campaign changes what an outcome means."""
    field.create("diwali", range(2))
    go = field.dial()
    field.clock.settle(go, Refused(undocumented("1500", Kind.REQUEST)))
    assert field.counts("diwali") == {"ready": 1, "dead": 1}
    assert field.clock.store.campaigns.progress("diwali").state is CampaignState.RUNNING
